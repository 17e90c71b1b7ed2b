"""What the composition head is given: numbers about subjects, crops and the edges of crops.

Boxes are relative x1, y1, x2, y2. A subject `[5]` is a box and its importance: 1 for what the picture is of, from 0.5
down for objects, 0 for an empty slot.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

MIN_SIDE = 0.005  # of a subject, relative
CONTEXT, EDGE, JOINT, CROP = 18, 7, 7, 11  # how many features there are of each kind
# How the mirror image changes the features: the sign of one of the joint ones, order and signs of a crop's own.
JOINT_MIRROR_SIGNS = (1, 1, 1, -1, 1, 1, 1)
CROP_MIRROR_ORDER = (2, 1, 0, 3, 4, 5, 6, 7, 8, 9, 10)
CROP_MIRROR_SIGNS = (1, 1, 1, 1, 1, 1, 1, -1, 1, 1, 1)


def mirror_boxes(boxes: Tensor) -> Tensor:
    """Boxes or subjects `[*, 4 or more]` as they lie in the mirror image of the picture."""
    x1, y1, x2, y2 = boxes[..., :4].unbind(-1)
    return torch.cat([torch.stack([1 - x2, y1, 1 - x1, y2], -1), boxes[..., 4:]], -1)


def context_features(subjects: Tensor, present: Tensor, shape: Tensor) -> Tensor:
    """Each subject by itself and among the others, without a crop.

    Args:
        subjects: `[P, M, 5]`.
        present: `[P, M]`, which of them count.
        shape: `[P]`, width / height of the pictures.

    Returns:
        `[P, M, 18]`: place, size, shape, distance from the middle, rank, overlaps, importance, the picture's shape.
    """
    x1, y1, x2, y2, importance = subjects.unbind(-1)
    width, height = (x2 - x1).clamp_min(MIN_SIDE), (y2 - y1).clamp_min(MIN_SIDE)
    size = width * height
    rank = ((size[:, None] > size[..., None]) & present[:, None]).sum(-1) / 10
    across = torch.minimum(x2[..., None], x2[:, None]) - torch.maximum(x1[..., None], x1[:, None])
    down = torch.minimum(y2[..., None], y2[:, None]) - torch.maximum(y1[..., None], y1[:, None])
    others = present[:, None] & ~torch.eye(size.shape[1], dtype=torch.bool, device=size.device)
    shared = across.clamp_min(0) * down.clamp_min(0) * others
    features = [
        x1,
        y1,
        x2,
        y2,
        width,
        height,
        size,
        size.log() / 3,
        (width / height).clamp(0.05, 20).log(),
        ((x1 + x2) / 2 - 0.5).abs(),
        ((y1 + y2) / 2 - 0.5).abs(),
        rank,
        (shared / size[..., None]).sum(-1) / 5,
        (shared / size[:, None]).sum(-1) / 5,
        (importance >= 1).to(size.dtype),
        importance,
        importance**4,
        shape.log()[:, None].expand_as(size),
    ]
    return torch.stack(features, -1)


def edge_features(edges: Tensor, subjects: Tensor) -> Tensor:
    """Each subject against each left, top, right and bottom edge of crops, by that edge alone.

    Args:
        edges: `[P, 4, V]`.
        subjects: `[P, M, 5]`.

    Returns:
        `[P, 4, V, M, 7]`: distances inwards from the edge to the subject's near side (positive where all of it is
        inside) and to its far side (positive where some of it is), at several scales, and how much of it is cut.
    """
    near_side = subjects[..., :4].transpose(1, 2)[:, :, None]
    far_side = subjects[..., [2, 3, 0, 1]].transpose(1, 2)[:, :, None]
    inwards = torch.tensor([1.0, 1.0, -1.0, -1.0], device=edges.device)[:, None, None]
    near, far = (near_side - edges[..., None]) * inwards, (far_side - edges[..., None]) * inwards
    cut = (-near / (far - near).clamp_min(0.01)).clamp(0, 1)
    features = [
        near * 3,
        near.clamp(-0.1, 0.1) * 10,
        near.clamp(-0.03, 0.03) * 30,
        far * 3,
        far.clamp(-0.1, 0.1) * 10,
        cut * 2,
        4 * cut * (1 - cut),
    ]
    return torch.stack(features, -1)


def joint_features(crop: Sequence[Tensor], subject: Sequence[Tensor]) -> list[Tensor]:
    """Each subject against each crop, by all four edges: how much of it is visible, and where in the crop it lies.

    Both are given by their edges x1, y1, x2, y2, whose shapes broadcast. Returns 7 features of the broadcast shape.
    """
    x1, y1, x2, y2 = crop
    left, top, right, bottom = subject
    inside = (torch.minimum(x2, right) - torch.maximum(x1, left)).clamp_min(0)
    inside = inside * (torch.minimum(y2, bottom) - torch.maximum(y1, top)).clamp_min(0)
    visible = inside / ((right - left).clamp_min(0.01) * (bottom - top).clamp_min(0.01))
    width, height = x2 - x1, y2 - y1
    across, down = ((left + right) / 2 - x1) / width - 0.5, ((top + bottom) / 2 - y1) / height - 0.5
    return [visible, 4 * visible * (1 - visible), inside / (width * height), across, down, 4 * across**2, 4 * down**2]


def crop_features(crop: Sequence[Tensor], shape: Tensor) -> list[Tensor]:
    """Each crop by itself: its place and size in the picture, and the shapes of both.

    Args:
        crop: x1, y1, x2, y2, of one shape.
        shape: width / height of the picture; broadcasts against the crop's edges.

    Returns:
        11 features of the crop's shape.
    """
    x1, y1, x2, y2 = crop
    width, height = x2 - x1, y2 - y1
    return [
        x1 * 4,
        y1 * 4,
        (1 - x2) * 4,
        (1 - y2) * 4,
        width * 2,
        height * 2,
        width * height * 2,
        (x1 + x2 - 1) * 4,
        (y1 + y2 - 1) * 4,
        (width / height * shape).log() * 2,
        shape.log().expand_as(width),
    ]
