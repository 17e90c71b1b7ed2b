"""Bucket sizes: how they are written, read and ordered, and what filling a bucket costs a picture in area."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from ..cropping.checks import Size

_SIZE = re.compile(r"^\s*(\d+)\s*[x×]\s*(\d+)\s*$", re.IGNORECASE)


def parse_size(text: str) -> Size:
    """Reads a size.

    >>> parse_size("832x1216")
    (832, 1216)

    Raises:
        ValueError: when the text is not a size, or has no pixels.
    """
    found = _SIZE.match(text)
    if not found or not int(found[1]) or not int(found[2]):
        raise ValueError(f"{text!r} is not a bucket size; write width x height, such as 832x1216")
    return int(found[1]), int(found[2])


def format_size(size: Size) -> str:
    """Writes a size the way that `parse_size` reads it."""
    return f"{size[0]}x{size[1]}"


def sort_sizes(sizes: Iterable[Size]) -> list[Size]:
    """Distinct sizes from the narrowest ratio to the widest, the smaller first among equal ratios.

    >>> sort_sizes([(64, 32), (64, 64), (32, 32), (64, 32)])
    [(32, 32), (64, 64), (64, 32)]
    """
    return sorted(set(sizes), key=lambda size: (size[0] / size[1], size))


def aspect_ratios(sizes: Sequence[Size]) -> np.ndarray:
    """Width over height of every size, float64 `[N]`.

    Raises:
        ValueError: when `sizes` are not pairs of numbers above 0.
    """
    pairs = np.asarray(sizes, dtype=np.float64)
    if not len(sizes):
        return np.zeros(0)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not (np.isfinite(pairs) & (pairs > 0)).all():
        raise ValueError("sizes must be pairs of a width and a height above 0")
    return pairs[:, 0] / pairs[:, 1]


def measure_area_loss(pictures: Sequence[Size], buckets: Sequence[Size]) -> np.ndarray:
    """The smallest share of each picture's area that a crop must leave out to fill each bucket.

    >>> measure_area_loss([(300, 200)], [(512, 512), (768, 512)]).round(3).tolist()
    [[0.333, 0.0]]

    Returns:
        float64 `[N, M]` in 0..1, for N pictures and M buckets.

    Raises:
        ValueError: when a size is not a pair of numbers above 0.
    """
    relative = aspect_ratios(pictures)[:, None] / aspect_ratios(buckets)[None, :]
    return 1 - np.minimum(relative, 1 / relative)
