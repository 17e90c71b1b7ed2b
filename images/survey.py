"""Reads what a picture file is made of from its bytes, before any decoder sees them.

A decoder trusts its file: it makes room for what a header claims, and works for as long as the file asks it to. What is
read here tells ordinary pictures from those that may cost far more than they show, and refuses what no photograph
contains.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .chunks import read_png, read_webp
from .gif import read_gif
from .jpeg import read_jpeg
from .structure import Structure, is_ordinary
from .tiff import read_tiff

_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)  # bytes; the first field of a DIB
_BMP_FILE_HEADER = 14
_AVIF_COPIES = 3  # of the file, that Pillow makes


def survey(path: Path, file: BinaryIO) -> Structure:
    """What a picture file is made of.

    Args:
        path: names it in errors.
        file: at any position; it is left at its start.

    Raises:
        PictureError: when it holds what no photograph contains and what would cost much to read.
    """
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    read = _find_reader(file.read(16))
    # What begins like no picture is refused by Pillow at its first bytes, too.
    structure = read(path, file, length) if read else Structure("", ordinary=True)
    file.seek(0)
    return structure


def _find_reader(head: bytes) -> Callable[[Path, BinaryIO, int], Structure] | None:
    if head.startswith(b"\xff\xd8\xff"):
        return read_jpeg
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return read_png
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return read_webp
    if head.startswith(b"BM") or int.from_bytes(head[:4], "little") in _BMP_HEADERS:
        return _read_bmp
    if head.startswith((b"II", b"MM")):
        return read_tiff
    if head[4:8] == b"ftyp":
        return _read_avif
    return read_gif if head.startswith(b"GIF8") else None


def _read_bmp(path: Path, file: BinaryIO, length: int) -> Structure:
    """A BMP, or a DIB, which lacks the header of the file. Pillow unpacks a compressed one byte by byte in Python."""
    file.seek(0)
    start = _BMP_FILE_HEADER if file.read(2) == b"BM" else 0
    file.seek(start)
    head = file.read(20).ljust(20, b"\0")
    if head[0] == 12:  # the oldest kind: sides of 16 bits, never compressed
        size = int.from_bytes(head[4:6], "little"), int.from_bytes(head[6:8], "little")
        return Structure("BMP", is_ordinary(size, length), size)
    size = int.from_bytes(head[4:8], "little"), abs(int.from_bytes(head[8:12], "little", signed=True))
    compressed = int.from_bytes(head[16:20], "little") in (1, 2)
    return Structure("BMP", not compressed and is_ordinary(size, length), size)


def _read_avif(path: Path, file: BinaryIO, length: int) -> Structure:
    return Structure("AVIF", opening=_AVIF_COPIES * length)
