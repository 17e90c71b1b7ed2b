"""Two ways to hold many boxes: all positions of one scale, or any boxes at all. Scores are written once for both."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from .lattice import Lattice, Level
from .table import hats, read_points, resample

NODES = 9  # along each axis, between which smooth functions are interpolated
_CORNERS = ((True, True), (True, False), (False, True), (False, False))  # (is top, is left)


class Windows(Protocol):
    """Many boxes over B pictures; every answer is `[B, *shape]`, where `shape` is the windows' own."""

    def inner_sum(self, table: Tensor, region: tuple[float, float, float, float]) -> Tensor:
        """The table's mass under `region`, given relative to each box."""

    def heat_sum(self) -> Tensor:
        """Share of heat inside each box."""

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


class GridTables:
    """What is read at a lattice's nodes, once for all scales: every sum of a scale is a few shifted slices of it.

    Attributes:
        fine: a heat table `[B, h + 1, w + 1]` at the nodes, `[B, rows + 1, columns + 1]`.
        across, down: relative places of the nodes, `[columns + 1]` and `[rows + 1]`.
    """

    def __init__(self, heat: Tensor, lattice: Lattice) -> None:
        self.lattice = lattice
        self.fine = resample(heat, (lattice.rows + 1, lattice.columns + 1))
        self.down, self.across = (
            torch.arange(nodes, device=heat.device).to(heat.dtype) / (nodes - 1) for nodes in self.fine.shape[1:]
        )
        self._regions: Tensor | None = None
        self._before: tuple[Tensor, Tensor]

    def before(self, regions: Tensor) -> tuple[Tensor, Tensor]:
        """Shares of regions `[B, M, 4]` left of and above each node, `[B, M, columns + 1]` and `[B, M, rows + 1]`.

        Every scale asks about the same regions, so the last answer is kept.
        """
        if self._regions is not regions:
            self._regions = regions
            self._before = _before(self.across, regions[..., 0::2]), _before(self.down, regions[..., 1::2])
        return self._before

    @cached_property
    def band(self) -> dict[tuple[bool, bool], Tensor]:
        """For each corner (is top, is left) of a box, what that corner adds to the sum over the band along the box's
        edges: the table of heat beyond the average, seen from the node moved outwards less that moved inwards.
        """
        edge = self.lattice.edge
        excess = self.fine - self.down[:, None] * self.across
        padded = torch.nn.functional.pad(excess[None], [edge] * 4, mode="replicate")[0]
        return {corner: _band_table(excess, padded, edge, *corner) for corner in _CORNERS}


class GridWindows:
    """All positions of one scale: shape `[tops, lefts]`."""

    def __init__(self, tables: GridTables, level: Level) -> None:
        self._tables, self._level = tables, level
        (self.x1, self.x2), (self.y1, self.y2) = self._ends(tables.across, 0, 0), self._ends(tables.down, 0, 1)

    def heat_sum(self) -> Tensor:
        above, below = self._ends(self._tables.fine, 1, 1)
        left, right = self._ends(below - above, 2, 0)
        return right - left

    def edge_sum(self) -> Tensor:
        def corner(top: bool, left: bool) -> Tensor:
            rows = self._ends(self._tables.band[top, left], 1, 1)[0 if top else 1]
            return self._ends(rows, 2, 0)[0 if left else 1]

        return corner(False, False) - corner(False, True) - corner(True, False) + corner(True, True)

    def inner_sum(self, table: Tensor, region: tuple[float, float, float, float]) -> Tensor:
        (x1, x2), (y1, y2) = _inside(self.x1, self.x2, region[0::2]), _inside(self.y1, self.y2, region[1::2])
        rows, columns = table.shape[1:]
        return (hats(y2, rows) - hats(y1, rows)) @ table @ (hats(x2, columns) - hats(x1, columns)).T

    def covered(self, regions: Tensor) -> Tensor:
        across, down = self._tables.before(regions)
        (left, right), (above, below) = self._ends(across, 2, 0), self._ends(down, 2, 1)
        return (below - above)[..., :, None] * (right - left)[..., None, :]

    def share(self) -> Tensor:
        level, lattice = self._level, self._tables.lattice
        area = level.width * level.height / (lattice.columns * lattice.rows)
        return self._tables.fine.new_full((1, 1, 1), area)

    def smooth(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        down, across = _nodes_of(self.y1), _nodes_of(self.x1)
        top, left = (each.reshape(-1) for each in torch.meshgrid(down, across, indexing="ij"))
        boxes = torch.stack([left, top, left + self.x2[0] - self.x1[0], top + self.y2[0] - self.y1[0]], -1)
        coarse = function(boxes.expand(len(self._tables.fine), -1, -1)).to(self.x1)
        return resample(coarse.view(-1, len(down), len(across)), (len(self.y1), len(self.x1)))

    def _ends(self, nodes: Tensor, dim: int, axis: int) -> tuple[Tensor, Tensor]:
        """What `nodes` holds, along `dim`, at the near and at the far edges across (axis 0) or down (axis 1)."""
        level = self._level
        starts, taken = (level.lefts, level.width) if axis == 0 else (level.tops, level.height)
        return nodes.narrow(dim, starts.start, len(starts)), nodes.narrow(dim, starts.start + taken, len(starts))


class PointWindows:
    """Any boxes `[B, N, 4]` (relative x1, y1, x2, y2): shape `[N]`, sums from interpolated tables."""

    def __init__(self, heat: Tensor, lattice: Lattice, boxes: Tensor) -> None:
        self._heat, self._lattice = heat, lattice
        self.x1, self.y1, self.x2, self.y2 = boxes.to(heat.dtype).unbind(-1)

    def heat_sum(self) -> Tensor:
        return _sum(self._heat, self.x1, self.y1, self.x2, self.y2)

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


def _nodes_of(places: Tensor) -> Tensor:
    """At most `NODES` evenly spaced places from the first to the last of evenly spaced ones."""
    return torch.lerp(places[0], places[-1], torch.linspace(0, 1, min(NODES, len(places))).to(places))


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
