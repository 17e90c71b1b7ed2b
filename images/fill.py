"""What is drawn where a crop reaches outside its picture: a colour, the picture's edge, a blurred copy, or a mirror."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from PIL import Image

from ..cropping.checks import Size, show
from .colour import RGB, parse_colour
from .resample import resize_floats

EDGE, BLUR, MIRROR = "edge", "blur", "mirror"
FILLS = (EDGE, BLUR, MIRROR)
Fill: TypeAlias = "RGB | str | None"
"""A colour, one of `FILLS`, or None for transparency."""

IntBox = tuple[int, int, int, int]

# The blurred copy is made of so many pixels on its long side, and blurred by so many of these.
_BLUR_SIDE, _BLUR_RADIUS = 96, 4.0


def parse_fill(fill: str | RGB | None) -> Fill:
    """A way to fill canvas, by its name or as a colour; `keep` for transparency.

    >>> parse_fill("mirror"), parse_fill("#00f"), parse_fill("white")
    ('mirror', (0, 0, 255), (255, 255, 255))

    Raises:
        TypeError, ValueError: when it is neither.
    """
    if isinstance(fill, str) and fill in FILLS:
        return fill
    try:
        return parse_colour(fill)
    except (TypeError, ValueError):
        kind = ValueError if isinstance(fill, str) else TypeError
        raise kind(f"fill: {show(fill)} is neither a colour nor one of {', '.join(FILLS)}") from None


def fill_canvas(part: np.ndarray, place: IntBox, size: Size, fill: str) -> np.ndarray:
    """A part of a picture on a canvas that continues it.

    Args:
        part: uint8 or float32 in 0..1, `[h, w, C]`.
        place: where it goes: left, top, right, bottom in pixels of the canvas.
        size: width and height of the canvas.
        fill: one of `FILLS`. `edge` repeats the outermost pixels, `mirror` all of them, as often as needed; `blur` is
            the part enlarged over all of the canvas and blurred.

    Returns:
        `[H, W, C]` of the same type.
    """
    left, top, right, bottom = place
    width, height = size
    if fill == BLUR:
        canvas = blurred_copy(part, size)
        canvas[top:bottom, left:right] = part
        return canvas
    around = ((top, height - bottom), (left, width - right), (0, 0))
    return np.pad(part, around, mode="edge" if fill == EDGE else "symmetric")


def blurred_copy(part: np.ndarray, size: Size) -> np.ndarray:
    """The middle of a part in the ratio of the canvas, enlarged over it and blurred.

    Args:
        part: uint8 or float32 in 0..1, `[h, w, C]`.
        size: width and height of the canvas.
    """
    from scipy.ndimage import gaussian_filter  # the help of the command does without it

    height, width = part.shape[:2]
    scale = min(width / size[0], height / size[1])
    # One of them is the part's own side, which rounding must not exceed.
    across, down = min(float(width), size[0] * scale), min(float(height), size[1] * scale)
    left, top = (width - across) / 2, (height - down) / 2
    region = left, top, left + across, top + down
    shrink = min(1.0, _BLUR_SIDE / max(size))
    small = max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))
    floats = part.astype(np.float32) / 255 if part.dtype == np.uint8 else part
    soft = gaussian_filter(resize_floats(floats, region, small), (_BLUR_RADIUS, _BLUR_RADIUS, 0), mode="nearest")
    whole = 0.0, 0.0, float(small[0]), float(small[1])
    if part.dtype != np.uint8:
        return resize_floats(soft, whole, size, Image.Resampling.BICUBIC).astype(part.dtype)
    # Enlarged in 8 bits, as a canvas of floats would take several times the memory of the crop.
    image = Image.fromarray((soft * 255).round().astype(np.uint8).squeeze())
    enlarged = np.array(image.resize(size, Image.Resampling.BICUBIC))
    return enlarged.reshape(size[1], size[0], part.shape[2])
