"""Bucket sizes: how they are written, read and ordered, and what filling a bucket costs a picture in area."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from ..cropping.checks import Size, check_kind, check_size, check_tuple, show

_SIZE = re.compile(r"^\s*(\d{1,12})\s*[x×]\s*(\d{1,12})\s*$", re.IGNORECASE)


def parse_size(text: str) -> Size:
    """Reads a size.

    >>> parse_size("832x1216")
    (832, 1216)

    Raises:
        TypeError: when it is no text.
        ValueError: when the text is not a size, or has no pixels.
    """
    found = _SIZE.match(check_kind("a bucket size", text, str))
    if not found or not int(found[1]) or not int(found[2]):
        raise ValueError(f"{show(text)} is not a bucket size; write width x height, such as 832x1216")
    return int(found[1]), int(found[2])


def format_size(size: Size) -> str:
    """Writes a size the way that `parse_size` reads it."""
    return f"{size[0]}x{size[1]}"


def sort_sizes(sizes: Iterable[Size]) -> list[Size]:
    """Distinct sizes from the narrowest ratio to the widest, the smaller first among equal ratios.

    Raises:
        TypeError, ValueError: when one is not a width and a height of at least one pixel.

    >>> sort_sizes([(64, 32), (64, 64), (32, 32), (64, 32)])
    [(32, 32), (64, 64), (64, 32)]
    """
    distinct = {check_size("sizes", each) for each in check_tuple("sizes", sizes, object)}
    return sorted(distinct, key=lambda size: (size[0] / size[1], size))


def aspect_ratios(sizes: Sequence[Size], name: str = "sizes") -> np.ndarray:
    """Width over height of every size, float64 `[N]`.

    Raises:
        ValueError: when `sizes` are not pairs of numbers above 0; says `name`.
    """
    try:
        pairs = np.array([(float(width), float(height)) for width, height in sizes]).reshape(-1, 2)
    except (TypeError, ValueError, OverflowError):
        pairs = np.zeros((1, 2))
    if not (np.isfinite(pairs) & (pairs > 0)).all():
        raise ValueError(f"{name} must be pairs of a width and a height above 0, got {show(sizes)}")
    return pairs[:, 0] / pairs[:, 1]


def measure_area_loss(pictures: Sequence[Size], buckets: Sequence[Size]) -> np.ndarray:
    """The smallest share of each picture's area that a crop must leave out to fill each bucket.

    >>> measure_area_loss([(300, 200)], [(512, 512), (768, 512)]).round(3).tolist()
    [[0.333, 0.0]]

    Returns:
        float64 `[N, M]` in 0..1, for N pictures and M buckets.

    Raises:
        ValueError: when a size is not a pair of numbers above 0; names the argument.
    """
    relative = aspect_ratios(pictures, "pictures")[:, None] / aspect_ratios(buckets, "buckets")[None, :]
    return 1 - np.minimum(relative, 1 / relative)
