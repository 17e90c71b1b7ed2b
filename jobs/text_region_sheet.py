"""The sheet of a text region study: one photograph many times, each with a crop and the text region of a preset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .contact_sheet import (
    BOX_COLOURS,
    CARD,
    FAINT,
    GAP,
    INK,
    LINE,
    PAPER,
    Region,
    corners,
    dim_outside,
    outline_box,
    write_line,
)

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


def cell_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height at which a picture of `size` is shown."""
    scale = min(CELL_WIDTH / size[0], CELL_HEIGHT / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def draw_study(pixels: np.ndarray, blocks: Sequence[tuple[str, Sequence[StudyCell]]]) -> np.ndarray:
    """The sheet, uint8 [H, W, 3]: a heading and its cells for each block, four cells side by side.

    Args:
        pixels: uint8 [h, w, 3], the photograph at the size of `cell_size`.
        blocks: (heading, cells) each.
    """
    across, down = pixels.shape[1] + GAP, pixels.shape[0] + 2 * LINE + GAP
    rows = [-(-len(cells) // COLUMNS) for _, cells in blocks]
    height = GAP + sum(LINE + count * down for count in rows)
    sheet = Image.new("RGB", (GAP + COLUMNS * across, height), CARD)
    draw = ImageDraw.Draw(sheet)
    top = GAP
    for (heading, cells), count in zip(blocks, rows, strict=True):
        draw.rectangle((0, top - GAP // 2, sheet.width, top + LINE - GAP // 2), fill=PAPER)
        write_line(draw, (GAP, top - GAP // 2 + 2), heading, INK, sheet.width - 2 * GAP)
        for index, cell in enumerate(cells):
            left, upper = GAP + index % COLUMNS * across, top + LINE + index // COLUMNS * down
            sheet.paste(_draw_cell(pixels, cell), (left, upper))
            write_line(draw, (left, upper + pixels.shape[0] + 2), cell.title, INK, pixels.shape[1])
            write_line(draw, (left, upper + pixels.shape[0] + LINE - 2), cell.note, FAINT, pixels.shape[1])
        top += LINE + count * down
    return np.asarray(sheet)


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
