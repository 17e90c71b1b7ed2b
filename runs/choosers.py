"""From thumbnails to crops: one picture at a time on a CPU."""

from __future__ import annotations

import numpy as np

from ..cropping.crop import Crop
from ..models.cropper import Cropper
from .request import CropRequest
from .stages import Chooser, Size, analyse, choose


def one_by_one(cropper: Cropper, request: CropRequest) -> Chooser:
    """A chooser for CPUs: every worker takes its own picture through the cropper.

    A batch would be no faster there, and a picture's crop would depend, in its last digits, on its company.
    """

    def crops_of(thumbnail: np.ndarray, size: Size) -> list[Crop]:
        return choose(analyse(cropper, [thumbnail]), [size], request)[0]

    return crops_of
