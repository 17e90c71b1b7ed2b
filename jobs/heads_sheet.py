"""A sheet of photographs of people, each with a crop and its heads outlined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..cropping.box import Box
from ..cropping.checks import Region
from ..images.decode import Picture
from .block_sheet import Cell, draw_blocks
from .contact_sheet import BOX_COLOURS, dim_outside, fit_inside, outline_box

CELL_SIZE = (260, 260)  # pixels; no picture is shown wider or higher
COLUMNS = 10
CROP_COLOUR, HEAD_COLOUR = BOX_COLOURS[:2]


@dataclass(frozen=True)
class HeadsCell:
    """One crop of one photograph.

    Attributes:
        photo: its file.
        box: the crop.
        heads: relative x1, y1, x2, y2.
        title, note: the two lines of text below it.
    """

    photo: Path
    box: Box
    heads: Sequence[Region]
    title: str
    note: str


def draw_heads(blocks: Sequence[tuple[str, Sequence[HeadsCell]]]) -> np.ndarray:
    """The sheet, uint8 [H, W, 3]: a heading and its cells for each block, at most ten cells side by side.

    Args:
        blocks: (heading, cells) each.

    Raises:
        PictureError: when a photograph cannot be read.
    """
    drawn = [(heading, [Cell(_draw_photo(cell), cell.title, cell.note) for cell in cells]) for heading, cells in blocks]
    return draw_blocks(drawn, CELL_SIZE, COLUMNS)


def _draw_photo(cell: HeadsCell) -> Image.Image:
    """The photograph, darker outside the crop."""
    photo = Picture(cell.photo)
    size = photo.info.size
    crop = cell.box.relative(size)
    picture = dim_outside(Image.fromarray(photo.crop((0, 0, *size), fit_inside(size, CELL_SIZE))), crop)
    for head in cell.heads:
        outline_box(picture, head, HEAD_COLOUR)
    outline_box(picture, crop, CROP_COLOUR)
    return picture
