"""A heatmap from weighted boxes: every box adds its weight to the cells that it covers."""

from __future__ import annotations

import torch
from torch import Tensor

from ..cropping.boxes import cell_shares


def accumulate_boxes(boxes: Tensor, weights: Tensor, shape: tuple[int, int]) -> Tensor:
    """The weighted sum of boxes over a grid; a cell that a box covers in part gets that part.

    Args:
        boxes: `[N, 4]` relative x1, y1, x2, y2.
        weights: `[N]`.
        shape: (rows, columns) of the grid.

    Returns:
        `[rows, columns]`.
    """
    down = cell_shares(boxes[:, 1], boxes[:, 3], shape[0])
    across = cell_shares(boxes[:, 0], boxes[:, 2], shape[1])
    return torch.einsum("n,ny,nx->yx", weights, down, across)


def normalise_min_max(heat: Tensor) -> Tensor:
    """The map scaled so that its smallest value is 0 and its largest 1; a map of equal values becomes all 1."""
    low, high = heat.amin(), heat.amax()
    return (heat - low) / (high - low) if high > low else torch.ones_like(heat)
