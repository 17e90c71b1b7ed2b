"""The pictures on which our smartcrop is compared with the npm package: photographs of `samples/`, and drawn ones.

The recorder and the tests must see the same pixels; both get them here.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
PHOTOGRAPHS = sorted(path.name for path in SAMPLES.glob("*.jpg"))
DRAWN = ("ramps", "dots", "skin-and-black", "small")


def source_size(name: str) -> tuple[int, int]:
    """(width, height) of the source that the working picture stands for."""
    return _source(name).size


def working_picture(name: str, work: tuple[int, int]) -> np.ndarray:
    """The picture at the size that smartcrop.js works at: uint8 [h, w, 3]."""
    source = _source(name)
    small = source if source.size == work else source.resize(work, Image.Resampling.BILINEAR)
    return np.asarray(small)


def fingerprint(pixels: np.ndarray) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()[:16]


def _source(name: str) -> Image.Image:
    if name in PHOTOGRAPHS:
        with Image.open(SAMPLES / name) as image:
            return ImageOps.exif_transpose(image).convert("RGB")
    return Image.fromarray(_draw(name))


def _draw(name: str) -> np.ndarray:
    """Whole-number drawings, the same wherever they are made."""
    width, height = {"ramps": (400, 300), "dots": (301, 467), "skin-and-black": (640, 256), "small": (97, 61)}[name]
    y, x = np.mgrid[:height, :width]
    if name == "ramps":  # every lightness and saturation, so that sums land on the halves that rounding is about
        channels = (x * 255 // (width - 1), y * 255 // (height - 1), (x + 2 * y) % 256)
    elif name == "dots":
        channels = ((x * x * 7 + y * 13) % 256, (x * y // 5) % 256, (x // 9 * 40 + y // 11 * 70) % 256)
    elif name == "skin-and-black":
        face = (x - 450) ** 2 + (y - 120) ** 2 < 70**2
        channels = (face * (200 + x % 7), face * (146 + y % 5), face * 113)
    else:
        channels = ((x * 31 + y) % 256, (y * 57) % 256, (x * y) % 256)
    return np.stack(channels, axis=-1).astype(np.uint8)
