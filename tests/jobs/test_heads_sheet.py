"""The sheet of heads: where crops and heads are drawn, and what is said of them."""

import numpy as np
import pytest
from PIL import Image

from salient_crop.cropping.box import Box
from salient_crop.images.errors import PictureError
from salient_crop.jobs import block_sheet
from salient_crop.jobs.contact_sheet import FAINT, GAP, INK, LINE
from salient_crop.jobs.heads_sheet import CELL_SIZE, COLUMNS, HeadsCell, draw_heads

WHITE, CYAN = (255, 255, 255), (0x00, 0xD5, 0xFF)
LEFT, RIGHT = (0.1, 0.1, 0.3, 0.5), (0.7, 0.2, 0.9, 0.6)


@pytest.fixture
def photo(tmp_path):
    """A grey photograph that is shown at half its size, 260 × 130."""
    Image.new("RGB", (520, 260), (100, 100, 100)).save(tmp_path / "grey.png")
    return tmp_path / "grey.png"


def bounds(pixels, colour):
    rows, columns = (pixels == colour).all(axis=-1).nonzero()
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_the_crop_is_outlined_and_bright_and_its_heads_are_outlined(photo):
    sheet = draw_heads([("", [HeadsCell(photo, Box(260, 0, 260, 260), (LEFT, RIGHT), "", "")])])
    shown = sheet[GAP + LINE : GAP + LINE + 130, GAP : GAP + 260]
    # Outlines are three pixels wide, between dark lines of one pixel.
    assert bounds(shown, WHITE) == (131, 1, 259, 129)
    assert bounds(shown[:, :130], CYAN) == (27, 14, 77, 64)
    assert bounds(shown[:, 130:], CYAN) == (53, 27, 103, 77)
    assert (shown[100:120, 10:120] == 55).all()
    assert (shown[100:120, 140:250] == 100).all()
    assert (shown[35:70, 190:225] == 100).all()  # nothing is drawn on the head


def test_the_crop_is_drawn_over_its_heads(photo):
    whole = (0.0, 0.0, 1.0, 1.0)
    sheet = draw_heads([("", [HeadsCell(photo, Box(0, 0, 520, 260), (whole,), "", "")])])
    assert not (sheet == CYAN).all(axis=-1).any()


def test_words_stand_above_each_block_and_below_each_photograph(photo, monkeypatch):
    lines = []
    monkeypatch.setattr(block_sheet, "write_line", lambda draw, *given: lines.append(given))
    cell = HeadsCell(photo, Box(0, 0, 260, 260), (), "lost   1:1", "grey.png")
    sheet = draw_heads([("lost: of heads", [cell] * (COLUMNS + 1)), ("whole: none", [])])
    down = CELL_SIZE[1] + 2 * LINE + GAP
    assert sheet.shape == (GAP + LINE + 2 * down + LINE, GAP + COLUMNS * (CELL_SIZE[0] + GAP), 3)
    headings = [line for line in lines if ":" in line[1] and "lost   " not in line[1]]
    assert [line[1] for line in headings] == ["lost: of heads", "whole: none"]
    below = GAP + LINE + CELL_SIZE[1]
    assert lines[1:3] == [
        ((GAP, below + 2), "lost   1:1", INK, CELL_SIZE[0]),
        ((GAP, below + LINE - 2), "grey.png", FAINT, CELL_SIZE[0]),
    ]
    assert lines[-2][0] == (GAP, down + below + LINE - 2)


def test_a_photograph_that_is_gone_is_named(tmp_path):
    with pytest.raises(PictureError, match=r"gone\.jpg"):
        draw_heads([("", [HeadsCell(tmp_path / "gone.jpg", Box(0, 0, 9, 9), (), "", "")])])


def test_a_photograph_is_shown_as_large_as_a_cell(tmp_path):
    Image.fromarray(np.full((1000, 500, 3), 200, np.uint8)).save(tmp_path / "high.png")
    sheet = draw_heads([("", [HeadsCell(tmp_path / "high.png", Box(0, 0, 500, 1000), (), "", "")])])
    assert bounds(sheet[GAP + LINE :, GAP : GAP + 260], (200, 200, 200)) == (5, 5, 125, 255)
