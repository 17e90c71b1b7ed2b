"""OneTrainer's own bucket rule, restated to check data sets with.

From `AspectBucketing` of Nerogar/mgds at 3a6994a, with which 20,000 random sizes agreed at five steps, and the steps of
Nerogar/OneTrainer's data loaders at 23df383.
"""

from __future__ import annotations

from math import sqrt

Size = tuple[int, int]

# `aspect_bucketing_quantization` of the data loader for a kind of model.
STEPS = {
    "StableDiffusion": 8,
    "PixArtAlpha": 16,
    "Sana": 32,
    "StableDiffusionXL": 64,
    "StableDiffusion3": 64,
    "Flux": 64,
    "Qwen": 64,
    "ZImage": 64,
    "Wuerstchen": 128,
}
_ASPECTS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0)


def automatic_buckets(resolution: int, quantization: int) -> list[Size]:
    """(height, width) of its buckets."""
    upright = [(1.0 / sqrt(aspect) * resolution, aspect / sqrt(aspect) * resolution) for aspect in _ASPECTS]
    sides = upright + [(width, height) for height, width in upright]
    return list({tuple(round(side / quantization) * quantization for side in each) for each in sides})


def crop_resolution(size: Size, resolution: int, quantization: int) -> Size:
    """Width and height that a picture of (width, height) `size` is cropped to."""
    width, height = size
    buckets = automatic_buckets(resolution, quantization)
    nearest = min(buckets, key=lambda bucket: abs(bucket[0] / bucket[1] - height / width))
    return nearest[1], nearest[0]
