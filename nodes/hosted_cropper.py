"""A cropper whose weights ComfyUI looks after."""

from __future__ import annotations

import comfy.model_management
import comfy.model_patcher
from torch import Tensor

from ..models.analysis import Analysis
from ..models.base import Cropper
from ..models.registry import BUNDLED, load_cropper
from .host import stop_if_interrupted

AT_ONCE = 8
DEFAULT = next(iter(BUNDLED))


class HostedCropper:
    """The value on a SALIENT_CROPPER wire: a cropper that ComfyUI loads when it is needed and may evict when not."""

    def __init__(self, cropper: Cropper) -> None:
        self.cropper = cropper
        self._device = comfy.model_management.get_torch_device()
        self._patcher = None
        if cropper.module is not None:
            self._patcher = comfy.model_patcher.CoreModelPatcher(
                cropper.module,
                load_device=self._device,
                offload_device=comfy.model_management.unet_offload_device(),
            )

    def ready(self) -> tuple[Cropper, str]:
        """The cropper, loaded, and the device that its pictures must be on."""
        if self._patcher is not None:
            comfy.model_management.load_model_gpu(self._patcher)
        return self.cropper, str(self._device)

    def analyse(self, images: Tensor) -> list[Analysis]:
        """One analysis for each of `[B, H, W, 3]` images in 0..1."""
        self.ready()
        found = []
        for some in images.movedim(-1, 1).split(AT_ONCE):
            stop_if_interrupted()
            found += self.cropper.analyse(some.to(self._device))
        return found


def or_default(cropper: HostedCropper | None) -> HostedCropper:
    """The cropper that is connected, else the bundled default."""
    return cropper or HostedCropper(load_cropper(DEFAULT))
