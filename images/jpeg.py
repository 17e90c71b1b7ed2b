"""What a JPEG is made of: its segments, and how many scans its pixels take."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ..cropping.checks import Size
from .errors import PictureError
from .metadata import weigh_directory, weigh_exif
from .structure import Structure, is_ordinary

MAX_SCANS = 100
"""More are refused. Each is a pass over the whole picture, however few bytes it has; encoders make about ten."""

_ORDINARY_SCANS = 20
_SOS, _EOI = 0xDA, 0xD9
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")  # but those that stand between the bytes of a scan
_MOST_SEGMENTS = 100_000
_MOST_EXIF, _MOST_SCANNED, _BLOCK = 4 << 20, 64 << 20, 1 << 20  # bytes


@dataclass(slots=True)
class _Header:
    """What comes before the first scan.

    Attributes:
        size: width and height.
        components: planes of colour.
        progressive: whether the pixels come in several scans by design.
        exif, index: bytes of its EXIF block, and of the index of a multi-picture file.
        parts: segments.
    """

    size: Size = (0, 0)
    components: int = 0
    progressive: bool = False
    exif: bytearray = field(default_factory=bytearray)
    index: bytes = b""
    parts: int = 0


def read_jpeg(path: Path, file: BinaryIO, length: int) -> Structure:
    """The structure of a JPEG of `length` bytes; see `survey`.

    Raises:
        PictureError: when it has more than `MAX_SCANS` scans, or metadata that are a bomb.
    """
    header = _read_header(file)
    weigh_exif(path, bytes(header.exif))
    weigh_directory(path, BytesIO(header.index))
    in_scan = file.read(3)[2:]
    if not in_scan or not header.components:
        return Structure("JPEG")  # broken, or odd: whatever its decoder makes of it
    scans = 1
    if header.progressive or in_scan[0] < header.components:
        scans = _count_scans(file) if length <= _MOST_SCANNED else 2
    if scans > MAX_SCANS:
        raise PictureError(path, f"a JPEG of more than {MAX_SCANS} scans: a decompression bomb, or save it anew")
    ordinary = is_ordinary(header.size, length, header.parts, len(header.exif)) and scans <= _ORDINARY_SCANS
    return Structure("JPEG", ordinary, header.size, scans)


def _read_header(file: BinaryIO) -> _Header:
    """Reads to the start of the first scan's segment, or to where the file is broken."""
    header = _Header()
    for marker, size in _segments(file):
        header.parts += 1
        if marker in _FRAMES:
            frame = file.read(6)
            header.size = int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big")
            header.components = frame[-1] if len(frame) == 6 else 0
            header.progressive = marker in _PROGRESSIVE
        elif marker == 0xE1:
            data = file.read(size)
            if data.startswith(b"Exif\0\0") and len(header.exif) < _MOST_EXIF:
                header.exif += data[6:]
        elif marker == 0xE2:
            data = file.read(size)
            header.index = data[4:] if data.startswith(b"MPF\0") else header.index
    return header


def _segments(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """The marker and the size in bytes of every segment before the first scan, the file at the start of its bytes.

    After the last one, the file is at the length of the first scan's segment, or at its end.
    """
    position = 2
    for _ in range(_MOST_SEGMENTS):
        file.seek(position)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            break
        marker = head[1]
        if marker == _SOS:
            file.seek(position + 2)
            return
        if marker in (0x01, 0xFF) or 0xD0 <= marker <= 0xD8:  # stands alone, or fills
            position += 1 if marker == 0xFF else 2
            continue
        size = int.from_bytes(head[2:4], "big")
        yield marker, max(0, size - 2)
        position += 2 + size
    file.seek(0, os.SEEK_END)


def _count_scans(file: BinaryIO) -> int:
    """How many scans there are, at most one more than `MAX_SCANS`; the file is in the segment of the first one.

    A quick count of the marker comes first. It also finds what only looks like one, in tables and in the second picture
    of a file, and is enough for an ordinary picture.
    """
    start = file.tell()
    quick = 1 + _count_marker(file)
    if quick <= _ORDINARY_SCANS:
        return quick
    file.seek(start)
    data, position, scans = file.read(_MOST_SCANNED), 0, 1
    while scans <= MAX_SCANS and (found := _MARKER.search(data, position)):
        marker = data[found.start() + 1]
        if marker == _EOI:
            break
        scans += marker == _SOS
        position = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return scans


def _count_marker(file: BinaryIO) -> int:
    """How often the marker of a scan occurs from here on, at most one more than an ordinary picture has scans."""
    count, last = 0, b""
    while count <= _ORDINARY_SCANS and (block := file.read(_BLOCK)):
        count += (last + block).count(bytes((0xFF, _SOS)))
        last = block[-1:] if block[-1] == 0xFF else b""
    return count
