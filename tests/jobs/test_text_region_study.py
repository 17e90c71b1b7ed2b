"""A study of text regions: where each crop and its region are drawn."""

import re

import numpy as np
import pytest
from PIL import Image

from salient_crop.cropping.ratio import Ratio
from salient_crop.images.decode import Picture
from salient_crop.jobs import block_sheet
from salient_crop.jobs.contact_sheet import FAINT, GAP, INK, LINE
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.text_region_sheet import StudyCell, cell_size, draw_study
from salient_crop.jobs.text_region_study import LAYOUTS, study_text_regions

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
    top = GAP + LINE + (block * 5 + index // 4) * (HEIGHT + 2 * LINE + GAP) + block * LINE
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
    assert sheet.shape[0] == GAP + len(ratios) * (LINE + 5 * (HEIGHT + 2 * LINE + GAP))
    assert sheet.shape[1] == GAP + 4 * (WIDTH + GAP)
    for block in range(len(ratios)):
        for index, ((x1, y1, x2, y2),) in enumerate(LAYOUTS.values()):
            # The crop's outline, five pixels wide, may lie over the region's own edge.
            expected = (x1 * WIDTH, y1 * HEIGHT, x2 * WIDTH, y2 * HEIGHT)
            assert yellow(cell(sheet, index, block)) == pytest.approx(expected, abs=6)


def test_a_region_of_the_crop_is_drawn_at_its_place_in_the_crop(study):
    sheet = study(("1:1",), frame="crop", min_share=1.0, place=(0.95, 0.5))
    for index, ((x1, y1, x2, y2),) in enumerate(LAYOUTS.values()):
        left, top, right, bottom = yellow(cell(sheet, index))
        # The crop is a square as high as the picture, wherever it lies.
        assert right - left == pytest.approx((x2 - x1) * HEIGHT, abs=12)
        assert (top, bottom) == pytest.approx((y1 * HEIGHT, y2 * HEIGHT), abs=6)


def test_smallest_share_and_hardness_change_the_crops(study):
    assert not np.array_equal(study(("1:1",), min_share=1.0), study(("1:1",), min_share=0.2, place=(0.1, 0.1)))
    soft, hard = (study(("1:4",), hard=each, place=(0.05, 0.5)) for each in (False, True))
    assert not np.array_equal(soft, hard)


def test_a_cell_shows_its_crop_bright_and_its_words():
    pixels = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    blank = draw_study(pixels, [("3:2", [StudyCell((0.0, 0.0, 0.5, 1.0), [(0.8, 0.8, 1.0, 1.0)], "", "")])])
    words = draw_study(pixels, [("3:2", [StudyCell((0.0, 0.0, 0.5, 1.0), [(0.8, 0.8, 1.0, 1.0)], "title", "note")])])
    drawn = cell(blank.astype(int), 0)
    assert (drawn[20:100, 20:100] == 100).all()
    assert (drawn[20:100, 140:180] == 55).all()
    below = slice(GAP + LINE + HEIGHT, None)
    assert (blank[below] != words[below]).any()
    assert np.array_equal(blank[: below.start], words[: below.start])


def test_every_line_of_text_has_its_place(monkeypatch):
    lines = []
    monkeypatch.setattr(block_sheet, "write_line", lambda draw, *given: lines.append(given))
    pixels = np.full((157, 236, 3), 100, np.uint8)
    cells = [StudyCell((0.0, 0.0, 0.5, 1.0), [(0.8, 0.8, 1.0, 1.0)], f"title {i}", f"note {i}") for i in range(5)]
    sheet = draw_study(pixels, [("3:2", cells), ("1:1", cells[:1])])
    width, down = GAP + 4 * (236 + GAP), 157 + 2 * LINE + GAP
    second = GAP + LINE + 2 * down
    assert sheet.shape == (second + LINE + down, width, 3)
    assert [line for line in lines if line[1] in ("3:2", "1:1")] == [
        ((GAP, GAP // 2 + 2), "3:2", INK, width - 2 * GAP),
        ((GAP, second - GAP // 2 + 2), "1:1", INK, width - 2 * GAP),
    ]
    top, left = GAP + LINE, GAP + 3 * (236 + GAP)
    for index, (x, y) in {0: (GAP, top), 3: (left, top), 4: (GAP, top + down)}.items():
        assert ((x, y + 157 + 2), f"title {index}", INK, 236) in lines
        assert ((x, y + 157 + LINE - 2), f"note {index}", FAINT, 236) in lines
    assert lines[-2:] == [
        ((GAP, second + LINE + 157 + 2), "title 0", INK, 236),
        ((GAP, second + LINE + 157 + LINE - 2), "note 0", FAINT, 236),
    ]
    # Headings lie on bands of another colour.
    band = (np.abs(sheet[:, 5].astype(int) - [0xEC, 0xEB, 0xE8]).max(axis=-1) == 0).nonzero()[0].tolist()
    assert band == [*range(7, 7 + LINE + 1), *range(second - 7, second - 7 + LINE + 1)]


def test_a_region_is_hatched_and_outlined_in_yellow():
    pixels = np.full((100, 200, 3), 100, np.uint8)
    sheet = draw_study(pixels, [("", [StudyCell((0.0, 0.0, 1.0, 1.0), [(0.25, 0.25, 0.75, 0.75)], "", "")])])
    drawn = sheet[GAP + LINE : GAP + LINE + 100, GAP : GAP + 200]
    region = drawn[25:75, 50:150]
    assert (region[[0, 1, -1, -2]] == (255, 210, 0)).all()
    assert (region[:, [0, 1, -1, -2]] == (255, 210, 0)).all()
    inner = region[2:-2, 2:-2].reshape(-1, 3)
    plain, line = np.unique(inner, axis=0)
    assert plain == pytest.approx(np.array([100 + 155 * 70 / 255, 100 + 110 * 70 / 255, 100 * (1 - 70 / 255)]), abs=1)
    assert line == pytest.approx(np.array([100 + 155 * 150 / 255, 100 + 110 * 150 / 255, 100 * (1 - 150 / 255)]), abs=1)
    # The lines rise to the right, nine pixels apart.
    marked = (region == line).all(axis=-1)
    assert (marked[10, 10:80] == marked[10, 19:89]).all()
    assert (marked[10, 10:80] == marked[9, 11:81]).all()
    assert marked[10, 10:82].mean() == pytest.approx(1 / 3, abs=0.06)
    outside = drawn[10:20, 10:190]
    assert (outside == 100).all()


@pytest.mark.parametrize(
    ("frame", "ratio", "size", "pattern"),
    [
        ("source", "3:2", "300 × 200", r"held"),  # the whole picture holds every region
        ("source", "1:4", "50 × 200", r"\d\d?% held"),  # no quadrant or strip along a side is as narrow as that
        ("crop", "3:2", "300 × 200", r"free|\d\d?% calm"),
    ],
)
def test_the_words_tell_how_well_the_region_is_served(study, monkeypatch, frame, ratio, size, pattern):
    written = []
    monkeypatch.setattr(block_sheet, "write_line", lambda draw, at, text, *more: written.append(text))
    study((ratio,), frame=frame, min_share=1.0)
    titles, notes = written[1::2], written[2::2]
    assert [title.split("   ") for title in titles] == [[name, size] for name in LAYOUTS]
    wide = [note for note, ((x1, _, x2, _),) in zip(notes, LAYOUTS.values(), strict=True) if x2 - x1 > 1 / 6]
    assert wide
    assert all(re.fullmatch(pattern, note) for note in wide)


def test_canvas_outside_the_picture_is_drawn_around_it():
    pixels = np.full((100, 100, 3), 60, np.uint8)
    sheet = draw_study(pixels, [("", [StudyCell((-1.0, 0.0, 1.0, 1.0), [], "", "")])])
    drawn = sheet[GAP + LINE : GAP + LINE + 50, GAP : GAP + 100]
    assert (drawn[10:40, 10:40] > 200).all()
    assert (drawn[10:40, 60:90] == 60).all()
