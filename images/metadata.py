"""How much a directory of tags claims to hold: those of EXIF blocks, and of TIFFs, which have the same form."""

from __future__ import annotations

import os
import struct
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
    length = file.seek(0, os.SEEK_END)
    claimed = int(_claims(file, length).sum())
    if claimed > max(MAX_METADATA, length):
        raise PictureError(
            path, f"its metadata claim {claimed / 1e6:,.0f} MB out of {length / 1e6:,.1f} MB: a decompression bomb"
        )
    return claimed


def _claims(file: BinaryIO, length: int) -> np.ndarray:
    """Bytes of each value that does not fit into its entry, at most those of the file each."""
    file.seek(0)
    head = file.read(16).ljust(16, b"\0")
    sign, big = "<" if head[:2] == b"II" else ">", b"\x2b" in head[2:4]
    (offset,) = struct.unpack(f"{sign}Q", head[8:]) if big else struct.unpack(f"{sign}I", head[4:8])
    if head[:2] not in (b"II", b"MM") or offset >= length:
        return np.zeros(0, np.uint64)
    file.seek(offset)
    width, count_width, count_code = (8, 8, "Q") if big else (4, 2, "H")
    (count,) = struct.unpack(f"{sign}{count_code}", file.read(count_width).ljust(count_width, b"\0"))
    entry = np.dtype([("tag", f"{sign}u2"), ("type", f"{sign}u2"), ("count", f"{sign}u{width}"), ("at", f"V{width}")])
    data = file.read(min(count, _MOST_ENTRIES) * entry.itemsize)
    entries = np.frombuffer(data, entry, len(data) // entry.itemsize)
    unit = _TYPE_BYTES[np.where(entries["type"] < len(_TYPE_BYTES), entries["type"], 0)]
    # A count may be anything: it is limited first, so that no product runs over.
    claims = np.minimum(entries["count"].astype(np.uint64), np.uint64(length)) * unit
    return np.where(claims > width, np.minimum(claims, np.uint64(length)), np.uint64(0))
