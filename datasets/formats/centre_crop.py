"""The part of a picture that is left where a trainer crops by itself."""

from __future__ import annotations

from ...cropping.box import Box
from ...cropping.checks import check_size
from .base import Size


def centre_crop(size: Size, bucket: Size) -> Box:
    """The part of a picture that remains when it is scaled to cover a bucket and its centre is cut out.

    Args:
        size: width and height of the picture.
        bucket: width and height of the bucket.

    Returns:
        A box in source pixels, exact to the pixel that the trainer's resizing rounds to.

    >>> centre_crop((2000, 1000), (1024, 1024)).as_list()
    [500, 0, 1000, 1000]

    Raises:
        TypeError, ValueError: when a size is none; names it.
    """
    size, bucket = check_size("size", size), check_size("bucket", bucket)
    scale = max(bucket[0] / size[0], bucket[1] / size[1])
    width, height = (min(side, max(1, round(each / scale))) for side, each in zip(size, bucket, strict=True))
    return Box((size[0] - width) // 2, (size[1] - height) // 2, width, height)
