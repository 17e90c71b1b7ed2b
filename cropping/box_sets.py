"""Many boxes at once, for which a score is written once: any listed boxes here, all of a grid in `grid_box_set`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from .box_sums import read_points
from .checks import Region
from .grid import SearchGrid


class BoxSet(Protocol):
    """Boxes over B pictures. Every result is `[B, *shape]`, where `shape` is the box set's own."""

    def heat_sum(self) -> Tensor:
        """Share of the heat inside each box, 0..1."""

    def table_sum(self, table: Tensor) -> Tensor:
        """Sum inside each box, from a summed-area table `[B, h + 1, w + 1]`."""

    def region_sum(self, table: Tensor, region: Region) -> Tensor:
        """Sum inside a region of each box, given relative to the box, from a summed-area table."""

    def edge_sum(self) -> Tensor:
        """Heat in a narrow band along each box's edges, less what a picture of even heat has there; may be negative.

        Edges on the picture's own border are left out: they cut nothing.
        """

    def coverage(self, regions: Tensor) -> Tensor:
        """The share of each region `[B, M, 4]` (relative x1, y1, x2, y2) inside each box: `[B, M, *shape]` in 0..1."""

    def part_coverage(self, regions: Tensor, part: Region) -> Tensor:
        """The share of each region `[B, M, 4]` inside a part of each box, given relative to the box, as `coverage`."""

    def area_share(self) -> Tensor:
        """Each box's share of the picture's area; broadcasts against the other results."""

    def evaluate_smooth(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """A smooth function of boxes, `[B, N, 4]` → `[B, N]`; a grid evaluates it at some boxes and interpolates."""


class ListedBoxSet:
    """Any boxes; shape `[N]`. Sums are read from the tables by bilinear interpolation, which is exact.

    Args:
        heat: `[B, h + 1, w + 1]`, a summed-area table.
        grid: gives the width of the band along the edges.
        boxes: `[B, N, 4]`, relative x1, y1, x2, y2.
    """

    def __init__(self, heat: Tensor, grid: SearchGrid, boxes: Tensor) -> None:
        self._heat, self._grid = heat, grid
        self.x1, self.y1, self.x2, self.y2 = boxes.to(heat.dtype).unbind(-1)

    def heat_sum(self) -> Tensor:
        return self.table_sum(self._heat)

    def table_sum(self, table: Tensor) -> Tensor:
        return _sum_inside(table, self.x1, self.y1, self.x2, self.y2)

    def region_sum(self, table: Tensor, region: Region) -> Tensor:
        x1, x2 = take_part(self.x1, self.x2, region[0::2])
        y1, y2 = take_part(self.y1, self.y2, region[1::2])
        return _sum_inside(table, x1, y1, x2, y2)

    def edge_sum(self) -> Tensor:
        across, down = self._grid.edge / self._grid.columns, self._grid.edge / self._grid.rows
        outer = self._sum_excess(self.x1 - across, self.y1 - down, self.x2 + across, self.y2 + down)
        (x1, x2), (y1, y2) = _shrink(self.x1, self.x2, across), _shrink(self.y1, self.y2, down)
        return outer - self._sum_excess(x1, y1, x2, y2)

    def coverage(self, regions: Tensor) -> Tensor:
        across = share_between(self.x1, self.x2, regions[..., 0::2])
        return across * share_between(self.y1, self.y2, regions[..., 1::2])

    def part_coverage(self, regions: Tensor, part: Region) -> Tensor:
        (x1, x2), (y1, y2) = take_part(self.x1, self.x2, part[0::2]), take_part(self.y1, self.y2, part[1::2])
        return share_between(x1, x2, regions[..., 0::2]) * share_between(y1, y2, regions[..., 1::2])

    def area_share(self) -> Tensor:
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    def evaluate_smooth(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        return function(torch.stack([self.x1, self.y1, self.x2, self.y2], -1)).to(self.x1)

    def _sum_excess(self, *edges: Tensor) -> Tensor:
        """Heat inside boxes clipped to the picture, less their share of its area."""
        x1, y1, x2, y2 = (edge.clamp(0, 1) for edge in edges)
        return _sum_inside(self._heat, x1, y1, x2, y2) - (x2 - x1) * (y2 - y1)


def broadcast(values: Tensor, like: Tensor) -> Tensor:
    """Values of the first dimensions of `like`, with dimensions of 1 behind them so that they broadcast against it."""
    return values.reshape(*values.shape, *[1] * (like.ndim - values.ndim))


def share_before(position: Tensor, spans: Tensor) -> Tensor:
    """The share of each span `[B, M, 2]` (start, end) that lies before positions `[*, n]`: `[B, M, n]` in 0..1."""
    first, last = spans[..., :1], spans[..., 1:]
    return ((position - first) / (last - first)).clamp(0, 1)


def share_between(low: Tensor, high: Tensor, spans: Tensor) -> Tensor:
    """The share of each span `[B, M, 2]` (start, end) between two positions `[B, n]` or `[n]`: `[B, M, n]` in 0..1."""
    return share_before(high.unsqueeze(-2), spans) - share_before(low.unsqueeze(-2), spans)


def _sum_inside(table: Tensor, x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor) -> Tensor:
    """Sums inside boxes, each edge `[B, N]`, from a summed-area table `[B, h + 1, w + 1]`: `[B, N]`."""
    corners = read_points(table, torch.cat([x2, x1, x2, x1], 1), torch.cat([y2, y2, y1, y1], 1))
    right_below, left_below, right_above, left_above = corners.chunk(4, 1)
    return (right_below - left_below) - (right_above - left_above)


def _shrink(low: Tensor, high: Tensor, band: float) -> tuple[Tensor, Tensor]:
    """Both ends moved inwards by the band; an end on the picture's border stays."""
    return torch.where(low > 1e-9, low + band, low), torch.where(high < 1 - 1e-9, high - band, high)


def take_part(low: Tensor, high: Tensor, part: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """The ends of a part of spans, given relative to the span."""
    return low + (high - low) * part[0], low + (high - low) * part[1]
