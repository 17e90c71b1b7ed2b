"""The sheet of a text region study: one photograph many times, each with a crop and its text regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ..cropping.checks import Region, Size
from .block_sheet import Cell, draw_blocks
from .contact_sheet import BOX_COLOURS, corners, dim_outside, fit_inside, outline_box

CELL_WIDTH, CELL_HEIGHT = 236, 300  # pixels; no picture is shown wider or higher
COLUMNS = 4
TEXT_REGION_COLOUR = (255, 210, 0)
CANVAS = (245, 245, 242)  # where a crop reaches outside the picture
HATCHING = 9  # pixels from one line to the next


@dataclass(frozen=True)
class StudyCell:
    """One crop of the photograph.

    Attributes:
        crop: where it lies in the picture, relative x1, y1, x2, y2; it may reach outside.
        text_regions: the same of the regions that are kept free.
        title, note: the two lines of text below it.
    """

    crop: Region
    text_regions: Sequence[Region]
    title: str
    note: str


def cell_size(size: Size) -> Size:
    """Width and height at which a picture of `size` is shown."""
    return fit_inside(size, (CELL_WIDTH, CELL_HEIGHT))


def draw_study(pixels: np.ndarray, blocks: Sequence[tuple[str, Sequence[StudyCell]]]) -> np.ndarray:
    """The sheet, uint8 [H, W, 3]: a heading and its cells for each block, four cells side by side.

    Args:
        pixels: uint8 [h, w, 3], the photograph at the size of `cell_size`.
        blocks: (heading, cells) each.
    """
    drawn = [
        (heading, [Cell(_draw_cell(pixels, cell), cell.title, cell.note) for cell in cells])
        for heading, cells in blocks
    ]
    return draw_blocks(drawn, (pixels.shape[1], pixels.shape[0]), COLUMNS)


def _draw_cell(pixels: np.ndarray, cell: StudyCell) -> Image.Image:
    canvas = _around(cell.crop)
    picture = _extend(Image.fromarray(pixels), canvas)
    crop = _relative(cell.crop, canvas)
    picture = dim_outside(picture, crop)
    for each in cell.text_regions:
        picture = _hatch(picture, _relative(each, canvas))
    outline_box(picture, crop, BOX_COLOURS[0])
    return picture


def _around(crop: Region) -> Region:
    """The smallest region around the picture and a crop."""
    return min(0.0, crop[0]), min(0.0, crop[1]), max(1.0, crop[2]), max(1.0, crop[3])


def _relative(region: Region, canvas: Region) -> Region:
    """A region of the picture, relative to a canvas around it."""
    x1, y1, x2, y2 = canvas
    across, down = x2 - x1, y2 - y1
    left, top, right, bottom = region
    return (left - x1) / across, (top - y1) / down, (right - x1) / across, (bottom - y1) / down


def _extend(picture: Image.Image, canvas: Region) -> Image.Image:
    """A picture on a canvas around it, no larger than the picture was."""
    width, height = canvas[2] - canvas[0], canvas[3] - canvas[1]
    if width == height == 1:
        return picture
    scale = 1 / max(width, height)
    extended = Image.new("RGB", (round(width * scale * picture.width), round(height * scale * picture.height)), CANVAS)
    small = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    extended.paste(small, (round(-canvas[0] * small.width), round(-canvas[1] * small.height)))
    return extended


def _hatch(picture: Image.Image, region: Region) -> Image.Image:
    """The picture with a region under transparent yellow, hatched so that it shows on yellow too."""
    x1, y1, x2, y2 = corners(region, picture.size)
    mask = Image.new("L", (x2 - x1 + 1, y2 - y1 + 1), 70)
    draw = ImageDraw.Draw(mask)
    for offset in range(-mask.height, mask.width, HATCHING):
        draw.line((offset, mask.height, offset + mask.height, 0), fill=150, width=2)
    draw.rectangle((0, 0, mask.width - 1, mask.height - 1), outline=255, width=2)
    picture.paste(Image.new("RGB", mask.size, TEXT_REGION_COLOUR), (x1, y1), mask)
    return picture
