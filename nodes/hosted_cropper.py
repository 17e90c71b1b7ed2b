"""A cropper whose weights ComfyUI looks after."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import comfy.model_management
import comfy.model_patcher
import numpy as np

from ..jobs.analyse import analyse_thumbnails
from ..models.analysis import Analysis
from ..models.base import Cropper
from ..models.registry import BUNDLED, load_cropper

DEFAULT = next(iter(BUNDLED))

REMEMBERED = 400
"""Analyses that a cropper remembers, of about 50 kB each."""


class HostedCropper:
    """The value on a SALIENT_CROPPER wire: a cropper that ComfyUI loads when it is needed and may evict when not.

    Attributes:
        cropper: call `load` before it is used.
        source: the bundled name or the file that it was loaded from.
        device: that it analyses on.
    """

    def __init__(self, cropper: Cropper, source: str | None = None) -> None:
        self.cropper = cropper
        self.source = source or cropper.name
        self.device = comfy.model_management.get_torch_device()
        self._known: OrderedDict[bytes, Analysis] = OrderedDict()
        self._patcher = None
        if cropper.module is not None:
            self._patcher = comfy.model_patcher.CoreModelPatcher(
                cropper.module,
                load_device=self.device,
                offload_device=comfy.model_management.unet_offload_device(),
            )

    def load(self) -> Cropper:
        """The cropper with its weights on `device`."""
        if self._patcher is not None:
            comfy.model_management.load_model_gpu(self._patcher)
        return self.cropper

    def analyse(self, thumbnails: Sequence[np.ndarray]) -> list[Analysis]:
        """The analysis of each thumbnail, uint8 `[h, w, 3]`; see `analyse_thumbnails`.

        The last ones are remembered: a run in which only a correction or a ratio is another one analyses nothing.
        """
        keys = [_key_of(each) for each in thumbnails]
        unknown = {key: each for key, each in zip(keys, thumbnails, strict=True) if key not in self._known}
        found = {key: self._known[key] for key in keys if key in self._known}
        if unknown:
            found |= zip(unknown, analyse_thumbnails(self.load(), list(unknown.values()), self.device), strict=True)
        for key in keys:
            self._known[key] = found[key]
            self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return [found[key] for key in keys]


def _key_of(thumbnail: np.ndarray) -> bytes:
    """By which a thumbnail is known again."""
    return blake2b(repr(thumbnail.shape).encode() + thumbnail.tobytes(), digest_size=16).digest()


def or_default(cropper: HostedCropper | None) -> HostedCropper:
    """The cropper that is connected, else the bundled default."""
    return cropper or HostedCropper(load_cropper(DEFAULT), DEFAULT)
