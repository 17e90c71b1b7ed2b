"""How large crops come out, in pixels: what a ratio, a resolution and a multiple of pixels make of each other."""

from __future__ import annotations

from math import ceil, floor, log, sqrt

from ..bucketing.grids import MAX_SIDE
from ..cropping.checks import LIMIT, Size, check_count, check_kind
from ..cropping.ratio import Ratio

SIDE_STEP = 8
"""Sides of resized crops are multiples of this: one pixel of a latent."""

_AREA_TOLERANCE = 0.25


def target_size(ratio: Ratio, resolution: int, step: int = SIDE_STEP) -> Size:
    """The size nearest to resolution² pixels whose sides are multiples of `step` in exactly this ratio.

    Where no such size comes within a quarter of the area (1000:667, say), each side is rounded to its nearest multiple.

    >>> target_size(Ratio(2, 3), 1024)
    (832, 1248)
    >>> target_size(Ratio(16, 9), 1024, 64)
    (1344, 768)

    Raises:
        TypeError, ValueError: when the ratio is none, or the resolution no number of pixels.
    """
    check_kind("ratio", ratio, Ratio)
    check_count("resolution", resolution, MAX_SIDE)
    exact = resolution / step / sqrt(ratio.width * ratio.height)
    multiples = [each for each in (floor(exact), ceil(exact)) if each >= 1]
    nearest = min(multiples, key=lambda each: abs(log(each / exact)))
    if abs((nearest / exact) ** 2 - 1) <= _AREA_TOLERANCE:
        return ratio.width * nearest * step, ratio.height * nearest * step
    root = sqrt(ratio.width / ratio.height)
    return _nearest_multiple(resolution * root, step), _nearest_multiple(resolution / root, step)


def fit_size(size: Size, wanted: Size, multiple: int = 1) -> Size:
    """Width and height of the result for a box of `size`.

    Args:
        size: of the box.
        wanted: width and height; 0 for one of them: it follows from the ratio of `size`; 0 for both: `size` itself.
        multiple: of pixels, to which the side that follows is rounded.

    Raises:
        TypeError, ValueError: when a side that is wanted is no such multiple; it names the side.
    """
    for name, side in zip(("width", "height"), wanted, strict=True):
        check_count(name, side, LIMIT, 0)
        if side % multiple:
            raise ValueError(
                f"{name}: {side} is no multiple of {multiple}, as multiple_of or frames asks; change one of them"
            )
    width, height = wanted
    if not width and not height:
        return size
    return (
        width or _nearest_multiple(height * size[0] / size[1], multiple),
        height or _nearest_multiple(width * size[1] / size[0], multiple),
    )


def shrink_to_multiple(size: Size, multiple: int) -> Size:
    """The sides without what is beyond a multiple; at least one multiple.

    >>> shrink_to_multiple((100, 30), 32)
    (96, 32)
    """
    width, height = (max(multiple, side // multiple * multiple) for side in size)
    return width, height


def ratio_error(size: Size, ratio: Ratio) -> float:
    """By what share a size is wider (> 0) or taller (< 0) than a ratio asks for: 0 where it is exact.

    >>> ratio_error((1344, 768), Ratio(16, 9))
    -0.015625
    """
    width, height = size
    return width * ratio.height / (height * ratio.width) - 1


def _nearest_multiple(length: float, step: int) -> int:
    return max(1, round(length / step)) * step
