"""How much a directory of tags claims to hold: those of EXIF blocks, and of TIFFs, which have the same form."""

from __future__ import annotations

import os
import struct
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .errors import PictureError

MAX_METADATA = 64 << 20
"""Bytes that the entries of one directory may claim together; more only where the file itself is larger."""

_MOST_ENTRIES = 0xFFFF
# Of each type of a value; types beyond these are unknown, and skipped by readers.
_TYPE_BYTES = np.array([0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8], np.uint64)
_WHOLE = {1: "B", 3: "H", 4: "I", 13: "I"}  # types of whole numbers, as `struct` has them
_EXIF_MARK = b"Exif\0\0"


def weigh_exif(path: Path, block: bytes) -> int:
    """As `weigh_directory`, of an EXIF block with or without the mark that begins one in a JPEG."""
    return weigh_directory(path, BytesIO(block.removeprefix(_EXIF_MARK)))


def weigh_directory(path: Path, file: BinaryIO) -> int:
    """How many bytes the entries of the first directory claim together; 0 where there is none.

    Entries may share one place in the file, so that a reader that copies each makes gigabytes out of kilobytes.

    Args:
        path: names the file in errors.
        file: begins with the header of a TIFF.

    Raises:
        PictureError: when it is more than `MAX_METADATA`, and more than there is in the file.
    """
    return weigh_entries(path, Directory(file))


class Directory:
    """A directory of a TIFF or an EXIF block; without an entry where there is none.

    Args:
        file: begins with the header of a TIFF.
        place: of the directory, in bytes from the start of the file; None for the first one.

    Attributes:
        length: of the file in bytes.
        width: of a value in its entry, in bytes: 4, or 8 in a BigTIFF.
        entries: with `tag`, `type`, `count`, and `at`: the bytes of the value, or where it is.
    """

    def __init__(self, file: BinaryIO, place: int | None = None) -> None:
        self._file = file
        self.length = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = file.read(16).ljust(16, b"\0")
        self._sign, big = "<" if head[:2] == b"II" else ">", b"\x2b" in head[2:4]
        self.width, count_code = (8, "Q") if big else (4, "H")
        self._offset_code = "Q" if big else "I"
        count_type, value_type = f"{self._sign}u{self.width}", f"V{self.width}"
        entry = np.dtype(
            [("tag", f"{self._sign}u2"), ("type", f"{self._sign}u2"), ("count", count_type), ("at", value_type)]
        )
        self.entries = np.zeros(0, entry)
        if place is None:
            place = self._unpack(self._offset_code, head[8:] if big else head[4:8])
        if head[:2] not in (b"II", b"MM") or place >= self.length:
            return
        file.seek(place)
        count = self._unpack(count_code, file.read(struct.calcsize(f"={count_code}")))
        data = file.read(min(count, _MOST_ENTRIES) * entry.itemsize)
        self.entries = np.frombuffer(data, entry, len(data) // entry.itemsize)

    def follow(self, place: int) -> Directory:
        """Another directory of the same file."""
        return Directory(self._file, place)

    def count(self, tag: int) -> int:
        """How many values a tag has; 0 where there is no such tag, or several."""
        places = self._places.get(tag, [])
        return int(self.entries["count"][places[0]]) if len(places) == 1 else 0

    def read(self, tag: int, most: int = 1) -> tuple[int, ...] | None:
        """The whole numbers of a tag; None where there is no such tag. Empty where it is there twice, holds more than
        `most` values or none, or no whole numbers of up to 32 bits.
        """
        places = self._places.get(tag, [])
        if not places:
            return None
        _, kind, count, value = self.entries[places[0]].item()
        code = _WHOLE.get(kind)
        if len(places) > 1 or code is None or not 0 < count <= most:
            return ()
        form = struct.Struct(f"{self._sign}{count}{code}")
        if form.size > self.width:
            self._file.seek(min(self._unpack(self._offset_code, value), self.length))
            value = self._file.read(form.size)
        return form.unpack_from(value) if len(value) >= form.size else ()

    def claims(self) -> np.ndarray:
        """Bytes of each value that does not fit into its entry, at most those of the file each."""
        unit = _TYPE_BYTES[np.where(self.entries["type"] < len(_TYPE_BYTES), self.entries["type"], 0)]
        # A count may be anything: it is limited first, so that no product runs over.
        claims = np.minimum(self.entries["count"].astype(np.uint64), np.uint64(self.length)) * unit
        return np.where(claims > self.width, np.minimum(claims, np.uint64(self.length)), np.uint64(0))

    @cached_property
    def _places(self) -> dict[int, list[int]]:
        places: dict[int, list[int]] = {}
        for place, tag in enumerate(self.entries["tag"].tolist()):
            places.setdefault(tag, []).append(place)
        return places

    def _unpack(self, code: str, data: bytes) -> int:
        form = struct.Struct(f"{self._sign}{code}")
        return form.unpack(data.ljust(form.size, b"\0"))[0]


def weigh_entries(path: Path, directory: Directory) -> int:
    """As `weigh_directory`, of a directory that has been read."""
    claimed, length = int(directory.claims().sum()), directory.length
    if claimed > max(MAX_METADATA, length):
        raise PictureError(
            path, f"its metadata claim {claimed / 1e6:,.0f} MB out of {length / 1e6:,.1f} MB: a decompression bomb"
        )
    return claimed
