"""A contact sheet: every picture with its heat and boxes, its crops beside it, and in words what they are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..cropping.checks import Region, Size
from ..images.header import MAX_PIXELS
from ..printable import escape

# In pixels: largest height and width of pictures and crops, space between things, height of a line of text.
PICTURE_HEIGHT, PICTURE_WIDTH, GAP, LINE = 220, 330, 14, 22
SHEET_WIDTH = 2400
TEXT_WIDTH = 400  # up to which a line of text makes its column wider
MOST_CROPS = 24  # of one picture
MOST_SIGNS = 1000  # of a line of text; more are wider than any sheet

PAPER, CARD, EDGE = "#ecebe8", "#ffffff", "#d5d4d0"
INK, FAINT, ALARM, AMBER = "#1c1c1e", "#77767a", "#b3261e", "#b26a00"
# One colour a crop; distinct for most kinds of colour blindness, and none of them in the colour scale of the heat.
BOX_COLOURS = ("#ffffff", "#00d5ff", "#3dff8a", "#ff8ad8", "#9db4ff")
_OUTSIDE = 16  # pixels beyond the edges, where an outline is no longer seen
# The colour scale of the heat from least to most, as red, green, blue, opacity.
_HEAT = np.array(
    [(30, 0, 70, 0), (90, 0, 130, 70), (200, 20, 90, 130), (255, 110, 20, 165), (255, 220, 60, 190)], np.float32
)

FONTS_FOR_OTHER_SCRIPTS = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKjp-Regular.otf", "DejaVuSans.ttf", "Arial Unicode.ttf"),
    *("msyh.ttc", "YuGothM.ttc", "PingFang.ttc", "segoeui.ttf"),
)


@dataclass(frozen=True)
class CropTile:
    """One crop.

    Attributes:
        pixels: uint8 `[h, w, 3]`.
        region: where it lies in the picture, relative x1, y1, x2, y2.
        title, note: the two lines of text below it.
        warning: a third line, in amber; empty where there is none.
    """

    pixels: np.ndarray
    region: Region
    title: str
    note: str
    warning: str = ""


@dataclass(frozen=True)
class PictureTile:
    """One picture.

    Attributes:
        name: above it.
        note: below it; of a picture without pixels, why it has none.
        pixels: uint8 `[h, w, 3]`, or None where the picture failed.
        heat: `[h, w]` ≥ 0 of any size, laid over the pixels; or None.
        crops: beside it; no more than `MOST_CROPS`, or the sheet grows beyond any screen.
    """

    name: str
    note: str
    pixels: np.ndarray | None = None
    heat: np.ndarray | None = None
    crops: tuple[CropTile, ...] = field(default=())


def thumbnail_size(size: Size) -> Size:
    """Width and height at which a picture or crop of `size` is shown."""
    return fit_inside(size, (PICTURE_WIDTH, PICTURE_HEIGHT))


def fit_inside(size: Size, limits: Size) -> Size:
    """The largest width and height of a picture of `size` within `limits`, at least a pixel each."""
    scale = min(limits[0] / size[0], limits[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def draw_sheet(tiles: Sequence[PictureTile]) -> np.ndarray:
    """The sheet, uint8 [H, W, 3]: cards side by side, all as wide as the widest.

    Raises:
        ValueError: when there is nothing to show, or more than fits a picture.
    """
    if not tiles:
        raise ValueError("a contact sheet needs at least one picture")
    cards = [_draw_card(tile) for tile in tiles]
    width, height = max(card.width for card in cards), max(card.height for card in cards)
    columns = min(len(cards), max(1, (SHEET_WIDTH - GAP) // (width + GAP)))
    rows = -(-len(cards) // columns)
    size = GAP + columns * (width + GAP), GAP + rows * (height + GAP)
    if size[0] * size[1] > MAX_PIXELS:
        raise ValueError(f"a sheet of {size[0]}×{size[1]} pixels is too large; show fewer pictures")
    sheet = Image.new("RGB", size, PAPER)
    for index, card in enumerate(cards):
        left, top = GAP + index % columns * (width + GAP), GAP + index // columns * (height + GAP)
        sheet.paste(CARD, (left, top, left + width, top + height))
        sheet.paste(card, (left, top))
    return np.asarray(sheet)


def overlay(pixels: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """The heat `[h, w]` ≥ 0 laid over the picture, uint8 `[H, W, 3]`: nothing where it is least, yellow where most.

    The heat is min–max normalised first. The colour follows its square root: most heatmaps are a peak and a wide slope,
    and the slope should show.
    """
    picture = Image.fromarray(pixels)
    lowest, highest = float(heat.min()), float(heat.max())
    normalised = (heat - lowest) / max(highest - lowest, 1e-12)
    levels = Image.fromarray((normalised * 255).astype(np.uint8))
    levels = levels.resize(picture.size, Image.Resampling.BICUBIC)
    steps = np.linspace(0, 255, len(_HEAT))
    scale = np.stack([np.interp(np.arange(256), steps, channel) for channel in _HEAT.T], axis=1)
    colours = Image.fromarray(scale[(np.sqrt(np.asarray(levels) / 255) * 255).astype(np.uint8)].astype(np.uint8))
    picture.paste(colours, mask=colours.getchannel("A"))
    return np.asarray(picture)


def outline_box(picture: Image.Image, region: Region, colour: str) -> None:
    """Draws the outline of a relative region into a picture."""
    draw = ImageDraw.Draw(picture)
    x1, y1, x2, y2 = corners(region, picture.size)
    # A dark line on both sides keeps the bright one visible on any picture.
    draw.rectangle((x1, y1, x2, y2), outline="#000000", width=5)
    draw.rectangle((x1 + 1, y1 + 1, x2 - 1, y2 - 1), outline=colour, width=3)


def dim_outside(picture: Image.Image, region: Region) -> Image.Image:
    """The picture, darker outside a relative region."""
    dark = Image.blend(picture, Image.new("RGB", picture.size, "#000000"), 0.45)
    x1, y1, x2, y2 = corners(region, picture.size)
    inside = (max(x1, 0), max(y1, 0), min(x2 + 1, picture.width), min(y2 + 1, picture.height))
    if inside[0] < inside[2] and inside[1] < inside[3]:
        dark.paste(picture.crop(inside), inside[:2])
    return dark


def corners(region: Region, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Corners of the box, the last pixel included; at least three pixels wide, so that its outline can be drawn.

    What lies far outside the picture is brought near it, since no outline could be drawn there.
    """

    def place(share: float, side: int) -> int:
        return round(min(max(share * side, -_OUTSIDE), side + _OUTSIDE))

    x1, y1 = place(region[0], size[0]), place(region[1], size[1])
    x2, y2 = place(region[2], size[0]) - 1, place(region[3], size[1]) - 1
    return x1, y1, max(x2, x1 + 2), max(y2, y1 + 2)


def write_line(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, colour: str, width: int) -> None:
    """One line of text, shortened in its middle where it is wider than `width` pixels."""
    text = _line(text)
    font = _font(text)

    def is_wider(keep: int) -> bool:
        return draw.textlength(_shorten(text, keep), font=font) > width

    keep = len(text)
    if is_wider(keep):
        keep = max(2, bisect_left(range(keep), True, key=is_wider) - 1)
    draw.text(place, _shorten(text, keep), fill=colour, font=font)


def _draw_card(tile: PictureTile) -> Image.Image:
    """The picture and its crops side by side, with their lines of text."""
    parts = [] if tile.pixels is None else [_draw_source(tile), *(Image.fromarray(crop.pixels) for crop in tile.crops)]
    labels = [(tile.note, "", ""), *((crop.title, crop.note, crop.warning) for crop in tile.crops)]
    widths = [max(part.width, _text_width(lines)) for part, lines in zip(parts, labels, strict=False)]
    height = max((part.height for part in parts), default=0)
    lines = 4 if any(crop.warning for crop in tile.crops) else 3
    width = GAP + sum(width + GAP for width in widths or [PICTURE_WIDTH])
    card = Image.new("RGB", (width, height + lines * LINE + 2 * GAP), CARD)
    draw = ImageDraw.Draw(card)
    write_line(draw, (GAP, GAP // 2), tile.name, INK, card.width - 2 * GAP)
    if not parts:
        write_line(draw, (GAP, GAP // 2 + LINE), tile.note, ALARM, card.width - 2 * GAP)
        return card
    left, top = GAP, GAP // 2 + LINE
    foot = top + height + 4
    for index, (part, width) in enumerate(zip(parts, widths, strict=True)):
        card.paste(part, (left, top))
        if index:  # white canvas on a white card
            draw.rectangle((left - 1, top - 1, left + part.width, top + part.height), outline=EDGE)
        title, note, warning = labels[index]
        indent = _draw_swatch(draw, (left, foot), index - 1, tile)
        write_line(draw, (left + indent, foot), title, INK if index else FAINT, width)
        write_line(draw, (left, foot + LINE - 4), note, FAINT, width)
        write_line(draw, (left, foot + 2 * (LINE - 4)), warning, AMBER, width)
        left += width + GAP
    return card


def _draw_source(tile: PictureTile) -> Image.Image:
    """The picture under its heat, with the outlines of its crops."""
    assert tile.pixels is not None
    picture = Image.fromarray(tile.pixels if tile.heat is None else overlay(tile.pixels, tile.heat))
    if len(tile.crops) == 1:
        picture = dim_outside(picture, tile.crops[0].region)
    for index, crop in enumerate(tile.crops):
        outline_box(picture, crop.region, _colour(index))
    return picture


def _draw_swatch(draw: ImageDraw.ImageDraw, place: tuple[int, int], crop: int, tile: PictureTile) -> int:
    """A square of the box's colour before the crop's title, where there are several crops; returns its width."""
    if crop < 0 or len(tile.crops) < 2:
        return 0
    x, y = place[0], place[1] + 4
    draw.rectangle((x, y, x + 10, y + 10), fill=_colour(crop), outline=INK)
    return 17


def _colour(index: int) -> str:
    return BOX_COLOURS[index % len(BOX_COLOURS)]


def _line(text: str) -> str:
    """The text as it can be drawn: one line, of a length that can be measured."""
    text = escape(text[: 2 * MOST_SIGNS] + text[-2 * MOST_SIGNS :] if len(text) > 4 * MOST_SIGNS else text)
    return _shorten(text, min(len(text), MOST_SIGNS))


def _shorten(text: str, keep: int) -> str:
    """The text with only `keep` signs of it, those of its middle left out."""
    return text if keep >= len(text) else text[: keep // 2] + "…" + text[len(text) - (keep - keep // 2) :]


def _text_width(lines: Sequence[str]) -> int:
    """The width of a column that has these lines; at most `TEXT_WIDTH`."""
    shown = [_line(line) for line in lines if line]
    return min(TEXT_WIDTH, max((round(_font(line).getlength(line)) + 20 for line in shown), default=0))


def _font(text: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if not text.isascii():
        for name in FONTS_FOR_OTHER_SCRIPTS:
            try:
                return ImageFont.truetype(name, 15)
            except OSError:
                continue
    return ImageFont.load_default(15)
