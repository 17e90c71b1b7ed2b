"""The contact sheet: every picture with its heat, boxes and crops, and its words."""

import numpy as np
import pytest
from PIL import Image, ImageFont

from salient_crop.jobs import contact_sheet
from salient_crop.jobs.contact_sheet import (
    ALARM,
    AMBER,
    CARD,
    FAINT,
    GAP,
    INK,
    LINE,
    PAPER,
    PICTURE_WIDTH,
    SHEET_WIDTH,
    CropTile,
    PictureTile,
    corners,
    dim_outside,
    draw_sheet,
    outline_box,
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


# Where things lie, to the pixel


@pytest.fixture
def lines(monkeypatch):
    """The lines of text that are written, instead of writing them: place, text, colour, width."""
    written = []

    def record(draw, place, text, colour, width):
        if text:
            written.append((place, text, colour, width))

    monkeypatch.setattr(contact_sheet, "write_line", record)
    return written


def test_every_line_of_text_has_its_place(lines):
    crops = (crop_tile("careful"), crop_tile(width=90))
    draw_sheet([PictureTile("a.jpg", "330 × 220", GREY, None, crops)])
    foot = GAP // 2 + LINE + 220 + 4
    first, second = GAP + 330 + GAP, GAP + 330 + GAP + 110 + GAP
    widths = [max(90, text_width("score 0.9")), second + max(90, text_width("score 0.9"))]
    assert lines == [
        ((GAP, GAP // 2), "a.jpg", INK, widths[1] - GAP),
        ((GAP, foot), "330 × 220", FAINT, 330),
        ((first + 17, foot), "1:1", INK, 110),
        ((first, foot + LINE - 4), "score 0.9", FAINT, 110),
        ((first, foot + 2 * (LINE - 4)), "careful", AMBER, 110),
        ((second + 17, foot), "1:1", INK, widths[0]),
        ((second, foot + LINE - 4), "score 0.9", FAINT, widths[0]),
    ]


def test_one_crop_has_no_swatch_and_a_failed_picture_one_line_of_reason(lines):
    draw_sheet([PictureTile("a.jpg", "", GREY, None, (crop_tile(),)), PictureTile("b.jpg", "failed: torn")])
    assert lines[1][0] == (GAP + 330 + GAP, GAP // 2 + LINE + 220 + 4)
    assert lines[-2:] == [
        ((GAP, GAP // 2), "b.jpg", INK, PICTURE_WIDTH),
        ((GAP, GAP // 2 + LINE), "failed: torn", ALARM, PICTURE_WIDTH),
    ]


def text_width(text):
    """The width of the column that a text needs, in pixels."""
    return round(ImageFont.load_default(15).getlength(text)) + 20


def test_a_column_is_as_wide_as_its_words(lines):
    tile = CropTile(np.full((220, 20, 3), 60, np.uint8), RIGHT_HALF, "832x1216   832 by 1216", "score")
    draw_sheet([PictureTile("a.jpg", "", GREY, None, (tile,))])
    assert lines[1][3] == text_width("832x1216   832 by 1216") > 100


@pytest.mark.parametrize(("warning", "width"), [("short", 110), ("outside " * 20, 400)])
def test_a_warning_widens_its_column_up_to_a_limit(lines, warning, width):
    draw_sheet([PictureTile("a.jpg", "", GREY, None, (crop_tile(warning),))])
    assert lines[-1][1:] == (warning, AMBER, width)


def test_the_swatch_of_a_crop_has_the_colour_of_its_outline(lines):
    sheet = draw_sheet([PictureTile("a.jpg", "", GREY, None, (crop_tile(), crop_tile()))])
    top, left = GAP + GAP // 2 + LINE + 220 + 4 + 4, GAP + GAP + 330 + GAP
    swatch = sheet[top : top + 11, left : left + 11]
    edge = np.ones((11, 11), bool)
    edge[1:-1, 1:-1] = False
    assert (swatch[edge] == colour_of(INK)).all()
    assert (swatch[~edge] == 255).all()
    assert (sheet[top - 1, left : left + 11] == 255).all() and (sheet[top + 11, left : left + 11] == 255).all()
    second = sheet[top : top + 11, left + 110 + GAP :][1:-1, 1:10]
    assert (second == (0, 0xD5, 255)).all()


def test_cards_of_any_size_stand_on_fields_of_one_size(lines):
    tiles = [PictureTile("a.jpg", "", GREY), PictureTile("b.jpg", "failed"), PictureTile("c.jpg", "", GREY[:50])]
    sheet = draw_sheet(tiles)
    card = sheet.shape[0] - 2 * GAP
    assert card == 220 + 3 * LINE + 2 * GAP
    for index in range(3):
        left = GAP + index * (330 + 2 * GAP + GAP)
        assert (sheet[GAP + card - 1, left : left + 330 + 2 * GAP] == 255).all()
        assert (sheet[GAP : GAP + card, left - 1] == colour_of(PAPER)).all()
    assert (sheet[GAP - 1] == colour_of(PAPER)).all()
    assert (sheet[GAP + card] == colour_of(PAPER)).all()


def test_an_outline_is_a_bright_line_between_two_dark_ones():
    picture = Image.new("RGB", (100, 50), (120, 120, 120))
    outline_box(picture, (0.2, 0.2, 0.8, 0.8), "#00d5ff")
    row = np.asarray(picture)[25]
    assert row[:20].tolist() == [[120] * 3] * 20
    assert row[20:26].tolist() == [[0] * 3, *[[0, 0xD5, 255]] * 3, [0] * 3, [120] * 3]
    assert row[74:81].tolist() == [[120] * 3, [0] * 3, *[[0, 0xD5, 255]] * 3, [0] * 3, [120] * 3]


@pytest.mark.parametrize(
    ("share", "colour"),
    [
        (0.0, (100, 100, 100)),
        (1.0, (215.5, 189.4, 70.2)),  # 190/255 of (255, 220, 60) over grey
        (0.5, (190.3, 96.3, 57.7)),  # by its square root, between the third and the fourth colour of the scale
    ],
)
def test_heat_has_the_colours_of_the_scale(share, colour):
    heat = np.array([[0.0, 1.0, share]]).repeat(4, axis=0)
    shown = overlay(np.full((4, 3, 3), 100, np.uint8), heat)
    assert shown[1, 2] == pytest.approx(colour, abs=2.5)


def test_heat_is_normalised_before_it_is_shown():
    pixels = np.full((4, 3, 3), 100, np.uint8)
    heat = np.array([[0.0, 1.0, 0.5]]).repeat(4, axis=0)
    assert np.array_equal(overlay(pixels, heat), overlay(pixels, 3 + 7 * heat))


class Draw:
    """Text whose letters are ten pixels wide each."""

    def __init__(self):
        self.shown = []

    def textlength(self, text, font):
        return 10 * len(text)

    def text(self, place, text, fill, font):
        self.shown.append((place, text, fill))


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("", 50, ""),
        ("abcde", 50, "abcde"),  # it just fits
        ("abcdef", 50, "ab…ef"),
        ("abcdefg", 50, "ab…fg"),
        ("abcdefgh", 60, "ab…fgh"),
        ("abcdefgh", 1, "a…h"),  # at least its ends
    ],
)
def test_a_line_that_is_too_long_is_shortened_in_its_middle(text, width, shown):
    draw = Draw()
    contact_sheet.write_line(draw, (3, 4), text, INK, width)
    assert draw.shown == [((3, 4), shown, INK)]
