"""Thumbnails: what croppers see of a picture, and what perceptual hashes are made of."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..cropping.checks import LIMIT, check_count, check_size
from .orientation import FloatBox
from .resample import SMALL_FILTER, Size, average_blocks, block_side, resize, scale_box, shrink_factor

# A thumbnail keeps its short side up to this ratio; beyond it, its long side would cost more than the picture is worth.
_LONGEST = 8


def small_size(size: Size, short_side: int) -> Size:
    """Width and height of a thumbnail whose shorter side has at most `short_side` pixels; never larger than `size`.

    Pictures of one ratio get thumbnails of one size, whatever their own size. Where the ratio is beyond 8 : 1, the
    longer side has 8 times `short_side`, and the shorter one fewer.

    >>> small_size((3000, 2000), 512), small_size((300, 200), 512), small_size((16000, 1000), 512)
    ((768, 512), (300, 200), (4096, 256))

    Raises:
        TypeError, ValueError: when `short_side` is not a whole number of at least 1, or `size` none.
    """
    short_side = check_count("short_side", short_side, LIMIT)
    width, height = check_size("size", size)
    scale = min(1.0, short_side / min(width, height), _LONGEST * short_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def small_pixels(pixels: np.ndarray, short_side: int) -> np.ndarray:
    """A thumbnail of a decoded picture, as `Picture.small` makes it of a file.

    The two are equal where the file is no JPEG, or is less than twice as large as the thumbnail. Where a JPEG decoder
    has reduced the picture to a half, a quarter or an eighth, they differ by at most 0.6 levels of 255 on average (on
    the sample photographs at 256 and 512 pixels), since it averages brightness and colour rather than RGB.

    Args:
        pixels: uint8 `[H, W, 3]`.
        short_side: see `small_size`.

    Returns:
        uint8 `[h, w, 3]`.

    Raises:
        TypeError, ValueError: when `short_side` is not a whole number of at least 1.
    """
    region, size, block = _plan_thumbnail(pixels, short_side)
    return np.array(resize(Image.fromarray(pixels), region, size, SMALL_FILTER, block))


def small_floats(values: np.ndarray, short_side: int) -> np.ndarray:
    """The thumbnail of a picture of floats: the one of `small_pixels` for the same picture in 8 bits.

    Blocks of pixels are averaged before anything is rounded, so that a large picture is read only once. Where the
    values are no whole levels of 255, the thumbnail is therefore within one level of that of the rounded picture.

    Args:
        values: float32 `[H, W, 3]` in 0..1.
        short_side: see `small_size`.

    Returns:
        uint8 `[h, w, 3]`.

    Raises:
        TypeError, ValueError: when `short_side` is not a whole number of at least 1.
    """
    region, size, block = _plan_thumbnail(values, short_side)
    reduced = Image.fromarray(average_blocks(values, block))
    return np.array(resize(reduced, scale_box(region, 1 / block), size, SMALL_FILTER))


def _plan_thumbnail(picture: np.ndarray, short_side: int) -> tuple[FloatBox, Size, int]:
    """For a picture `[H, W, 3]`: all of it as a region in pixels, the thumbnail's size, and the side of its blocks."""
    height, width = picture.shape[:2]
    size = small_size((width, height), short_side)
    region = (0.0, 0.0, float(width), float(height))
    return region, size, block_side(shrink_factor(region, size))
