"""The standardisation of networks that were trained on ImageNet."""

from __future__ import annotations

from torch import Tensor

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the red, green and blue values of ImageNet, in 0..1


def standardise(images: Tensor) -> Tensor:
    """`[B, 3, H, W]` RGB in 0..1 → the same less the mean and divided by the standard deviation of each channel."""
    mean, std = (images.new_tensor(each)[:, None, None] for each in (MEAN, STD))
    return (images - mean) / std
