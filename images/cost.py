"""How much memory a picture takes while it is decoded and cut, estimated before anything is decoded.

Every number of bytes a pixel is a peak of resident memory, measured by `benchmarks/decoding.py` for each format and
mode. A step's copies live side by side: what Pillow decodes and what it is converted to, the cut and resized part, its
colours, its array, and what encodes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from PIL import Image

from ..cropping.checks import Size
from .colour import simple_mode
from .orientation import FloatBox
from .structure import Structure

DRAFTED = ("JPEG", "MPO")
"""Formats whose decoders can hand out a half, a quarter or an eighth of the picture."""

_MARGIN, _FLOOR = 1.1, 8_000_000  # of every estimate: a factor, and bytes
# Bytes a pixel of a crop until it is encoded, opaque and transparent.
_RESULT = {"jpg": (11, 14), "png": (11, 14), "webp": (30, 34)}
_ROW = 4  # pixels; a pointer, and what fills a row up
_ROW_BUFFERS = 16  # bytes a pixel of a row: two rows of at most 16 bits a channel
_COEFFICIENT = 2  # bytes of a sample of a JPEG of several scans
# Bytes a pixel that decoders take beside what they hand out. Those of WebP's canvases are part of opening it; AVIF and
# HEIF are made of up to 12 bits a channel, without subsampling, with alpha and film grain.
_BESIDE = {"WEBP": 4.5, "AVIF": 20.0, "HEIF": 20.0}
_RUN_LENGTHS = 2.5  # of a compressed BMP
_COMPRESSIONS = (1, 2)  # of a BMP, by run lengths


@dataclass(frozen=True, slots=True)
class Cost:
    """What reading a picture costs.

    Attributes:
        size: width and height in pixels as stored.
        beside: bytes of memory that its decoder takes beside the pixels that it hands out.
        lasting: bytes of these that it keeps for as long as the picture.
        decoded: bytes of memory a pixel, as decoded.
        kept: bytes of memory a pixel, as it is kept for the next question; see `simplify_mode`.
        converted: whether the two are different pictures.
        transparent: whether some of it may be.
    """

    size: Size = (0, 0)
    beside: int = 0
    lasting: int = 0
    decoded: int = 4
    kept: int = 4
    converted: bool = False
    transparent: bool = False

    def of_decoding(self, scale: int) -> int:
        """Bytes of memory while the picture is decoded at a `scale`-th of its width and height."""
        pixels = self._pixels(scale)
        return self.beside + ceil(pixels * (self.decoded + self.kept * self.converted))

    def of_part(self, scale: int, region: FloatBox, size: Size, result: Size, encoding: str) -> int:
        """Bytes of memory while a part of the decoded picture becomes a result, and until that is encoded.

        Args:
            scale: as in `of_decoding`.
            region: left, top, right, bottom of the part, in pixels as stored.
            size: width and height that the part is resized to.
            result: width and height of all of the result, which may be larger.
            encoding: the format that it is encoded in; see `encode`.
        """
        pixels = self._pixels(scale)
        width, height = (region[2] - region[0]) / scale, (region[3] - region[1]) / scale
        whole = self.kept + (4 if self.transparent else 0)  # Pillow resizes premultiplied colours
        resized = 4 * height * min(width, size[0]) + width * height
        answer = max(_with_rows(*size), _with_rows(*result))
        return self.lasting + ceil(pixels * whole + resized + answer * _RESULT[encoding][self.transparent])

    def of_answer(self, scale: int, region: FloatBox, size: Size, result: Size, encoding: str = "jpg") -> int:
        """Bytes of memory for both steps, with a margin."""
        most = max(self.of_decoding(scale), self.of_part(scale, region, size, result, encoding))
        return ceil(most * _MARGIN) + _FLOOR

    def _pixels(self, scale: int) -> float:
        return _with_rows(self.size[0] / scale, self.size[1] / scale)


def opening_bytes(structure: Structure) -> int:
    """Bytes of memory that opening a picture takes, with a margin."""
    return ceil(structure.opening * _MARGIN) + _FLOOR


def cost_of(image: Image.Image, structure: Structure) -> Cost:
    """What reading a picture costs.

    Args:
        image: opened by Pillow, not decoded.
        structure: of the same file.
    """
    simple = simple_mode(image)
    decoded, kept = _bytes_of(image.mode), _bytes_of(simple)
    pixels = image.width * image.height
    beside = structure.opening + _ROW_BUFFERS * image.width + _decoder_bytes(image, structure, pixels)
    lasting = structure.opening if image.format == "WEBP" and structure.ordinary else 0
    return Cost(image.size, beside, lasting, decoded, kept, image.mode != simple, simple in ("LA", "RGBA"))


def _with_rows(width: float, height: float) -> float:
    """The number of pixels, with what Pillow takes for each row, which counts where rows are short."""
    return (width + _ROW) * height


def _decoder_bytes(image: Image.Image, structure: Structure, pixels: int) -> int:
    if image.format in DRAFTED:
        return _COEFFICIENT * len(image.getbands()) * pixels if structure.scans > 1 else 0
    if image.format == "TIFF":
        return _block_bytes(image) + _bytes_of(image.mode) * pixels  # it may be turned
    if image.format in ("BMP", "DIB"):
        return ceil(_RUN_LENGTHS * pixels) if image.info.get("compression") in _COMPRESSIONS else 0
    return ceil(_BESIDE.get(image.format or "", 0) * pixels)


def _block_bytes(image: Image.Image) -> int:
    """Bytes of the largest strip or tile of a TIFF. Each is unpacked whole, and may be larger than the picture."""
    width, height, rows = (_number(image, tag, default) for tag, default in ((256, 0), (257, 0), (278, 1 << 32)))
    rows = min(rows, height)
    if _number(image, 322, 0):
        width, rows = _number(image, 322, 0), _number(image, 323, 0)
    samples, bits = _number(image, 277, 1), _number(image, 258, 1)
    return width * rows * max(4, ceil(samples * bits / 8))


def _number(image: Image.Image, tag: int, default: int) -> int:
    """The largest of a tag's values, as whatever a file may hold there."""
    found: Any = image.tag_v2.get(tag, default)  # type: ignore[attr-defined]
    values = found if isinstance(found, tuple) else (found,)
    return max((int(each) for each in values if isinstance(each, int | float)), default=default)


def _bytes_of(mode: str) -> int:
    """Bytes that Pillow takes for a pixel: RGB has four."""
    return {"1": 1, "L": 1, "P": 1}.get(mode, 2 if mode.startswith("I;16") else 4)
