"""The networks of a run, in a process that is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..models.base import Cropper
from ..models.registry import load_cropper
from ..models.runtime.choice import parse_runtime
from .settings import CropSettings

if TYPE_CHECKING:
    from ..models.landmarks.loading import LandmarkFinder


def find_worker_cropper(name: str, device: str, settings: CropSettings, loaded: Cropper | None = None) -> Cropper:
    """The cropper with the weights and the runtime that the settings were made with.

    Args:
        name: or path that `load_cropper` finds it by.
        device: that it is put on.
        settings: of the run.
        loaded: one that is there already, on that device.

    Raises:
        ValueError: when the cropper that is found has other weights, or what runs its network there is not
            installed here.
    """
    runtime = parse_runtime(settings.runtime)
    cropper = loaded or load_cropper(name, device, runtime.name, runtime.precision)
    if (cropper.name, cropper.digest) != (settings.cropper, settings.weights):
        raise ValueError(f"cropper: {name} has other weights here than where the run was started")
    return cropper


def load_worker_finder(settings: CropSettings) -> LandmarkFinder:
    """The finder of the points of faces, with the weights that the settings were made with.

    Args:
        settings: of a run over faces.

    Raises:
        ValueError: when other weights come with what is installed here.
    """
    from ..models.landmarks.loading import load_bundled_finder  # most runs are not over faces

    finder = load_bundled_finder()
    if settings.faces is None or settings.faces.finder != finder.digest:
        raise ValueError("finder: that of the points of faces has other weights here than where the run was started")
    return finder
