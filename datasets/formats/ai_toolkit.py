"""ostris/ai-toolkit: crops with one-line captions in `pictures/`, masks in `masks/`.

The bucket rule restates ai-toolkit's `get_bucket_for_image_size`.
"""

from __future__ import annotations

from math import ceil, floor, sqrt
from pathlib import PurePosixPath

from .base import DatasetFormat, Size

_STEP = 64  # sides of buckets are multiples of it


class AiToolkit(DatasetFormat):
    """ai-toolkit also reads the folders below the one it is given, so pictures and masks lie in two folders."""

    name = "ai-toolkit"
    summary = "crops with one-line captions in pictures/, masks in masks/"
    reads_subfolders = False
    reads_all_pictures = True

    def recropped_size(self, size: Size, resolution: int) -> Size | None:
        bucket = ai_toolkit_bucket(size, resolution)
        return None if bucket == size else bucket

    @property
    def crop_folder(self) -> str:
        return "pictures"

    def mask_path(self, crop_path: str) -> str:
        return super().mask_path(PurePosixPath(crop_path).name)

    def format_caption(self, caption: str) -> str:
        """One line, as ai-toolkit reads it."""
        return " ".join(caption.split())


def ai_toolkit_bucket(size: Size, resolution: int) -> Size:
    """The bucket that ai-toolkit picks for a picture.

    The picture is scaled down to at most `resolution` squared pixels. Of the four ways to round its sides down or up to
    multiples of 64, the one nearest in area is the bucket, among those within the budget.
    """
    budget = resolution * resolution
    area = min(size[0] * size[1], budget)
    scale = sqrt(area / (size[0] * size[1]))
    across, down = (side * scale / _STEP for side in size)
    rounded = [(w * _STEP, h * _STEP) for w in (floor(across), ceil(across)) for h in (floor(down), ceil(down))]
    fitting = [(w, h) for w, h in rounded if w and h and w * h <= budget]
    if not fitting:
        return max(_STEP, floor(across) * _STEP), max(_STEP, floor(down) * _STEP)
    return min(fitting, key=lambda bucket: abs(bucket[0] * bucket[1] - area))
