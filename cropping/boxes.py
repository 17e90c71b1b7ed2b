"""Geometry of many boxes at once: pure functions on tensors whose last dimension holds the four numbers of a box.

The suffix tells the format: `_xyxy` is left, top, right, bottom; `_xywh` is left, top, width, height. Units are the
caller's (pixels, or shares of the picture), the same for all boxes of a call. Leading dimensions broadcast: boxes of
`[N, 1, 4]` beside `[M, 4]` compare each of N with each of M.
"""

from __future__ import annotations

import torch
from torch import Tensor

_AT_ONCE = 32  # boxes that are drawn together: a thousand on a fine grid would take gigabytes


def area_xyxy(boxes: Tensor) -> Tensor:
    """Width times height of boxes `[*, 4]`: `[*]`.

    >>> area_xyxy(torch.tensor([[0.0, 0.0, 2.0, 3.0]]))
    tensor([6.])
    """
    width, height = (boxes[..., 2:] - boxes[..., :2]).unbind(-1)
    return width * height


def intersection_xyxy(boxes: Tensor, others: Tensor) -> Tensor:
    """The area that boxes `[*, 4]` share with others `[*, 4]`: `[*]`, 0 where they do not meet.

    >>> intersection_xyxy(torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([[1.0, 0.0, 3.0, 1.0]]))
    tensor([1.])
    """
    low = torch.maximum(boxes[..., :2], others[..., :2])
    high = torch.minimum(boxes[..., 2:], others[..., 2:])
    width, height = (high - low).clamp_min(0).unbind(-1)
    return width * height


def iou_xyxy(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of boxes `[*, 4]` and others `[*, 4]`: `[*]` in 0..1, 0 where both are empty.

    >>> iou_xyxy(torch.tensor([[0.0, 0.0, 2.0, 1.0]]), torch.tensor([[1.0, 0.0, 3.0, 1.0]]))
    tensor([0.3333])
    """
    shared = intersection_xyxy(boxes, others)
    union = area_xyxy(boxes) + area_xyxy(others) - shared
    return shared / union.clamp_min(torch.finfo(union.dtype).tiny)


def coverage_xyxy(regions: Tensor, boxes: Tensor) -> Tensor:
    """The share of each region `[*, 4]` that lies inside its box `[*, 4]`: `[*]` in 0..1, 0 where the region is empty.

    >>> coverage_xyxy(torch.tensor([[0.0, 0.0, 2.0, 1.0]]), torch.tensor([[1.0, 0.0, 9.0, 9.0]]))
    tensor([0.5000])
    """
    area = area_xyxy(regions)
    return intersection_xyxy(regions, boxes) / area.clamp_min(torch.finfo(area.dtype).tiny)


def xywh_to_xyxy(boxes: Tensor) -> Tensor:
    """Boxes `[*, 4]` by their left, top, right and bottom edges.

    >>> xywh_to_xyxy(torch.tensor([[1, 2, 10, 20]]))
    tensor([[ 1,  2, 11, 22]])
    """
    corner, sides = boxes.split(2, -1)
    return torch.cat([corner, corner + sides], -1)


def xyxy_to_xywh(boxes: Tensor) -> Tensor:
    """Boxes `[*, 4]` by their left and top edges, width and height.

    >>> xyxy_to_xywh(torch.tensor([[1, 2, 11, 22]]))
    tensor([[ 1,  2, 10, 20]])
    """
    corner, end = boxes.split(2, -1)
    return torch.cat([corner, end - corner], -1)


def relative_xyxy(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixel boxes `[*, 4]` (x, y, width, height) by their edges, as shares of a picture of `size`: float64.

    >>> relative_xyxy(torch.tensor([[10, 20, 50, 20]]), (100, 80)).tolist()
    [[0.1, 0.25, 0.6, 0.5]]
    """
    return xywh_to_xyxy(boxes.to(torch.float64)) / torch.tensor(size * 2, device=boxes.device)


def rasterize_xyxy(boxes: Tensor, rows: int, columns: int, weights: Tensor | None = None) -> Tensor:
    """How much of each cell of a grid lies under any of the boxes `[N, 4]` in 0..1: `[rows, columns]` in 0..1.

    Where boxes overlap, the larger cover counts; with weights `[N]`, the larger cover times weight.

    >>> rasterize_xyxy(torch.tensor([[0.0, 0.0, 0.75, 1.0]]), rows=1, columns=2)
    tensor([[1.0000, 0.5000]])
    """
    across = cell_shares(boxes[:, 0], boxes[:, 2], columns)
    down = cell_shares(boxes[:, 1], boxes[:, 3], rows)
    if weights is not None:
        down = down * weights.to(down)[:, None]
    covered = down.new_zeros(rows, columns)
    for some_down, some_across in zip(down.split(_AT_ONCE), across.split(_AT_ONCE), strict=True):
        if len(some_down):
            covered = torch.maximum(covered, (some_down[:, :, None] * some_across[:, None, :]).amax(0))
    return covered


def cell_shares(start: Tensor, end: Tensor, cells: int) -> Tensor:
    """The share of each of `cells` equal parts of 0..1 that lies between start and end, both `[*]`: `[*, cells]`.

    >>> cell_shares(torch.tensor(0.25), torch.tensor(1.0), 2)
    tensor([0.5000, 1.0000])
    """
    edge = torch.arange(cells, dtype=start.dtype, device=start.device)
    begin, stop = (start * cells)[..., None], (end * cells)[..., None]
    return (torch.minimum(stop, edge + 1) - torch.maximum(begin, edge)).clamp(0, 1)
