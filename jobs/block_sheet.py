"""A sheet of small pictures in blocks: under each heading its cells side by side, each with two lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ..cropping.checks import Size
from .contact_sheet import CARD, FAINT, GAP, INK, LINE, PAPER, write_line


@dataclass(frozen=True)
class Cell:
    """One picture of the sheet, no larger than its cells, with the two lines of text below it."""

    picture: Image.Image
    title: str
    note: str


def draw_blocks(blocks: Sequence[tuple[str, Sequence[Cell]]], cell: Size, columns: int) -> np.ndarray:
    """The sheet, uint8 [H, W, 3].

    Args:
        blocks: (heading, cells) each.
        cell: width and height of the room for a picture, in pixels.
        columns: cells side by side.
    """
    across, down = cell[0] + GAP, cell[1] + 2 * LINE + GAP
    rows = [-(-len(cells) // columns) for _, cells in blocks]
    height = GAP + sum(LINE + count * down for count in rows)
    sheet = Image.new("RGB", (GAP + columns * across, height), CARD)
    draw = ImageDraw.Draw(sheet)
    top = GAP
    for (heading, cells), count in zip(blocks, rows, strict=True):
        draw.rectangle((0, top - GAP // 2, sheet.width, top + LINE - GAP // 2), fill=PAPER)
        write_line(draw, (GAP, top - GAP // 2 + 2), heading, INK, sheet.width - 2 * GAP)
        for index, each in enumerate(cells):
            left, upper = GAP + index % columns * across, top + LINE + index // columns * down
            sheet.paste(each.picture, (left, upper))
            write_line(draw, (left, upper + cell[1] + 2), each.title, INK, cell[0])
            write_line(draw, (left, upper + cell[1] + LINE - 2), each.note, FAINT, cell[0])
        top += LINE + count * down
    return np.asarray(sheet)
