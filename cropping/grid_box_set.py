"""All positions of one scale of the grid: every sum is a few shifted slices of one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import torch
from einops import rearrange
from torch import Tensor

from .box_sets import share_before, share_between, take_part
from .box_sums import read_along, resample
from .checks import Region
from .grid import GridScale, SearchGrid

Result = TypeVar("Result")

# Positions along each axis of a scale at which a smooth function is evaluated; between them it is interpolated.
SMOOTH_POSITIONS = 9
_CORNERS = ((True, True), (True, False), (False, True), (False, False))  # (is top, is left)


class GridSums:
    """What all scales of a grid read in common: tables at the nodes, the corners of the cells.

    What is asked for one scale is asked for all others too, so results are cached for the life of the object.

    Attributes:
        heat: `[B, h + 1, w + 1]`, a summed-area table.
        grid: over the pictures.
        scales: that will be scored.
        across, down: relative positions of the nodes, `[columns + 1]` and `[rows + 1]`.
    """

    def __init__(self, heat: Tensor, grid: SearchGrid, scales: Sequence[GridScale]) -> None:
        self.heat, self.grid, self.scales = heat, grid, scales
        self.across, self.down = (
            torch.arange(cells + 1, device=heat.device).to(heat.dtype) / cells for cells in (grid.columns, grid.rows)
        )
        self._cache: dict[Any, Any] = {}

    def at_nodes(self, table: Tensor) -> Tensor:
        """A table `[B, h + 1, w + 1]` read at the nodes: `[B, rows + 1, columns + 1]`."""
        return self._cached(table, lambda: resample(table, (self.grid.rows + 1, self.grid.columns + 1)))

    def shares_before(self, regions: Tensor) -> tuple[Tensor, Tensor]:
        """The shares of regions `[B, M, 4]` left of and above each node: `[B, M, columns + 1]`, `[B, M, rows + 1]`."""
        return self._cached(
            regions,
            lambda: (share_before(self.across, regions[..., 0::2]), share_before(self.down, regions[..., 1::2])),
        )

    def at_some_positions(self, function: Callable[[Tensor], Tensor]) -> dict[GridScale, Tensor]:
        """A function of boxes at `SMOOTH_POSITIONS` evenly spaced positions along both axes, for every scale.

        All scales are evaluated in one call. Scales with fewer positions have all of them: `[B, ≤ 9, ≤ 9]` each.
        """
        return self._cached(function, lambda: self._evaluate(function))

    def _evaluate(self, function: Callable[[Tensor], Tensor]) -> dict[GridScale, Tensor]:
        axes = [[_pick_evenly(each) for each in (scale.tops, scale.lefts)] for scale in self.scales]
        boxes = [self._list_boxes(scale, *positions) for scale, positions in zip(self.scales, axes, strict=True)]
        values = function(torch.cat(boxes).expand(len(self.heat), -1, -1)).to(self.heat)
        parts = zip(values.split([len(each) for each in boxes], 1), axes, strict=True)
        shaped = (rearrange(part, "b (top left) -> b top left", top=len(tops)) for part, (tops, _) in parts)
        return dict(zip(self.scales, shaped, strict=True))

    def _list_boxes(self, scale: GridScale, tops: Tensor, lefts: Tensor) -> Tensor:
        """The boxes of a scale at all combinations of positions in cells: relative `[N, 4]` (x1, y1, x2, y2)."""
        corners = torch.cartesian_prod(tops, lefts).flip(1)
        cells = torch.tensor([self.grid.columns, self.grid.rows] * 2)
        sides = torch.tensor([scale.width, scale.height])
        return (torch.cat([corners, corners + sides], 1) / cells).to(self.heat.device)

    def _cached(self, key: Any, compute: Callable[[], Result]) -> Result:
        if key not in self._cache:
            self._cache[key] = compute()
        return self._cache[key]

    @cached_property
    def band_tables(self) -> dict[tuple[bool, bool], Tensor]:
        """For each corner (is top, is left) of a box, what it adds to the sum over the band along the box's edges.

        Each is `[B, rows + 1, columns + 1]`: the table of heat beyond an even picture's, at the node moved outwards by
        half the band, less at the node moved inwards.
        """
        edge = self.grid.edge
        excess = self.at_nodes(self.heat) - self.down[:, None] * self.across
        padded = torch.nn.functional.pad(excess[None], [edge] * 4, mode="replicate")[0]
        return {corner: _make_band_table(excess, padded, edge, *corner) for corner in _CORNERS}


class GridBoxSet:
    """All positions of one scale of a grid; shape `[tops, lefts]`."""

    def __init__(self, sums: GridSums, scale: GridScale) -> None:
        self._sums, self.scale = sums, scale
        (self.x1, self.x2), (self.y1, self.y2) = self._slice(sums.across, 0, 0), self._slice(sums.down, 0, 1)

    def heat_sum(self) -> Tensor:
        return self._heat

    def table_sum(self, table: Tensor) -> Tensor:
        above, below = self._slice(self._sums.at_nodes(table), 1, 1)
        left, right = self._slice(below - above, 2, 0)
        return right - left

    def region_sum(self, table: Tensor, region: Region) -> Tensor:
        rows = _rise(table, 1, self.y1, self.y2[0] - self.y1[0], region[1::2])
        return _rise(rows, 2, self.x1, self.x2[0] - self.x1[0], region[0::2])

    def edge_sum(self) -> Tensor:
        def read_corner(top: bool, left: bool) -> Tensor:
            rows = self._slice(self._sums.band_tables[top, left], 1, 1)[0 if top else 1]
            return self._slice(rows, 2, 0)[0 if left else 1]

        return read_corner(False, False) - read_corner(False, True) - read_corner(True, False) + read_corner(True, True)

    def coverage(self, regions: Tensor) -> Tensor:
        across, down = self._sums.shares_before(regions)
        (left, right), (above, below) = self._slice(across, 2, 0), self._slice(down, 2, 1)
        return (below - above)[..., :, None] * (right - left)[..., None, :]

    def part_coverage(self, regions: Tensor, part: Region) -> Tensor:
        across = share_between(*take_part(self.x1, self.x2, part[0::2]), regions[..., 0::2])
        down = share_between(*take_part(self.y1, self.y2, part[1::2]), regions[..., 1::2])
        return down[..., :, None] * across[..., None, :]

    def area_share(self) -> Tensor:
        scale, grid = self.scale, self._sums.grid
        return self._sums.heat.new_full((1, 1, 1), scale.width * scale.height / (grid.columns * grid.rows))

    @cached_property
    def _heat(self) -> Tensor:
        return self.table_sum(self._sums.heat)

    def evaluate_smooth(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        return resample(self._sums.at_some_positions(function)[self.scale], (len(self.y1), len(self.x1)))

    def _slice(self, nodes: Tensor, dim: int, axis: int) -> tuple[Tensor, Tensor]:
        """Values at nodes, along `dim`, at all first edges and at all last edges, across (axis 0) or down (axis 1)."""
        scale = self.scale
        starts, length = (scale.lefts, scale.width) if axis == 0 else (scale.tops, scale.height)
        return nodes.narrow(dim, starts.start, len(starts)), nodes.narrow(dim, starts.start + length, len(starts))


def _pick_evenly(positions: range) -> Tensor:
    """At most `SMOOTH_POSITIONS` evenly spaced positions from the first to the last of a range, float64."""
    return torch.linspace(positions[0], positions[-1], min(SMOOTH_POSITIONS, len(positions)), dtype=torch.float64)


def _rise(values: Tensor, dim: int, starts: Tensor, length: Tensor, part: tuple[float, ...]) -> Tensor:
    """How much values rise along a dimension over a part of each span.

    Args:
        values: at nodes that are evenly spaced from 0 to 1.
        dim: along which they are.
        starts: `[n]`, of the spans, relative to the picture.
        length: of all spans.
        part: start and end, relative to the span.
    """
    near, far = (read_along(values, dim, starts + length * share) for share in part)
    return far - near


def _make_band_table(excess: Tensor, padded: Tensor, edge: int, is_top: bool, is_left: bool) -> Tensor:
    """What one corner adds to the sum over the band; `padded` is `excess` with `edge` more nodes on every side."""
    rows, columns = (-edge if is_low else edge for is_low in (is_top, is_left))  # outwards
    outer = _move(padded, edge, rows, columns)
    table = outer - _move(padded, edge, -rows, -columns)
    # An edge on the picture's border cuts nothing, so its nodes are not moved inwards.
    row, column = 0 if is_top else -1, 0 if is_left else -1
    table[:, row] = outer[:, row] - _move_line(excess[:, row], -columns)
    table[:, :, column] = outer[:, :, column] - _move_line(excess[:, :, column], -rows)
    return table


def _move(padded: Tensor, edge: int, rows: int, columns: int) -> Tensor:
    """The nodes inside the padding, each read at the node `rows` below and `columns` to the right of it."""
    height, width = (nodes - 2 * edge for nodes in padded.shape[1:])
    return padded.narrow(1, edge + rows, height).narrow(2, edge + columns, width)


def _move_line(line: Tensor, offset: int) -> Tensor:
    """A line of nodes `[B, n]`, each read `offset` further; the node on the border that they move away from stays."""
    nodes = torch.arange(line.shape[1], device=line.device)
    moved = (nodes + offset).clamp(0, len(nodes) - 1)
    moved[0 if offset > 0 else -1] = nodes[0 if offset > 0 else -1]
    return line[:, moved]
