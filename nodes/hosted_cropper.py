"""A cropper whose weights ComfyUI looks after."""

from __future__ import annotations

import comfy.model_management
import comfy.model_patcher
from torch import Tensor

from ..jobs.analyse import BATCH_SIZE, analyse_thumbnails, thumbnail_of_tensor
from ..models.analysis import Analysis
from ..models.base import Cropper
from ..models.registry import BUNDLED, load_cropper
from .host import stop_if_interrupted

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
        """One analysis for each of `[B, H, W, 3]` images in 0..1, the same as the command finds for the files."""
        self.ready()
        analyses = []
        for some in images.split(BATCH_SIZE):
            stop_if_interrupted()
            analyses += analyse_thumbnails(self.cropper, [thumbnail_of_tensor(each) for each in some], self._device)
        return analyses


def or_default(cropper: HostedCropper | None) -> HostedCropper:
    """The cropper that is connected, else the bundled default."""
    return cropper or HostedCropper(load_cropper(DEFAULT))
