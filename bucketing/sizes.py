"""Bucket sizes: how they are written and read, and what cutting a picture to one costs in area."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

Size = tuple[int, int]
_SIZE = re.compile(r"^\s*(\d+)\s*[x×]\s*(\d+)\s*$", re.IGNORECASE)


def parse_size(text: str) -> Size:
    """Reads `832x1216` as (width, height).

    Raises:
        ValueError: when the text is no size, or has no pixels.
    """
    found = _SIZE.match(text)
    if not found or not int(found[1]) or not int(found[2]):
        raise ValueError(f"{text!r} is not a bucket size; write width x height, such as 832x1216")
    return int(found[1]), int(found[2])


def format_size(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def aspect_ratios(sizes: Sequence[Size]) -> np.ndarray:
    """Width over height of every size, float64 `[n]`."""
    pairs = np.asarray(sizes, dtype=np.float64).reshape(-1, 2)
    return pairs[:, 0] / pairs[:, 1]


def measure_area_lost(pictures: Sequence[Size], buckets: Sequence[Size]) -> np.ndarray:
    """The smallest share of each picture's area that must go so that it fills each bucket, `[N, M]` in 0..1."""
    between = aspect_ratios(pictures)[:, None] / aspect_ratios(buckets)[None, :]
    return 1 - np.minimum(between, 1 / between)


def scale_needed(pictures: Sequence[Size], buckets: Sequence[Size]) -> np.ndarray:
    """How much each picture must be enlarged to cover each bucket, `[N, M]`; below 1 it is made smaller."""
    here = np.asarray(pictures, dtype=np.float64).reshape(-1, 1, 2)
    there = np.asarray(buckets, dtype=np.float64).reshape(1, -1, 2)
    return (there / here).max(axis=2)
