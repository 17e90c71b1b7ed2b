"""From pictures and boxes of any size to what GAIC's network takes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..backbones.imagenet import standardise
from .variant import GaicVariant

SHORT_SIDE, MAX_LONG_SIDE = 256, 2048
STRIDE = 32  # both sides are multiples of it
ROUNDING = 1e-4  # of a pixel: what conversion may add to a coordinate that was a whole number


def working_size(size: tuple[int, int], short_side: int = SHORT_SIDE) -> tuple[int, int]:
    """The (width, height) that the network works at: short side 256 (or another), both sides multiples of 32.

    Pictures longer than 8 : 1 are squeezed to that, because a strip of a few pixels would need gigabytes.

    >>> working_size((4000, 3000))
    (352, 256)
    """
    scale = short_side / min(size)
    width, height = (min(round(side * scale / STRIDE) * STRIDE, MAX_LONG_SIDE) for side in size)
    return width, height


def preprocess(images: Tensor, size: tuple[int, int], variant: GaicVariant) -> Tensor:
    """`[B, 3, H, W]` RGB in 0..1 → `[B, 3, height, width]` of `size`, reduced and standardised as in training."""
    if (images.shape[-1], images.shape[-2]) != size:
        shape = (size[1], size[0])
        images = F.interpolate(images, shape, mode="bilinear", align_corners=False, antialias=variant.antialias)
    return standardise_values(images, variant)


def standardise_values(images: Tensor, variant: GaicVariant) -> Tensor:
    """`[B, 3, H, W]` RGB in 0..1 → as the backbones expect it."""
    return standardise(images * variant.white_value)


def round_out(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Relative boxes `[*, 4]` in pixels of a picture of (width, height) `size`, sides moved out to whole pixels."""
    pixels = boxes * boxes.new_tensor(size).repeat(2)
    return torch.cat(((pixels[..., :2] + ROUNDING).floor(), (pixels[..., 2:] - ROUNDING).ceil()), dim=-1)
