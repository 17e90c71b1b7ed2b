"""A sheet of small pictures in blocks. Its lines of text are tested with the study of text regions."""

import numpy as np
from PIL import Image

from salient_crop.jobs.block_sheet import Cell, draw_blocks
from salient_crop.jobs.contact_sheet import GAP, LINE

DOWN = 60 + 2 * LINE + GAP


def cells(*sizes):
    """Red pictures without words."""
    return [Cell(Image.new("RGB", size, (255, 0, 0)), "", "") for size in sizes]


def red(pixels):
    """Where the red pictures lie: left, top, right, bottom."""
    rows, columns = ((pixels[..., 0] == 255) & (pixels[..., 1] == 0)).nonzero()
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_pictures_lie_at_the_upper_left_of_their_cells():
    sheet = draw_blocks([("", cells((100, 60), (30, 60), (100, 20)))], (100, 60), columns=2)
    assert sheet.shape == (GAP + LINE + 2 * DOWN, GAP + 2 * (100 + GAP), 3)
    top, second = GAP + LINE, GAP + 100 + GAP
    assert red(sheet[:, : second - 1]) == (GAP, top, GAP + 100, top + DOWN + 20)
    assert red(sheet[:, second - 1 :]) == (1, top, 31, top + 60)


def test_a_block_without_cells_is_its_heading():
    alone = draw_blocks([("", cells((100, 60)))], (100, 60), columns=2)
    after = draw_blocks([("", []), ("", cells((100, 60)))], (100, 60), columns=2)
    assert after.shape[0] == alone.shape[0] + LINE
    assert red(after)[1] == red(alone)[1] + LINE
    assert np.array_equal(after[-DOWN:], alone[-DOWN:])
