"""The sheet of a text region study: one photograph many times, each with a crop and the text region of a preset."""

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
HATCHING = 9  # pixels from one line to the next


@dataclass(frozen=True)
class StudyCell:
    """One crop of the photograph.

    Attributes:
        crop: where it lies in the picture, relative x1, y1, x2, y2.
        text_region: the same of the region that is kept free.
        title, note: the two lines of text below it.
    """

    crop: Region
    text_region: Region
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
    picture = _hatch(dim_outside(Image.fromarray(pixels), cell.crop), cell.text_region)
    outline_box(picture, cell.crop, BOX_COLOURS[0])
    return picture


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
