"""What files of chunks are made of: PNG and WebP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..cropping.checks import Size
from .metadata import weigh_exif
from .structure import Structure, is_ordinary

_MOST_CHUNKS = 100_000
_MOST_EXIF = 4 << 20  # bytes
_PNG_PIXELS = (b"IDAT", b"fdAT", b"fcTL")
# WebP's decoder makes two canvases of 4 bytes a pixel, and copies of the file, as soon as it is opened.
_WEBP_CANVASES, _WEBP_COPIES = 8, 2


def read_png(path: Path, file: BinaryIO, length: int) -> Structure:
    """The structure of a PNG of `length` bytes; see `survey`.

    Raises:
        PictureError: when its EXIF block is a bomb.
    """
    size: Size = (0, 0)
    late_exif, parts, chunks, metadata, in_pixels = b"", 0, 0, 0, False
    for kind, size_in_bytes in _png_chunks(file):
        chunks += 1
        parts += kind not in _PNG_PIXELS
        in_pixels |= kind == b"IDAT"
        if kind == b"IHDR":
            size = int.from_bytes(file.read(4), "big"), int.from_bytes(file.read(4), "big")
        elif kind == b"eXIf":
            metadata += size_in_bytes
            exif = file.read(min(size_in_bytes, _MOST_EXIF))
            weigh_exif(path, exif)
            late_exif = exif if in_pixels else late_exif
    ordinary = chunks < _MOST_CHUNKS and is_ordinary(size, length, parts, metadata)
    return Structure("PNG", ordinary, size, late_exif=late_exif)


def read_webp(path: Path, file: BinaryIO, length: int) -> Structure:
    """The structure of a WebP of `length` bytes; see `survey`.

    Raises:
        PictureError: when its EXIF block is a bomb.
    """
    size = _webp_size(file)
    chunks = metadata = 0
    for kind, size_in_bytes in _webp_chunks(file):
        chunks += 1
        if kind == b"EXIF":
            metadata += size_in_bytes
            weigh_exif(path, file.read(min(size_in_bytes, _MOST_EXIF)))
    opening = _WEBP_CANVASES * size[0] * size[1] + _WEBP_COPIES * length
    return Structure("WEBP", is_ordinary(size, length, chunks, metadata), size, opening=opening)


def _webp_size(file: BinaryIO) -> Size:
    """Width and height of the canvas; 0 where the file is too short or of an unknown kind."""
    file.seek(12)
    head = file.read(18).ljust(18, b"\0")
    if head[:4] == b"VP8X":
        return int.from_bytes(head[12:15], "little") + 1, int.from_bytes(head[15:18], "little") + 1
    if head[:4] == b"VP8L":
        bits = int.from_bytes(head[9:13], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[14:16], "little") & 0x3FFF, int.from_bytes(head[16:18], "little") & 0x3FFF


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """The kind and the size in bytes of every chunk, the file at the start of its bytes."""
    position = 8
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        size = int.from_bytes(head[:4], "big")
        yield head[4:], size
        position += 12 + size


def _webp_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """As `_png_chunks`, of a WebP."""
    position = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], "little")
        yield head[:4], size
        position += 8 + size + size % 2
