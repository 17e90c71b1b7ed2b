"""Crops of tensors, cut as the command cuts them from files (`images.cut`), and never sharing memory with their source.

A slice that shares memory would keep the whole picture in ComfyUI's cache, and a node that writes into its input would
change the picture too.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..cropping.box import Box
from ..images.cut import CutPlan, cut_tensor, outside_mask, plan_cut, resize_tensor
from ..images.fill import Fill
from .sockets import Size


def cut_picture(picture: Tensor, box: Box, size: Size | None = None, fill: Fill = None) -> Tensor:
    """The box out of a picture `[H, W, 3]`, resized to `size` (None: the box's own): `[h, w, 3]`.

    Outside the picture it is white, or what `fill` says.

    Raises:
        OutsideError: when no pixel of the box lies on the picture.
    """
    if isinstance(fill, str):
        return _copy(cut_tensor(picture, box, size, fill=fill))
    return _copy(cut_tensor(picture, box, size, 1.0 if fill is None else [level / 255 for level in fill]))


def cut_mask(mask: Tensor | None, box: Box, picture_size: Size, size: Size | None = None) -> Tensor:
    """The same box out of the picture's mask `[h, w]`, which is stretched over the picture: `[h, w]`; 0 outside it.

    Args:
        mask: of any size; None: nothing is white.
        picture_size: of the picture that the box lies on.
        size: of the result; None: the box's own.

    Raises:
        OutsideError: when no pixel of the box lies on the picture.
    """
    plan = plan_cut(box, size, picture_size)
    if mask is None:
        return _zeros(plan.size)
    height, width = mask.shape
    x_scale, y_scale = width / picture_size[0], height / picture_size[1]
    x1, y1, x2, y2 = plan.region
    region = x1 * x_scale, y1 * y_scale, min(x2 * x_scale, width), min(y2 * y_scale, height)
    part = resize_tensor(mask[..., None], region, plan.part_size)[..., 0]
    return _place(part, plan) if plan.padded else _copy(part)


def mark_outside(box: Box, picture_size: Size, size: Size | None = None, feather: int = 0, overlap: int = 0) -> Tensor:
    """`[h, w]`: 1 where the box lies outside a picture of `picture_size`, 0 on the picture; see `outside_mask`.

    Raises:
        OutsideError: when no pixel of the box lies on the picture.
    """
    plan = plan_cut(box, size, picture_size)
    if not plan.padded:
        return _zeros(plan.size)
    return torch.from_numpy(outside_mask(plan, feather, overlap))


def _copy(part: Tensor) -> Tensor:
    """A copy in memory of its own. NumPy copies a part of a picture row by row, three times as fast as PyTorch."""
    if part.device.type != "cpu":
        return part.clone()
    return torch.from_numpy(part.detach().numpy().copy())


def _zeros(size: Size) -> Tensor:
    """`[h, w]` of zeros. NumPy's take no memory, and no time, until somebody writes or reads them."""
    return torch.from_numpy(np.zeros(size[::-1], np.float32))


def _place(part: Tensor, plan: CutPlan) -> Tensor:
    left, top, right, bottom = plan.place
    canvas = part.new_zeros(plan.size[1], plan.size[0])
    canvas[top:bottom, left:right] = part
    return canvas
