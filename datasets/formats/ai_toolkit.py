"""ostris/ai-toolkit: crops with one-line captions in `pictures/`, masks in `masks/`.

The bucket rule restates ai-toolkit's `get_bucket_for_image_size`. Its step is the model's `get_bucket_divisibility`, 8,
16 or 32 pixels: a size that 32 divides is kept for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, sqrt
from pathlib import PurePosixPath

from ...cropping.checks import MAX_SIDE, check_count, check_size
from .base import DatasetFormat, Size


class AiToolkit(DatasetFormat):
    """ai-toolkit also reads the folders below the one it is given, so pictures and masks lie in two folders."""

    name = "ai-toolkit"
    summary = "crops with one-line captions in pictures/, masks in masks/"
    reads_subfolders = False
    reads_all_pictures = True
    usual_step = 32

    def recropped_size(self, size: Size, resolution: int) -> Size | None:
        bucket = ai_toolkit_bucket(size, resolution, self.rule_step)
        return None if bucket == size else bucket

    def trainer_settings(self, sizes: Iterable[Size], resolution: int) -> list[str]:
        return [f"`resolution: {resolution}` for the data set, and no other"]

    @property
    def crop_folder(self) -> str:
        return "pictures"

    def mask_path(self, crop_path: str) -> str:
        return super().mask_path(PurePosixPath(crop_path).name)

    def format_caption(self, caption: str) -> str:
        """One line, as ai-toolkit reads it."""
        return " ".join(caption.split())


def ai_toolkit_bucket(size: Size, resolution: int, step: int) -> Size:
    """The bucket that ai-toolkit picks for a picture.

    The picture is scaled down to at most `resolution` squared pixels. Of the four ways to round its sides down or up to
    multiples of `step`, the one nearest in area is the bucket, among those within the budget.

    Raises:
        TypeError, ValueError: when the size is none, or resolution or step no number of pixels.
    """
    size = check_size("size", size)
    check_count("resolution", resolution, MAX_SIDE)
    check_count("step", step, MAX_SIDE)
    budget = resolution * resolution
    area = min(size[0] * size[1], budget)
    scale = sqrt(area / (size[0] * size[1]))
    across, down = (side * scale / step for side in size)
    rounded = [(w * step, h * step) for w in (floor(across), ceil(across)) for h in (floor(down), ceil(down))]
    fitting = [(w, h) for w, h in rounded if w and h and w * h <= budget]
    if not fitting:
        return max(step, floor(across) * step), max(step, floor(down) * step)
    return min(fitting, key=lambda bucket: abs(bucket[0] * bucket[1] - area))
