"""What judges pictures."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from .analysis import Analysis


class Cropper(ABC):
    """Pictures → analyses, in one batched pass.

    Attributes:
        name: as users call it.
        module: the network, which a host may move between devices; None for a cropper without weights.
    """

    name: str
    module: nn.Module | None = None

    @abstractmethod
    def analyse(self, images: Tensor) -> list[Analysis]:
        """Analyses `[B, 3, H, W]` RGB images with values in 0..1.

        It runs on the device of the module, or of the images where there is none. Any size is taken; each cropper
        brings the images to its own working size. The result does not depend on what else is in the batch.
        """

    @property
    def device(self) -> torch.device | None:
        """Where the weights are now, or None for a cropper without weights."""
        if self.module is None:
            return None
        parameter = next(self.module.parameters(), None)
        return None if parameter is None else parameter.device


def validate_images(images: Tensor) -> Tensor:
    """The images as float32.

    Raises:
        ValueError: when they are not `[B, 3, H, W]`, empty, or integers (which would not be in 0..1).
    """
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape:
        raise ValueError(f"images must be [B, 3, H, W] with at least one pixel, got {list(images.shape)}")
    if not images.is_floating_point():
        raise ValueError(f"images must hold floats in 0..1, got {images.dtype}; divide whole numbers by their range")
    return images.float()
