"""The thumbnail of a picture that is then cropped: decoded once for both, where that is cheaper."""

from __future__ import annotations

import numpy as np

from ..cropping.constraint import UnsatisfiableError
from ..cropping.sequence import EACH
from ..images.decode import Picture
from ..images.resample import MOST_REDUCED
from .analyse import ANALYSIS_SIDE
from .settings import CropSettings


def thumbnail_for(picture: Picture, settings: CropSettings) -> np.ndarray:
    """What a cropper sees of a picture, uint8 `[h, w, 3]`.

    It follows from the picture and the settings alone, so that the picture gets the same crop through every door.

    Args:
        picture: that is cropped under the settings.
        settings: of the run.

    Raises:
        PictureError: when the picture cannot be read.
    """
    return picture.small(ANALYSIS_SIDE, decoded_at=_crop_scale(picture, settings))


def _crop_scale(picture: Picture, settings: CropSettings) -> int:
    """How many times smaller than the file the picture will be decoded for its crops, at least; `MOST_REDUCED` where
    that cannot be foreseen.

    Where that is 1 it is certain. A half, or less, is right for the largest crop of a ratio only.
    """
    if settings.buckets is not None or settings.faces is not None or settings.frames != EACH:
        return MOST_REDUCED  # they are cut later, or from all of the picture
    size = picture.info.size
    try:
        asked = [
            (ratio.largest_in(size), settings.shape_of(ratio, size, place))
            for place, constraint in enumerate(settings.constraints())
            for ratio in constraint.ratios_for(size)
        ]
    except UnsatisfiableError:
        return MOST_REDUCED
    scale = min(picture.scale_for(largest, settings.size_of(largest, shape, size)) for largest, shape in asked)
    return scale if scale == 1 or _keeps_the_most(settings) else MOST_REDUCED


def _keeps_the_most(settings: CropSettings) -> bool:
    """Whether crops are mostly as large as can be."""
    objective = settings.objective
    return settings.per_subject is None and objective.size_model is None and objective.chooser is None
