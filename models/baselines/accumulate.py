"""A heatmap out of rated boxes: every box votes for what it holds, the better the louder."""

from __future__ import annotations

import torch
from torch import Tensor


def accumulate_boxes(boxes: Tensor, weights: Tensor, shape: tuple[int, int]) -> Tensor:
    """Sum of boxes, each weighing `weights`, over a grid.

    boxes: [N, 4] relative x1, y1, x2, y2. weights: [N]. shape: (rows, columns). Returns [rows, columns]: a cell that
    a box covers in part counts in part.
    """
    down = _cover(boxes[:, 1], boxes[:, 3], shape[0])
    across = _cover(boxes[:, 0], boxes[:, 2], shape[1])
    return torch.einsum("n,ny,nx->yx", weights, down, across)


def normalise_min_max(heat: Tensor) -> Tensor:
    """The same map with its least value at 0 and its largest at 1; a flat one becomes all 1."""
    low, high = heat.amin(), heat.amax()
    return (heat - low) / (high - low) if high > low else torch.ones_like(heat)


def _cover(start: Tensor, end: Tensor, cells: int) -> Tensor:
    """[N] relative intervals -> [N, cells] share of each cell that lies in the interval."""
    edge = torch.arange(cells, dtype=start.dtype, device=start.device)
    overlap = torch.minimum(end[:, None] * cells, edge + 1) - torch.maximum(start[:, None] * cells, edge)
    return overlap.clamp(0, 1)
