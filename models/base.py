"""The contract of a cropper, checked when its class is made, and the description of a kind of checkpoint."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import getattr_static
from typing import Any

import torch
from torch import Tensor, nn

from ..cropping.checks import show
from .analysis import Analysis
from .runtime.choice import FLOAT32, TORCH
from .runtime.network_pass import NetworkPass
from .state_dict import digest_weights

OVERSHOOT = 0.5  # beyond 0..1: resampling and colour filters overshoot by less; other value ranges overshoot by more
_PLAIN = {
    "name": "the registry and the command read it from the class, without making a cropper",
    "module": "a host reads it to move the weights between devices, and must find the same network each time",
    "analyse": "it is called with images",
}


class Cropper(ABC):
    """Pictures → analyses, in one batched pass.

    A subclass sets `name` in its body and defines `analyse`. This is checked when the class is made, not when it is
    first used.

    Attributes:
        name: as users call it.
        module: the network, which a host may move between devices; None for a cropper without weights.
        network_pass: runs the network over pictures; None for a cropper without weights.
        reads_pixels: whether it looks at the pictures; where it does not, it may be given any others instead.

    Raises:
        TypeError: when a subclass is made that breaks the contract; it names the attribute and the reason.
    """

    name: str
    module: nn.Module | None = None
    network_pass: NetworkPass[Any] | None = None
    reads_pixels: bool = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for attribute, reason in _PLAIN.items():
            if isinstance(getattr_static(cls, attribute, None), (property, cached_property)):
                raise TypeError(f"{cls.__name__}.{attribute} must not be a property: {reason}")
        name = getattr_static(cls, "name", None)
        if not isinstance(name, str) or not name:
            raise TypeError(f"{cls.__name__}.name must be a string that is not empty: users choose the cropper by it")
        if cls.analyse is Cropper.analyse:
            raise TypeError(f"{cls.__name__} must define analyse(images): it is all that a cropper does")

    @abstractmethod
    def analyse(self, images: Tensor) -> list[Analysis]:
        """Analyses `[B, 3, H, W]` RGB images with values in 0..1.

        It runs on the device of the module, or of the images where there is none. Any size is taken; each cropper
        brings the images to its own working size. The result does not depend on what else is in the batch.

        Raises:
            ValueError: when `images` are not such a batch, see `validate_images`.
        """

    @property
    def device(self) -> torch.device | None:
        """Where the weights are now, or None for a cropper without weights."""
        if self.module is None:
            return None
        parameter = next(self.module.parameters(), None)
        return None if parameter is None else parameter.device

    def runtime_on(self, device: str | torch.device) -> str:
        """What runs its network on a device, such as `torch` or `openvino bfloat16`; see `Runtime`."""
        if self.network_pass is None or torch.device(device).type != "cpu":
            return TORCH
        return str(self.network_pass.runtime)

    def check_precision(self, device: str | torch.device, precision: str) -> None:
        """Refuses a precision that would do nothing to its network on a device.

        Raises:
            ValueError: naming `precision`, and why.
        """
        kind = torch.device(device).type
        if precision != FLOAT32 and (self.network_pass is None or kind != "cpu"):
            where = f"is for the CPU, and does nothing on {kind}"
            why = f"{self.name} has no network" if self.network_pass is None else where
            raise ValueError(f"precision: {precision}: {why}")

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex, of its weights; empty for a cropper without weights.

        It is the same on every device. It is computed when first read and then kept, so read it after the weights were
        loaded.
        """
        return "" if self.module is None else digest_weights(self.module)


@dataclass(frozen=True)
class Architecture:
    """A kind of checkpoint, recognised by the keys of its state dict, as in spandrel.

    Attributes:
        name: of the cropper.
        detect: whether a state dict is of this kind.
        load: the cropper from such a state dict. Raises ValueError, saying what is wrong with it.
    """

    name: str
    detect: Callable[[Mapping[str, Tensor]], bool]
    load: Callable[[Mapping[str, Tensor]], Cropper]


def validate_images(images: Tensor) -> Tensor:
    """The images as float32.

    Values may overshoot 0..1 by a half, because resampling does.

    Raises:
        TypeError: when `images` are no plain tensor.
        ValueError: when `images` are not `[B, 3, H, W]`, are empty, or hold integers, NaN, infinity or values of
            another range, such as 0..255 or -1..1.
    """
    if not isinstance(images, Tensor) or images.is_meta or images.layout != torch.strided:
        raise TypeError(f"images must be a plain tensor [B, 3, H, W], got {show(images)}")
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape:
        raise ValueError(f"images must be [B, 3, H, W] with at least one pixel, got {list(images.shape)}")
    if not images.is_floating_point():
        raise ValueError(f"images must hold floats in 0..1, got {images.dtype}; divide whole numbers by their range")
    images = images.float()
    # Read in the order in which the values lie in memory, which is four times as fast.
    in_order = images.permute(0, 2, 3, 1) if images.is_contiguous(memory_format=torch.channels_last) else images
    low, high = torch.stack(in_order.aminmax()).tolist()  # both are NaN where any value is
    if not (low >= -OVERSHOOT and high <= 1 + OVERSHOOT):
        raise ValueError(f"images must hold finite values in 0..1, got {low:.4g} to {high:.4g}")
    return images
