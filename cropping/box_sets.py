"""Two ways to hold many boxes: all positions of one scale, or any boxes at all. Scores are written once for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from .box_sums import hats, read_points, resample
from .grid import GridScale, SearchGrid

R = TypeVar("R")

NODES = 9  # along each axis, between which smooth functions are interpolated
_CORNERS = ((True, True), (True, False), (False, True), (False, False))  # (is top, is left)


class BoxSet(Protocol):
    """Many boxes over B pictures; every answer is `[B, *shape]`, where `shape` is the windows' own."""

    def inner_sum(self, table: Tensor, region: tuple[float, float, float, float]) -> Tensor:
        """The table's mass under `region`, given relative to each box."""

    def heat_sum(self) -> Tensor:
        """Share of heat inside each box."""

    def table_sum(self, table: Tensor) -> Tensor:
        """The table's mass inside each box."""

    def edge_sum(self) -> Tensor:
        """Heat in a narrow band along each box's edges, beyond (or, negative, short of) what an even picture has there.

        An edge on the picture's own border cuts nothing.
        """

    def covered(self, regions: Tensor) -> Tensor:
        """Share of each region `[B, M, 4]` (relative x1, y1, x2, y2) that lies inside each box: `[B, M, *shape]`."""

    def share(self) -> Tensor:
        """Each box's share of the picture's area; broadcasts against the others."""

    def smooth(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """A smooth function of boxes, `[B, N, 4]` → `[B, N]`; where boxes are many, interpolated between some."""


class GridSums:
    """What all scales of a lattice read: every sum of a scale is a few shifted slices of tables at the lattice's nodes.

    Whatever is asked of a first scale will be asked of all others, so answers are kept.

    Attributes:
        heat: `[B, h + 1, w + 1]`.
        across, down: relative places of the nodes, `[columns + 1]` and `[rows + 1]`.
    """

    def __init__(self, heat: Tensor, lattice: SearchGrid, levels: Sequence[GridScale]) -> None:
        self.heat, self.lattice, self.levels = heat, lattice, levels
        self.across, self.down = (
            torch.arange(cells + 1, device=heat.device).to(heat.dtype) / cells
            for cells in (lattice.columns, lattice.rows)
        )
        self._kept: dict[Any, Any] = {}

    def fine(self, table: Tensor) -> Tensor:
        """A table `[B, h + 1, w + 1]` at the nodes: `[B, rows + 1, columns + 1]`."""
        return self._once(table, lambda: resample(table, (self.lattice.rows + 1, self.lattice.columns + 1)))

    def before(self, regions: Tensor) -> tuple[Tensor, Tensor]:
        """Shares of regions `[B, M, 4]` left of and above each node: `[B, M, columns + 1]` and `[B, M, rows + 1]`."""
        return self._once(
            regions, lambda: (_before(self.across, regions[..., 0::2]), _before(self.down, regions[..., 1::2]))
        )

    def coarse(self, function: Callable[[Tensor], Tensor]) -> dict[GridScale, Tensor]:
        """A function of boxes at a few evenly spaced positions of every scale, `[B, ≤ NODES, ≤ NODES]` each."""
        return self._once(function, lambda: self._coarse(function))

    def _coarse(self, function: Callable[[Tensor], Tensor]) -> dict[GridScale, Tensor]:
        axes = [[_few(each) for each in (level.tops, level.lefts)] for level in self.levels]
        boxes = [self._boxes(level, *few) for level, few in zip(self.levels, axes, strict=True)]
        answers = function(torch.cat(boxes).expand(len(self.heat), -1, -1)).to(self.heat)
        each = answers.split([len(few) for few in boxes], 1)
        shaped = (answer.view(-1, *map(len, few)) for answer, few in zip(each, axes, strict=True))
        return dict(zip(self.levels, shaped, strict=True))

    def _boxes(self, level: GridScale, tops: Tensor, lefts: Tensor) -> Tensor:
        """Boxes of a scale, `[N, 4]` relative, from places in cells."""
        corners = torch.cartesian_prod(tops, lefts).flip(1)
        cells = torch.tensor([self.lattice.columns, self.lattice.rows] * 2)
        taken = torch.tensor([level.width, level.height])
        return (torch.cat([corners, corners + taken], 1) / cells).to(self.heat.device)

    def _once(self, about: Any, answer: Callable[[], R]) -> R:
        if about not in self._kept:
            self._kept[about] = answer()
        return self._kept[about]

    @cached_property
    def band(self) -> dict[tuple[bool, bool], Tensor]:
        """For each corner (is top, is left) of a box, what that corner adds to the sum over the band along the box's
        edges: the table of heat beyond the average, seen from the node moved outwards less that moved inwards.
        """
        edge = self.lattice.edge
        excess = self.fine(self.heat) - self.down[:, None] * self.across
        padded = torch.nn.functional.pad(excess[None], [edge] * 4, mode="replicate")[0]
        return {corner: _band_table(excess, padded, edge, *corner) for corner in _CORNERS}


class GridBoxSet:
    """All positions of one scale: shape `[tops, lefts]`."""

    def __init__(self, tables: GridSums, level: GridScale) -> None:
        self._tables, self._level = tables, level
        (self.x1, self.x2), (self.y1, self.y2) = self._ends(tables.across, 0, 0), self._ends(tables.down, 0, 1)

    def heat_sum(self) -> Tensor:
        return self.table_sum(self._tables.heat)

    def table_sum(self, table: Tensor) -> Tensor:
        above, below = self._ends(self._tables.fine(table), 1, 1)
        left, right = self._ends(below - above, 2, 0)
        return right - left

    def edge_sum(self) -> Tensor:
        def corner(top: bool, left: bool) -> Tensor:
            rows = self._ends(self._tables.band[top, left], 1, 1)[0 if top else 1]
            return self._ends(rows, 2, 0)[0 if left else 1]

        return corner(False, False) - corner(False, True) - corner(True, False) + corner(True, True)

    def inner_sum(self, table: Tensor, region: tuple[float, float, float, float]) -> Tensor:
        rows, columns = table.shape[1:]
        down = _rise(self.y1, self.y2[0] - self.y1[0], region[1::2], rows)
        return down @ table @ _rise(self.x1, self.x2[0] - self.x1[0], region[0::2], columns).T

    def covered(self, regions: Tensor) -> Tensor:
        across, down = self._tables.before(regions)
        (left, right), (above, below) = self._ends(across, 2, 0), self._ends(down, 2, 1)
        return (below - above)[..., :, None] * (right - left)[..., None, :]

    def share(self) -> Tensor:
        level, lattice = self._level, self._tables.lattice
        area = level.width * level.height / (lattice.columns * lattice.rows)
        return self._tables.heat.new_full((1, 1, 1), area)

    def smooth(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        return resample(self._tables.coarse(function)[self._level], (len(self.y1), len(self.x1)))

    def _ends(self, nodes: Tensor, dim: int, axis: int) -> tuple[Tensor, Tensor]:
        """What `nodes` holds, along `dim`, at the near and at the far edges across (axis 0) or down (axis 1)."""
        level = self._level
        starts, taken = (level.lefts, level.width) if axis == 0 else (level.tops, level.height)
        return nodes.narrow(dim, starts.start, len(starts)), nodes.narrow(dim, starts.start + taken, len(starts))


class ListedBoxSet:
    """Any boxes `[B, N, 4]` (relative x1, y1, x2, y2): shape `[N]`, sums from interpolated tables."""

    def __init__(self, heat: Tensor, lattice: SearchGrid, boxes: Tensor) -> None:
        self._heat, self._lattice = heat, lattice
        self.x1, self.y1, self.x2, self.y2 = boxes.to(heat.dtype).unbind(-1)

    def heat_sum(self) -> Tensor:
        return self.table_sum(self._heat)

    def table_sum(self, table: Tensor) -> Tensor:
        return _sum(table, self.x1, self.y1, self.x2, self.y2)

    def edge_sum(self) -> Tensor:
        across, down = self._lattice.edge / self._lattice.columns, self._lattice.edge / self._lattice.rows
        outer = self._excess(self.x1 - across, self.y1 - down, self.x2 + across, self.y2 + down)
        (x1, x2), (y1, y2) = _shrink(self.x1, self.x2, across), _shrink(self.y1, self.y2, down)
        return outer - self._excess(x1, y1, x2, y2)

    def _excess(self, *edges: Tensor) -> Tensor:
        x1, y1, x2, y2 = (edge.clamp(0, 1) for edge in edges)
        return _sum(self._heat, x1, y1, x2, y2) - (x2 - x1) * (y2 - y1)

    def inner_sum(self, table: Tensor, region: tuple[float, float, float, float]) -> Tensor:
        (x1, x2), (y1, y2) = _inside(self.x1, self.x2, region[0::2]), _inside(self.y1, self.y2, region[1::2])
        return _sum(table, x1, y1, x2, y2)

    def covered(self, regions: Tensor) -> Tensor:
        x1, y1, x2, y2 = (edge[:, None] for edge in (self.x1, self.y1, self.x2, self.y2))
        across = _before(x2, regions[..., 0::2]) - _before(x1, regions[..., 0::2])
        return across * (_before(y2, regions[..., 1::2]) - _before(y1, regions[..., 1::2]))

    def share(self) -> Tensor:
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    def smooth(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        return function(torch.stack([self.x1, self.y1, self.x2, self.y2], -1)).to(self.x1)


def _few(places: range) -> Tensor:
    """At most `NODES` evenly spaced places from the first to the last of a range, float64."""
    return torch.linspace(places[0], places[-1], min(NODES, len(places)), dtype=torch.float64)


def _rise(starts: Tensor, length: Tensor, span: tuple[float, ...], nodes: int) -> Tensor:
    """`[n, nodes]` weights that read by how much a function, linear between its nodes, rises over a span of each box.

    Args:
        starts, length: of the boxes along one axis.
        span: first and last place, given relative to each box.
    """
    near, far = hats(starts + length * starts.new_tensor(span)[:, None], nodes)
    return far - near


def _sum(table: Tensor, x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor) -> Tensor:
    corners = read_points(table, torch.cat([x2, x1, x2, x1], 1), torch.cat([y2, y2, y1, y1], 1))
    right_below, left_below, right_above, left_above = corners.chunk(4, 1)
    return (right_below - left_below) - (right_above - left_above)


def _shrink(low: Tensor, high: Tensor, band: float) -> tuple[Tensor, Tensor]:
    """Both ends moved inwards by the band, but never an end that lies on the picture's border."""
    return torch.where(low > 1e-9, low + band, low), torch.where(high < 1 - 1e-9, high - band, high)


def _band_table(excess: Tensor, padded: Tensor, edge: int, is_top: bool, is_left: bool) -> Tensor:
    """What one corner adds to the sum over the band; `padded` is `excess` with `edge` more nodes on every side."""
    rows, columns = (-edge if is_low else edge for is_low in (is_top, is_left))  # outwards
    outer = _moved(padded, edge, rows, columns)
    table = outer - _moved(padded, edge, -rows, -columns)
    # An edge on the picture's border cuts nothing, so its nodes are not moved inwards.
    row, column = 0 if is_top else -1, 0 if is_left else -1
    table[:, row] = outer[:, row] - _moved_line(excess[:, row], -columns)
    table[:, :, column] = outer[:, :, column] - _moved_line(excess[:, :, column], -rows)
    return table


def _moved(padded: Tensor, edge: int, rows: int, columns: int) -> Tensor:
    height, width = (nodes - 2 * edge for nodes in padded.shape[1:])
    return padded.narrow(1, edge + rows, height).narrow(2, edge + columns, width)


def _moved_line(line: Tensor, offset: int) -> Tensor:
    """A line of nodes `[B, n]` seen from nodes moved by `offset`; the one on the border that they leave stays."""
    nodes = torch.arange(line.shape[1], device=line.device)
    moved = (nodes + offset).clamp(0, len(nodes) - 1)
    moved[0 if offset > 0 else -1] = nodes[0 if offset > 0 else -1]
    return line[:, moved]


def _inside(low: Tensor, high: Tensor, span: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """The ends of a span given relative to the boxes' own ends."""
    return low + (high - low) * span[0], low + (high - low) * span[1]


def _before(place: Tensor, spans: Tensor) -> Tensor:
    """The share of each span `[B, M, 2]` that lies before places `[*, n]`: `[B, M, n]`."""
    first, last = spans.split(1, -1)
    return ((place - first) / (last - first)).clamp(0, 1)
