"""The lattice of candidate boxes: which sizes, and which positions of each, a ratio allows in a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor

import torch

from .feasible import FeasibleBoxes

CELLS = 256  # positions along the short side
SCALES = 24


@dataclass(frozen=True, slots=True)
class SearchGrid:
    """Evenly spaced nodes: `columns` × `rows` cells, none larger than 1/256 of the short side, or than one pixel."""

    columns: int
    rows: int

    @classmethod
    def over(cls, size: tuple[int, int]) -> SearchGrid:
        width, height = size
        short = min(size)
        cells = min(CELLS, short)
        return cls(columns=ceil(width * cells / short), rows=ceil(height * cells / short))

    @property
    def edge(self) -> int:
        """Half the width, in cells, of the band along a crop's edge where heat counts as cut: 1/64 short side."""
        return max(1, round(min(self.columns, self.rows) / 64))


@dataclass(frozen=True, slots=True)
class GridScale:
    """All positions of one scale, in cells: boxes of `width` × `height` with left and top edges in the given ranges."""

    long_side: int
    width: int
    height: int
    lefts: range
    tops: range


def levels(room: FeasibleBoxes, lattice: SearchGrid) -> Iterator[GridScale]:
    """The scales of a room from the largest to the smallest, evenly spaced in the logarithm of the long side."""
    long_sides = _long_sides(room.shortest, room.longest)
    for long_side, spans in zip(long_sides, room.spans_of(torch.tensor(long_sides)).tolist(), strict=True):
        (width, height), (left, top), (right, bottom) = spans
        columns = min(lattice.columns, max(1, round(width * lattice.columns / room.size[0])))
        rows = min(lattice.rows, max(1, round(height * lattice.rows / room.size[1])))
        yield GridScale(
            long_side,
            columns,
            rows,
            _nodes((left, right), room.size[0], lattice.columns, columns),
            _nodes((top, bottom), room.size[1], lattice.rows, rows),
        )


def _long_sides(shortest: int, longest: int) -> list[int]:
    if longest - shortest < SCALES:
        return list(range(longest, shortest - 1, -1))
    step = (shortest / longest) ** (1 / (SCALES - 1))
    return sorted({round(longest * step**k) for k in range(SCALES)} | {shortest}, reverse=True)


def _nodes(span: tuple[int, int], pixels: int, cells: int, taken: int) -> range:
    """The lattice nodes nearest to a span of pixel edges: at most half a cell beyond it, until the refinement."""
    last = min(ceil(span[1] * cells / pixels - 0.5), cells - taken)
    first = min(floor(span[0] * cells / pixels + 0.5), last)
    return range(max(0, first), max(0, last) + 1)
