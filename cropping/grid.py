"""The grid of candidate boxes: which sizes, and which positions of each, the coarse search scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor

import torch

from .feasible import FeasibleBoxes

CELLS = 256  # grid cells along the short side of a picture
MAX_CELLS = 32 * CELLS  # along the long side, however long it is: a few tables of a grid then have 100 MB at most
SCALES = 24  # sizes between the largest and the smallest box


@dataclass(frozen=True, slots=True)
class SearchGrid:
    """`columns` × `rows` equal cells over a picture; none is larger than 1/256 of the short side, or than one pixel.

    A side that is more than 32 times as long as the other has no more than 8192, which are larger.
    """

    columns: int
    rows: int

    @classmethod
    def over(cls, size: tuple[int, int]) -> SearchGrid:
        """The grid over a picture of (width, height) `size`."""
        width, height = size
        short = min(size)
        cells = min(CELLS, short)
        columns, rows = (min(MAX_CELLS, ceil(side * cells / short)) for side in (width, height))
        return cls(columns, rows)

    @property
    def edge(self) -> int:
        """Half the width, in cells, of the band along a crop's edge where heat counts as cut: 1/64 short side."""
        return max(1, round(min(self.columns, self.rows) / 64))


@dataclass(frozen=True, slots=True)
class GridScale:
    """All positions of boxes of one size, in cells.

    Attributes:
        long_side: of the boxes, in pixels.
        width, height: of the boxes, in cells.
        lefts, tops: the columns and rows where a box may begin.
    """

    long_side: int
    width: int
    height: int
    lefts: range
    tops: range

    def holds(self, other: GridScale) -> bool:
        """Whether each box of another scale lies inside one of this scale."""
        return _hold(self.lefts, self.width, other.lefts, other.width) and _hold(
            self.tops, self.height, other.tops, other.height
        )


def _hold(starts: range, length: int, inner_starts: range, inner_length: int) -> bool:
    """Whether each inner span lies inside an outer one; both may begin anywhere in a range."""
    first, last = inner_starts[0] >= starts[0], inner_starts[-1] + inner_length <= starts[-1] + length
    return first and last and inner_length <= length


def list_scales(feasible: FeasibleBoxes, grid: SearchGrid) -> Iterator[GridScale]:
    """The scales of the feasible boxes, from the largest to the smallest, evenly spaced in the log of the long side."""
    long_sides = _list_long_sides(feasible.shortest, feasible.longest)
    for long_side, ranges in zip(long_sides, feasible.ranges_of(torch.tensor(long_sides)).tolist(), strict=True):
        (width, height), (left, top), (right, bottom) = ranges
        columns = min(grid.columns, max(1, round(width * grid.columns / feasible.size[0])))
        rows = min(grid.rows, max(1, round(height * grid.rows / feasible.size[1])))
        yield GridScale(
            long_side,
            columns,
            rows,
            _find_nodes((left, right), feasible.size[0], grid.columns, columns),
            _find_nodes((top, bottom), feasible.size[1], grid.rows, rows),
        )


def _list_long_sides(shortest: int, longest: int) -> list[int]:
    if longest - shortest < SCALES:
        return list(range(longest, shortest - 1, -1))
    step = (shortest / longest) ** (1 / (SCALES - 1))
    return sorted({round(longest * step**k) for k in range(SCALES)} | {shortest}, reverse=True)


def _find_nodes(span: tuple[int, int], pixels: int, cells: int, length: int) -> range:
    """The grid nodes nearest to the first and last allowed pixel of an edge.

    They may lie half a cell outside the span; the refinement to the pixel brings boxes back into it.

    Args:
        span: the first and the last allowed pixel.
        pixels: of the picture along this axis.
        cells: of the grid along this axis.
        length: of the box, in cells.
    """
    last = min(ceil(span[1] * cells / pixels - 0.5), cells - length)
    first = min(floor(span[0] * cells / pixels + 0.5), last)
    return range(max(0, first), max(0, last) + 1)
