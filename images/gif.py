"""What a GIF is made of, up to its first picture: no other is ever decoded."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from .structure import Structure, is_ordinary

_EXTENSION, _PICTURE = b"!", b","
_SCREEN = 7  # bytes, after the six of the signature
_MOST_BLOCKS = 10_000


def read_gif(path: Path, file: BinaryIO, length: int) -> Structure:
    """The structure of a GIF of `length` bytes; see `survey`."""
    file.seek(6)
    screen = file.read(_SCREEN).ljust(_SCREEN, b"\0")
    size = int.from_bytes(screen[:2], "little"), int.from_bytes(screen[2:4], "little")
    if screen[4] & 0x80:  # a palette follows
        file.seek(3 << (screen[4] & 7) + 1, 1)
    blocks = _pass_extensions(file)
    place = file.read(8)
    left, top, width, height = (int.from_bytes(place[at : at + 2], "little") for at in range(0, 8, 2))
    is_inside = len(place) == 8 and 0 < left + width <= size[0] and 0 < top + height <= size[1]
    return Structure("GIF", is_inside and is_ordinary(size, length, blocks), size, opening=length)


def _pass_extensions(file: BinaryIO) -> int:
    """How many blocks come before the first picture, at most `_MOST_BLOCKS`; the file is after the mark of that."""
    blocks = 0
    while blocks < _MOST_BLOCKS:
        mark = file.read(1)
        if mark == _PICTURE:
            return blocks
        if mark != _EXTENSION:
            break
        file.seek(1, 1)  # its kind
        while blocks < _MOST_BLOCKS and (size := file.read(1)) not in (b"", b"\0"):
            file.seek(size[0], 1)
            blocks += 1
        blocks += 1
    return _MOST_BLOCKS  # no picture, or what an encoder does not write
