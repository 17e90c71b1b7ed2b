"""What a TIFF is made of: whether its pixels lie in the file as they are."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from ..cropping.checks import Size
from .metadata import MAX_METADATA, Directory, weigh_entries
from .structure import Structure, is_ordinary

_COPIES = 4  # of its metadata, that Pillow makes
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _COLOURS, _FILL_ORDER = 256, 257, 258, 259, 262, 266  # tags
_STRIPS, _SAMPLES, _ROWS, _PLANES, _TILES, _SAMPLE_FORMAT = 273, 277, 278, 284, (322, 323, 324, 325), 339
_BLOCKS = (34665, 34853, 40965)  # tags of other directories: EXIF, GPS, and one within EXIF
_MOST_SAMPLES, _MOST_STRIPS = 4, 10_000
_INVERTED, _GREY, _RGB, _PALETTE = range(4)


def read_tiff(path: Path, file: BinaryIO, length: int) -> Structure:
    """The structure of a TIFF of `length` bytes; see `survey`.

    Raises:
        PictureError: when its metadata are a bomb.
    """
    directory = Directory(file)
    claimed = _weigh_blocks(path, directory)
    size = _plain_size(directory)
    ordinary = size is not None and is_ordinary(size, length, metadata=claimed)
    return Structure("TIFF", ordinary, size, opening=_COPIES * claimed)


def _weigh_blocks(path: Path, directory: Directory, depth: int = 2) -> int:
    """Bytes that the entries of a directory claim, and those of the directories that it leads to.

    Pillow reads them all when it decodes the picture.
    """
    claimed = weigh_entries(path, directory)
    for tag in _BLOCKS if depth else ():
        place = directory.read(tag)
        if place is not None:
            claimed += _weigh_blocks(path, directory.follow(place[0]), depth - 1) if place else MAX_METADATA
    return claimed


def _plain_size(directory: Directory) -> Size | None:
    """Width and height of a picture of one to four bytes a pixel that lie in strips, uncompressed; None of any other.

    Such a one costs what its file holds: its strips are copied, each once.
    """
    width, height = _number(directory, _WIDTH), _number(directory, _HEIGHT)
    samples, rows = _number(directory, _SAMPLES, 1), _number(directory, _ROWS, height)
    is_plain = (
        directory.width == 4  # no BigTIFF
        and all(directory.read(tag) is None for tag in _TILES)
        and _number(directory, _COMPRESSION, 1) == 1
        and _number(directory, _PLANES, 1) == 1
        and _number(directory, _FILL_ORDER, 1) == 1
        and _number(directory, _COLOURS, _INVERTED) in (_INVERTED, _GREY, _RGB, _PALETTE)
        and samples <= _MOST_SAMPLES
        and directory.read(_BITS, _MOST_SAMPLES) in ((8,), (8,) * samples)
        and directory.read(_SAMPLE_FORMAT, _MOST_SAMPLES) in (None, (1,), (1,) * samples)
        and 0 < width * height * samples <= directory.length
        and rows > 0
    )
    if not is_plain:
        return None
    strips = -(-height // rows)
    return (width, height) if strips <= _MOST_STRIPS and directory.count(_STRIPS) == strips else None


def _number(directory: Directory, tag: int, default: int = 0) -> int:
    """The value of a tag, `default` where there is no such tag, or −1 where it is no one whole number."""
    found = directory.read(tag)
    return default if found is None else found[0] if found else -1
