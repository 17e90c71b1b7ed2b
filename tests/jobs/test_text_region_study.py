"""A study of text regions: where each crop and its region are drawn."""

import numpy as np
import pytest
from PIL import Image

from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.text_region import TEXT_REGION_PRESETS
from salient_crop.images.decode import Picture
from salient_crop.jobs.contact_sheet import GAP, LINE
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.text_region_sheet import StudyCell, cell_size, draw_study
from salient_crop.jobs.text_region_study import study_text_regions

WIDTH, HEIGHT = cell_size((300, 200))


@pytest.fixture
def study(tmp_path, scripted):
    """The sheet of an even grey photograph, as signed numbers."""
    Image.new("RGB", (300, 200), (90, 90, 90)).save(tmp_path / "grey.png")

    def draw(ratios=("3:2",), frame="source", hard=False, min_share=0.6, place=(0.5, 0.5)):
        analyser = Analyser(scripted(*place))
        ratios = [Ratio.parse(each) for each in ratios]
        return study_text_regions(Picture(tmp_path / "grey.png"), ratios, frame, hard, min_share, analyser).astype(int)

    return draw


def cell(sheet, index, block=0):
    top = GAP + LINE + (block * 2 + index // 4) * (HEIGHT + 2 * LINE + GAP) + block * LINE
    left = GAP + index % 4 * (WIDTH + GAP)
    return sheet[top : top + HEIGHT, left : left + WIDTH]


def yellow(pixels):
    rows, columns = (pixels[..., 0] - pixels[..., 2] > 40).nonzero()
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize(
    ("size", "shown"), [((300, 200), (236, 157)), ((100, 300), (100, 300)), ((1, 1), (236, 236)), ((999, 1), (236, 1))]
)
def test_the_size_of_the_photograph_in_a_cell(size, shown):
    assert cell_size(size) == shown


@pytest.mark.parametrize("ratios", [("3:2",), ("3:2", "1:1")])
def test_every_preset_has_a_cell_with_its_region_where_it_lies(study, ratios):
    sheet = study(ratios)
    assert sheet.shape[0] == GAP + len(ratios) * (LINE + 2 * (HEIGHT + 2 * LINE + GAP))
    assert sheet.shape[1] == GAP + 4 * (WIDTH + GAP)
    for block in range(len(ratios)):
        for index, (x1, y1, x2, y2) in enumerate(TEXT_REGION_PRESETS.values()):
            # The crop's outline, five pixels wide, may lie over the region's own edge.
            expected = (x1 * WIDTH, y1 * HEIGHT, x2 * WIDTH, y2 * HEIGHT)
            assert yellow(cell(sheet, index, block)) == pytest.approx(expected, abs=6)


def test_a_region_of_the_crop_is_drawn_at_its_place_in_the_crop(study):
    sheet = study(("1:1",), frame="crop", min_share=1.0, place=(0.95, 0.5))
    for index, (x1, y1, x2, y2) in enumerate(TEXT_REGION_PRESETS.values()):
        left, top, right, bottom = yellow(cell(sheet, index))
        # The crop is a square as high as the picture, wherever it lies.
        assert right - left == pytest.approx((x2 - x1) * HEIGHT, abs=8)
        assert (top, bottom) == pytest.approx((y1 * HEIGHT, y2 * HEIGHT), abs=6)


def test_smallest_share_and_hardness_change_the_crops(study):
    assert not np.array_equal(study(("1:1",), min_share=1.0), study(("1:1",), min_share=0.2, place=(0.1, 0.1)))
    soft, hard = (study(("1:4",), hard=each, place=(0.05, 0.5)) for each in (False, True))
    assert not np.array_equal(soft, hard)


def test_a_cell_shows_its_crop_bright_and_its_words():
    pixels = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    blank = draw_study(pixels, [("3:2", [StudyCell((0.0, 0.0, 0.5, 1.0), (0.8, 0.8, 1.0, 1.0), "", "")])])
    words = draw_study(pixels, [("3:2", [StudyCell((0.0, 0.0, 0.5, 1.0), (0.8, 0.8, 1.0, 1.0), "title", "note")])])
    drawn = cell(blank.astype(int), 0)
    assert (drawn[20:100, 20:100] == 100).all()
    assert (drawn[20:100, 140:180] == 55).all()
    below = slice(GAP + LINE + HEIGHT, None)
    assert (blank[below] != words[below]).any()
    assert np.array_equal(blank[: below.start], words[: below.start])
