"""A plan for pictures of which only the sizes are known: every part of a picture is worth the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ..bucketing.report import BucketReport
from ..bucketing.sizes import format_size
from ..cropping.box import Box
from ..cropping.checks import Size, check_size
from ..cropping.crop import Crop
from ..cropping.ratio import Ratio
from ..datasets.manifest import CropRecord
from .bucket_stages import baseline_crop, sort_pictures
from .settings import BucketSettings
from .stages import crop_record


def plan_sizes(sizes: Sequence[Size], settings: BucketSettings) -> BucketReport:
    """The report of a plan for pictures of these sizes (width, height), each cropped about its middle.

    Raises:
        TypeError, ValueError: when a size is none, or there is no size.
    """
    if not sizes:
        raise ValueError("sizes: there are none to plan for")
    sizes = [check_size("sizes", size) for size in sizes]

    @cache
    def measure(size: Size) -> list[CropRecord]:
        return measure_size(size, settings)

    names = [f"{number}: {format_size(size)}" for number, size in enumerate(sizes, 1)]
    return sort_pictures(names, sizes, map(measure, sizes), settings).report


def measure_size(size: Size, settings: BucketSettings) -> list[CropRecord]:
    """The largest crop for every bucket, about the middle, and last what kohya would cut out.

    The records are those that `measure_picture` gives for a picture of uniform heat under a smallest share of 1.
    """
    records = []
    for bucket in settings.grid.sizes:
        width, height = Ratio.of(bucket).largest_in(size)
        box = Box((size[0] - width) // 2, (size[1] - height) // 2, width, height)
        records.append(_record(box, bucket, size))
    return [*records, _record(*baseline_crop(size, settings.resolution), size)]


def _record(box: Box, bucket: Size, size: Size) -> CropRecord:
    kept = box.area / (size[0] * size[1])
    return crop_record(Crop(box, Ratio.of(bucket), 0.0, kept=kept), size, bucket, None, bucket)
