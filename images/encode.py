"""Pixels to the bytes of a picture file, the same bytes every time. Writing them to a file is another room's work."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path, PurePath

import numpy as np
from PIL import Image

from .errors import PictureError

# Crops are made to be learnt from: no chroma is thrown away, and no time is spent on the last per cent of a PNG.
_OPTIONS: dict[str, tuple[str, dict[str, object]]] = {
    "jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    "png": ("PNG", {"compress_level": 2}),
    "webp": ("WEBP", {"quality": 92, "method": 4}),
}
FORMATS = tuple(_OPTIONS)
WITH_ALPHA = ("png", "webp")
LOSSY = ("jpg", "webp")
"""The formats that have a quality."""
_LONGEST_SIDES = {"jpg": 65_500, "webp": 16_383}  # in pixels
_ANY_SIDE = 2**31 - 1  # of a PNG, more than any memory holds


def encode(pixels: np.ndarray, format: Path | str, quality: int | None = None) -> bytes:
    """sRGB pixels as a JPEG (4:4:4), PNG or WebP.

    No metadata is stored: orientation and profile are already in the pixels, and the place where a photograph was taken
    does not belong in a data set.

    Args:
        pixels: uint8 [H, W, 3], or [H, W, 4] for png and webp.
        format: one of `FORMATS`, or a file name or path whose extension names it (`jpeg` is `jpg`).
        quality: of a jpg or webp, 1 to 100; None for 95 and 92. A png has none.

    >>> encode(np.zeros((2, 3, 3), np.uint8), "out/black.png")[:4]
    b'\\x89PNG'

    Raises:
        ValueError: when the format is unknown or cannot hold the pixels, or `pixels` has another shape or type.
        PictureError: when they are more than the format, or the memory, can hold; its path is that of `format`.
    """
    name = (PurePath(format).suffix or str(format)).lower().lstrip(".").replace("jpeg", "jpg")
    if name not in _OPTIONS:
        raise ValueError(f"{format}: crops are written as {', '.join(FORMATS)}")
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ValueError(f"pixels: must be uint8 [H, W, 3 or 4], got {pixels.dtype} {list(pixels.shape)}")
    if pixels.shape[2] == 4 and name not in WITH_ALPHA:
        raise ValueError(f"{format}: a {name} cannot be transparent; choose a background, or {' or '.join(WITH_ALPHA)}")
    height, width = pixels.shape[:2]
    able = [each for each in FORMATS if max(width, height) <= _LONGEST_SIDES.get(each, _ANY_SIDE)]
    if name not in able:
        limit = f"a {name} has at most {_LONGEST_SIDES[name]:,} a side"
        raise PictureError(format, f"{width}×{height} pixels, but {limit}; choose {' or '.join(able)}")
    kind, options = _OPTIONS[name]
    if quality is not None and name in LOSSY:
        options = {**options, "quality": quality}
    file = BytesIO()
    try:
        Image.fromarray(pixels).save(file, kind, **options)
    except (MemoryError, OSError, ValueError) as error:  # nothing is written to a disk here
        reason = "not enough memory" if isinstance(error, MemoryError) else str(error)
        raise PictureError(format, f"{width}×{height} pixels cannot be encoded as {name}: {reason}") from error
    return file.getvalue()
