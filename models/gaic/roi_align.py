"""RoIAlign and RoDAlign as GAIC was trained with them, in plain torch and differentiable.

The sampling is that of the operators published with "Grid Anchor based Image Cropping" (Zeng et al., 2019/2020),
which is older than and unlike `torchvision.ops.roi_align`: one bilinear sample a point, points from edge to edge of a
box that is one cell too wide, zero outside the map, and *extrapolation* from the last two cells in the last cell of
the map.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def roi_align(features: Tensor, boxes: Tensor, side: int) -> Tensor:
    """The features inside each box, on a grid of side × side means of four samples.

    Args:
        features: `[B, C, h, w]` with h, w of at least 2.
        boxes: `[B, N, 4]` x1, y1, x2, y2 in cells of the map, of the same type as the features.
        side: of the grid.

    Returns:
        `[B, N, C, side, side]`.
    """
    down = _interpolation(_points_inside(boxes[..., 1], boxes[..., 3], side + 1), features.shape[-2])
    across = _interpolation(_points_inside(boxes[..., 0], boxes[..., 2], side + 1), features.shape[-1])
    return torch.einsum("bnyh,bchw,bnxw->bncyx", _pair_means(down), features, _pair_means(across))


def rod_align(features: Tensor, boxes: Tensor, side: int) -> Tensor:
    """The features that a crop discards: the whole map on a grid, 0 at the points inside the box. Shapes as above."""
    rows, columns = (_points_across(length, side + 1, boxes) for length in features.shape[-2:])
    grid = torch.einsum(
        "yh,bchw,xw->bcyx",
        _interpolation(rows, features.shape[-2]),
        features,
        _interpolation(columns, features.shape[-1]),
    )
    x1, y1, x2, y2 = boxes.unsqueeze(-1).unbind(-2)
    inside = ((rows >= y1) & (rows <= y2)).unsqueeze(-1) & ((columns >= x1) & (columns <= x2)).unsqueeze(-2)
    discarded = grid.unsqueeze(1) * ~inside.unsqueeze(2)
    return F.avg_pool2d(discarded.flatten(0, 1), kernel_size=2, stride=1).unflatten(0, boxes.shape[:2])


def _points_inside(start: Tensor, end: Tensor, count: int) -> Tensor:
    """[...] -> [..., count] points from `start` to `end + 1`, both included."""
    step = (end - start + 1).clamp(min=0) / (count - 1)
    return torch.arange(count, dtype=start.dtype, device=start.device) * step.unsqueeze(-1) + start.unsqueeze(-1)


def _points_across(length: int, count: int, like: Tensor) -> Tensor:
    """[count] points over a whole axis; the last stays a thousandth of a cell short of the last cell's middle."""
    return torch.arange(count, dtype=like.dtype, device=like.device) * ((length - 1.001) / (count - 1))


def _interpolation(points: Tensor, length: int) -> Tensor:
    """[..., S] points -> [..., S, length] weights of the cells in each sample; zero for points outside 0..length."""
    low = points.floor().clamp(max=length - 2)
    part = (points - low).unsqueeze(-1)  # above 1 in the last cell: the extrapolation
    cell = torch.arange(length, dtype=points.dtype, device=points.device)
    weights = torch.where(cell == low.unsqueeze(-1), 1 - part, 0) + torch.where(cell == low.unsqueeze(-1) + 1, part, 0)
    return weights * ((points >= 0) & (points < length)).unsqueeze(-1)


def _pair_means(weights: Tensor) -> Tensor:
    """[..., S, length] -> [..., S - 1, length]: means of neighbours along one axis, one half of a 2 x 2 mean."""
    return (weights[..., :-1, :] + weights[..., 1:, :]) / 2
