"""smartcrop.js's score of a box: the values of cells, weighted by their distance from the box's middle and its thirds.

After Jonas Wagner's smartcrop.js 2.0.5 (https://github.com/jwagner/smartcrop.js, MIT).
"""

from __future__ import annotations

import torch
from torch import Tensor

from .maps import CELL

EDGE_RADIUS, EDGE_WEIGHT = 0.4, -20.0
OUTSIDE_IMPORTANCE = -0.5
MAX_PAIRS = 1 << 20  # of boxes and cells in a chunk: 8 MiB a temporary


def score_crops(values: Tensor, boxes: Tensor) -> Tensor:
    """smartcrop.js's total score of every box on every picture.

    Args:
        values: float64 `[B, h, w]`, of the cells, see `weigh_maps`.
        boxes: float64 `[N, 4]` (x, y, width, height) in working pixels, the same for all pictures.

    Returns:
        float64 `[B, N]`; higher is better, negative is possible, and only scores of one picture compare.
    """
    rows, columns = values.shape[1:]
    flat = values.flatten(1)
    chunks = boxes.split(max(1, MAX_PAIRS // max(1, rows * columns)))
    totals = torch.cat([flat @ cell_importance(chunk, rows, columns).flatten(1).T for chunk in chunks], dim=1)
    return totals / (boxes[:, 2] * boxes[:, 3])


def cell_importance(boxes: Tensor, rows: int, columns: int) -> Tensor:
    """The weight of each cell in the score of each box: negative near the box's edges and outside it.

    Args:
        boxes: `[N, 4]` (x, y, width, height) in working pixels.
        rows, columns: of the cells.

    Returns:
        `[N, rows, columns]`.
    """
    x, inside_x = _axis_distances(boxes[:, 0], boxes[:, 2], columns)
    y, inside_y = _axis_distances(boxes[:, 1], boxes[:, 3], rows)
    edge_x, edge_y = (((side - 1.0 + EDGE_RADIUS).clamp(min=0)).square() for side in (x, y))
    edge = (edge_x[:, None, :] + edge_y[:, :, None]) * EDGE_WEIGHT
    centre = 1.41 - torch.sqrt(x.square()[:, None, :] + y.square()[:, :, None])
    thirds = 1.2 * (_thirds(x)[:, None, :] + _thirds(y)[:, :, None])
    total = centre + (centre + edge + 0.5).clamp(min=0) * thirds + edge
    return torch.where(inside_y[:, :, None] & inside_x[:, None, :], total, OUTSIDE_IMPORTANCE)


def _axis_distances(start: Tensor, length: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Distances of cells from each box's middle along one axis (1 at its ends), and whether inside, `[N, count]`."""
    cell = torch.arange(count, dtype=torch.float64, device=start.device)[None] * CELL
    start, length = start[:, None], length[:, None]
    inside = (cell >= start) & (cell < start + length)
    return (0.5 - (cell - start) / length).abs() * 2, inside


def _thirds(distance: Tensor) -> Tensor:
    """1 on a line of thirds, falling to 0 on both sides of it."""
    offset = (((distance - 1 / 3 + 1.0) % 2.0) * 0.5 - 0.5) * 16
    return (1.0 - offset * offset).clamp(min=0)
