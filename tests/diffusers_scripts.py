"""The bucket rule of diffusers' scripts, restated to check data sets with.

From `diffusers/training_utils.py` and `examples/dreambooth/train_dreambooth_lora_flux2.py` at 58eb52c, with which
20,000 random sizes agreed, with lists of buckets and without.
"""

from __future__ import annotations

import re

Size = tuple[int, int]

_RATIOS = ((1, 1), (4, 5), (5, 4), (2, 3), (3, 2), (3, 4), (4, 3), (9, 16), (16, 9), (1, 2), (2, 1))


def parse_buckets(text: str) -> list[Size]:
    """(height, width) of the buckets in the text of `--aspect_ratio_buckets`."""
    pairs = [re.match(r"^\s*(\d+)\s*,\s*(\d+)\s*$", pair) for pair in text.strip().split(";")]
    assert all(pairs), text
    return [(int(pair[1]), int(pair[2])) for pair in pairs]


def crop_size(size: Size, buckets: list[Size]) -> Size:
    """Width and height that a picture of (width, height) `size` is cropped to, under a list of buckets."""
    width, height = size
    least, chosen = float("inf"), buckets[0]
    for bucket in buckets:
        metric = abs(height * bucket[1] - width * bucket[0])
        if metric <= least:
            least, chosen = metric, bucket
    return chosen[1], chosen[0]


def crop_size_without_list(size: Size, resolution: int) -> Size:
    """The same under `--use_aspect_ratio_buckets` alone: a ladder for each picture, of steps of 16."""
    width, height = size
    budget = min(resolution, round((height * width) ** 0.5)) ** 2
    ladder = []
    for across, down in _RATIOS:
        high = (budget / (across / down)) ** 0.5
        bucket = tuple(max(16, round(side / 16) * 16) for side in (high, high * (across / down)))
        if bucket not in ladder:
            ladder.append(bucket)
    return crop_size(size, ladder)
