"""Pixels to a file, whole or not at all, the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ..datasets.atomic import whole_file

# Crops are made to be learnt from: no chroma thrown away, and no time spent on squeezing a PNG's last per cent.
_OPTIONS: dict[str, tuple[str, dict[str, object]]] = {
    "jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    "png": ("PNG", {"compress_level": 2}),
    "webp": ("WEBP", {"quality": 92, "method": 4}),
}
FORMATS = tuple(_OPTIONS)
WITH_ALPHA = ("png", "webp")


def encode(pixels: np.ndarray, path: Path | str) -> None:
    """Writes sRGB pixels as the JPEG (quality 95, 4:4:4), PNG or WebP (quality 92) that the extension of `path` names.

    No metadata is written: orientation and profile are already in the pixels, and the place a photograph was taken
    is nobody's business in a data set.

    Args:
        pixels: uint8 [H, W, 3], or [H, W, 4] for png and webp.
        path: replaced if it is there; its folders are made.

    Raises:
        ValueError: when the format is unknown or cannot hold what it is given.
        OSError: when it cannot be written.
    """
    name = Path(path).suffix.lower().lstrip(".").replace("jpeg", "jpg")
    if name not in _OPTIONS:
        raise ValueError(
            f"{path}: crops are written as {', '.join(FORMATS)}, not as {name or 'a file without extension'}"
        )
    if pixels.shape[2] == 4 and name not in WITH_ALPHA:
        raise ValueError(f"{path}: a {name} cannot be transparent; choose a background, or {' or '.join(WITH_ALPHA)}")
    kind, options = _OPTIONS[name]
    with whole_file(path) as file:
        Image.fromarray(pixels).save(file, kind, **options)
