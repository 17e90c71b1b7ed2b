"""The contact sheet: every picture with its heat, boxes and crops, and its words."""

import numpy as np
import pytest
from PIL import Image

from salient_crop.jobs.contact_sheet import (
    ALARM,
    AMBER,
    CARD,
    GAP,
    LINE,
    PAPER,
    PICTURE_WIDTH,
    SHEET_WIDTH,
    CropTile,
    PictureTile,
    corners,
    dim_outside,
    draw_sheet,
    overlay,
    thumbnail_size,
)

GREY = np.full((220, 330, 3), 120, np.uint8)
RIGHT_HALF = (0.5, 0.0, 1.0, 1.0)


def crop_tile(warning="", region=RIGHT_HALF, width=110):
    return CropTile(np.full((220, width, 3), 60, np.uint8), region, "1:1", "score 0.9", warning)


def colour_of(text):
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)])


def has_colour(sheet, text):
    """Whether some pixel has nearly that colour; text is drawn with smooth edges."""
    return bool((np.abs(sheet.astype(int) - colour_of(text)).max(axis=-1) < 12).any())


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((1, 1), (220, 220)),
        ((330, 220), (330, 220)),
        ((1200, 800), (330, 220)),
        ((2000, 1000), (330, 165)),  # the width limits it
        ((500, 1000), (110, 220)),  # the height does
        ((10000, 1), (330, 1)),
    ],
)
def test_the_size_at_which_a_picture_is_shown(size, shown):
    assert thumbnail_size(size) == shown


def test_nothing_cannot_be_drawn():
    with pytest.raises(ValueError, match="at least one picture"):
        draw_sheet([])


def test_a_picture_and_its_crop_stand_side_by_side():
    sheet = draw_sheet([PictureTile("a.jpg", "330 × 220", GREY, None, (crop_tile(),))])
    assert sheet.shape == (220 + 3 * LINE + 4 * GAP, 2 * GAP + GAP + 330 + GAP + 110 + GAP, 3)
    assert (sheet[0, 0] == colour_of(PAPER)).all()
    assert (sheet[GAP + 1, GAP + 1] == colour_of(CARD)).all()
    top, left = GAP + GAP // 2 + LINE, 2 * GAP
    picture, crop = sheet[top : top + 220, left : left + 330], sheet[top : top + 220, left + 330 + GAP :][:, :110]
    assert (picture[:, 10:150] == int(120 * 0.55)).all()  # dimmed outside the one crop
    assert (picture[10:210, 180:320] == 120).all()
    assert (crop == 60).all()


def test_with_several_crops_nothing_is_dimmed_and_each_has_its_colour():
    crops = (crop_tile(region=(0.0, 0.0, 0.4, 1.0)), crop_tile(region=(0.5, 0.0, 1.0, 1.0)))
    sheet = draw_sheet([PictureTile("a.jpg", "", GREY, None, crops)])
    picture = sheet[GAP + GAP // 2 + LINE :][:220, 2 * GAP :][:, :330]
    assert (picture[100, 140:160] == 120).all()
    assert (picture[110, 2] == 255).all()  # the first outline is white
    assert (picture[110, 167] == (0, 0xD5, 255)).all()


def test_a_warning_is_an_amber_line_below_its_crop():
    plain = draw_sheet([PictureTile("a.jpg", "", GREY, None, (crop_tile(),))])
    warned = draw_sheet([PictureTile("a.jpg", "", GREY, None, (crop_tile("92 % of it is outside"),))])
    assert warned.shape[0] == plain.shape[0] + LINE
    assert not has_colour(plain, AMBER)
    assert has_colour(warned[GAP + 220 + 3 * LINE :], AMBER)
    assert not has_colour(warned[: GAP + 220 + 2 * LINE], AMBER)
    assert warned.shape[1] > plain.shape[1]  # so that it can be read


def test_a_long_warning_does_not_make_the_sheet_wider_without_end():
    long = draw_sheet([PictureTile("a.jpg", "", GREY, None, (crop_tile("outside " * 60),))])
    assert long.shape[1] <= 2 * GAP + GAP + 330 + GAP + 400 + GAP


def test_a_picture_that_failed_shows_why_in_red():
    sheet = draw_sheet([PictureTile("a.jpg", "failed: truncated")])
    assert has_colour(sheet, ALARM)
    assert sheet.shape == (3 * LINE + 4 * GAP, 2 * GAP + GAP + PICTURE_WIDTH + GAP, 3)


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (6, 6, 1), (7, 6, 2), (13, 6, 3)])
def test_cards_fill_rows_of_the_sheet(count, columns, rows):
    tiles = [PictureTile(f"{index}.jpg", "", GREY) for index in range(count)]
    sheet = draw_sheet(tiles)
    card = (sheet.shape[1] - GAP) // columns
    assert sheet.shape[1] == GAP + columns * (330 + 3 * GAP)
    assert sheet.shape[1] <= SHEET_WIDTH
    assert sheet.shape[0] == GAP + rows * (220 + 3 * LINE + 3 * GAP)
    assert (sheet[GAP + GAP // 2 + LINE + 5, [index * card + 2 * GAP + 5 for index in range(columns)]] == 120).all()


def test_heat_is_clear_where_it_is_least_and_yellow_where_it_is_most():
    pixels = np.full((40, 60, 3), 100, np.uint8)
    heat = np.zeros((4, 6))
    heat[1:3, 4:] = 1
    shown = overlay(pixels, heat).astype(int)
    assert np.abs(shown[:, :20] - 100).max() == 0
    red, green, blue = shown[20, 55]
    assert red > green > blue
    assert red > 180


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_even_heat_hides_nothing(level):
    pixels = np.full((8, 8, 3), 100, np.uint8)
    assert (overlay(pixels, np.full((2, 2), level)) == 100).all()


@pytest.mark.parametrize(
    ("region", "found"),
    [
        ((0.0, 0.0, 1.0, 1.0), (0, 0, 99, 49)),
        ((0.1, 0.2, 0.5, 0.6), (10, 10, 49, 29)),
        ((0.1, 0.2, 0.1, 0.2), (10, 10, 12, 12)),  # at least three pixels
        ((-0.1, 0.0, 0.5, 1.0), (-10, 0, 49, 49)),  # a padded crop
    ],
)
def test_the_corners_of_a_region_in_pixels(region, found):
    assert corners(region, (100, 50)) == found


def test_what_a_padded_crop_holds_is_not_dimmed():
    dimmed = np.asarray(dim_outside(Image.fromarray(GREY), (-0.2, 0.0, 0.5, 1.0)))
    assert (dimmed[:, :160] == 120).all()
    assert (dimmed[:, 170:] == 66).all()


@pytest.mark.parametrize("name", ["a" * 200 + ".jpg", "b ü 日本.webp"])
def test_names_of_any_length_and_script_are_drawn(name):
    sheet = draw_sheet([PictureTile(name, "", GREY)])
    assert sheet.shape[1] == 2 * GAP + 330 + 2 * GAP
    assert (sheet[GAP : GAP + LINE, GAP:-GAP] < 100).any()
