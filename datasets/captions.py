"""The caption files that lie beside a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..images.errors import reading
from .atomic import write_atomic

CAPTION_EXTENSIONS = (".txt", ".caption")


def find_caption_files(picture: Path | str) -> dict[str, Path]:
    """The caption files of a picture by their extension: `photo.jpg.txt`, or else `photo.txt`.

    None has a name that is too long for the file system.
    """
    picture = Path(picture)
    found = {}
    for extension in CAPTION_EXTENSIONS:
        candidates = (picture.with_name(picture.name + extension), picture.with_suffix(extension))
        existing = next((path for path in candidates if os.path.isfile(path)), None)
        if existing is not None:
            found[extension] = existing
    return found


def read_caption(picture: Path | str) -> str:
    """The caption of a picture, stripped; empty when it has none. Of several files, the first of `CAPTION_EXTENSIONS`.

    The file is read as UTF-8, as UTF-16 where it begins with its byte order mark, or else as Latin-1.

    Raises:
        PictureError: when the caption is there and cannot be read.
    """
    for path in find_caption_files(picture).values():
        with reading(path):
            return _decode(path.read_bytes()).strip()
    return ""


def copy_captions(picture: Path | str, crops: Sequence[Path | str]) -> None:
    """Puts the caption files of `picture` beside each of its crops, under the crop's name, byte for byte.

    Raises:
        PictureError: when a caption cannot be read.
        OSError: when one cannot be written.
    """
    for extension, source in find_caption_files(picture).items():
        with reading(source):
            content = source.read_bytes()
        for crop in crops:
            write_atomic(Path(crop).with_suffix(extension), content)


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
