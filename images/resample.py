"""Resizing a part of a picture with an antialiasing filter: one backend (Pillow) for 8-bit pictures and for floats."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import ceil

import numpy as np
from PIL import Image

from ..cropping.checks import Size
from .orientation import FloatBox

CROP_FILTER = Image.Resampling.LANCZOS
SMALL_FILTER = Image.Resampling.BILINEAR  # for thumbnails: what croppers see, and previews
MOST_REDUCED = 8
"""By how much a JPEG decoder reduces a picture at most, along each side."""
# Pillow averages whole blocks of pixels first where at least this many times the result's size remain for the filter
# proper. Its authors call the result of 3 indistinguishable.
_REDUCING_GAP = 3.0
_WIDEST_SUPPORT = 3.0  # of a filter on each side, in pixels of the result: Lanczos


def scale_box(box: FloatBox, factor: float) -> FloatBox:
    """The box in pixels that are `factor` times as many a side."""
    return box[0] * factor, box[1] * factor, box[2] * factor, box[3] * factor


def shrink_factor(region: FloatBox, size: Size) -> float:
    """How many times smaller `size` is than the region, along the side where it is less."""
    return min((region[2] - region[0]) / size[0], (region[3] - region[1]) / size[1])


def block_side(shrink: float) -> int:
    """By how much a JPEG decoder reduces a picture that is to become `shrink` times smaller: 8, 4, 2 or 1."""
    return next((each for each in (MOST_REDUCED, 4, 2) if each <= shrink), 1)


def whole_pixels(region: FloatBox, size: Size) -> tuple[int, int, int, int] | None:
    """The region in whole pixels where it has the result's size and lies on the pixel grid, else None.

    Then nothing has to be computed: the result is a slice of the picture.
    """
    left, top = round(region[0]), round(region[1])
    whole = left, top, left + size[0], top + size[1]
    return whole if all(edge == pixel for edge, pixel in zip(region, whole, strict=True)) else None


def resize(
    image: Image.Image, region: FloatBox, size: Size, filter: Image.Resampling = CROP_FILTER, block: int = 1
) -> Image.Image:
    """The region of a picture at another size; a plain crop where no pixel has to be computed.

    Args:
        image: 8 bits a channel.
        region: left, top, right, bottom in pixels of `image`, inside it.
        size: width and height of the result.
        filter: of the resizing.
        block: pixels a side of the squares that are averaged first, over the whole picture.
    """
    if block > 1:
        image, region = image.reduce(block), scale_box(region, 1 / block)
    whole = whole_pixels(region, size)
    if whole is not None:
        return image.crop(whole)
    return image.resize(size, filter, box=region, reducing_gap=_REDUCING_GAP)


def resize_floats(
    pixels: np.ndarray, region: FloatBox, size: Size, filter: Image.Resampling = CROP_FILTER
) -> np.ndarray:
    """The same as `resize` for values in 0..1, without rounding them to 8 bits.

    Each channel is a 32-bit grey picture of its own, on a thread of its own. The result is within 1/255 of the 8-bit
    one, except where Lanczos overshoots beside hard edges of black or white: the 8-bit filter limits its values after
    the first of its two passes already. On photographs these are less than 1 % of the pixels, most of them within
    5/255.

    Args:
        pixels: float32 `[H, W, C]`.
        region, size: see `resize`.

    Returns:
        float32 `[h, w, C]`, limited to 0..1.
    """
    part, region = _with_margin(pixels, region, size)

    def resize_channel(index: int) -> np.ndarray:
        plane = Image.fromarray(np.ascontiguousarray(part[..., index]))
        return np.asarray(plane.resize(size, filter, box=region, reducing_gap=_REDUCING_GAP))

    channels = pixels.shape[2]
    with ThreadPoolExecutor(channels) as pool:
        return np.stack(list(pool.map(resize_channel, range(channels))), axis=-1).clip(0, 1)


def average_blocks(values: np.ndarray, block: int) -> np.ndarray:
    """The means of squares of `block` × `block` pixels, rounded to 8 bits: what `Image.reduce` gives of the levels.

    Args:
        values: float32 `[H, W, C]` in 0..1. What is left at the right and the bottom makes smaller blocks.
        block: pixels a side.

    Returns:
        uint8 `[ceil(H / block), ceil(W / block), C]`.
    """
    if block == 1:
        return _to_levels(values)
    height, width, channels = values.shape
    rows, columns = height // block, width // block
    # Whole rows are summed first, because they lie one after the other in memory.
    sums = np.add.reduce(values[: rows * block].reshape(rows, block, width * channels), axis=1)
    sums = sums.reshape(rows, width, channels)
    totals = sums[:, : columns * block : block].copy()
    for start in range(1, block):
        totals += sums[:, start : columns * block : block]
    averages = np.empty((ceil(height / block), ceil(width / block), channels), np.uint8)
    averages[:rows, :columns] = _round(totals * np.float32(255 / block**2))
    if width > columns * block:
        averages[:, columns:] = _reduce_edge(values[:, columns * block :], block)
    if height > rows * block:
        averages[rows:] = _reduce_edge(values[rows * block :], block)
    return averages


def _reduce_edge(values: np.ndarray, block: int) -> np.ndarray:
    return np.array(Image.fromarray(_to_levels(values)).reduce(block))


def _to_levels(values: np.ndarray) -> np.ndarray:
    """Values in 0..1 as uint8 levels."""
    return _round(values * np.float32(255))


def _round(levels: np.ndarray) -> np.ndarray:
    """The nearest whole levels, halves upwards. Means of whole levels can be a half; float32 misses it by a hair."""
    return (levels + np.float32(0.501)).astype(np.uint8)


def _with_margin(pixels: np.ndarray, region: FloatBox, size: Size) -> tuple[np.ndarray, FloatBox]:
    """The part of the pixels that any filter reads, and where the region lies in it."""
    left, top, right, bottom = region
    beside = ceil(_WIDEST_SUPPORT * max(1.0, (right - left) / size[0])) + 1
    above = ceil(_WIDEST_SUPPORT * max(1.0, (bottom - top) / size[1])) + 1
    x, y = max(0, int(left) - beside), max(0, int(top) - above)
    part = pixels[y : ceil(bottom) + above, x : ceil(right) + beside]
    return part, (left - x, top - y, right - x, bottom - y)
