"""The caption files that lie beside a picture."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from .folder_writer import FolderWriter

CAPTION_EXTENSIONS = (".txt", ".caption")
_SENTENCE_ENDS = (".", "!", "?", "。")


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


def decode_caption(content: bytes) -> str:
    """The text of a caption file, stripped.

    It is read as UTF-8, as UTF-16 where it begins with its byte order mark, or else as Latin-1.
    """
    return _decode(content).strip()


def add_words(caption: str, words: str | None) -> str:
    """A caption with a few words more at the end of each of its lines; as it is where a line has them already, or
    there are none.

    Trainers read the first line, or one of several at random. The beginning, where a trigger word stands, stays.

    >>> add_words("a woman, red coat", "half figure"), add_words("A woman in red.", "half figure")
    ('a woman, red coat, half figure', 'A woman in red. Half figure.')
    """
    if not words:
        return caption
    lines = [_add_words(line, words) if line.strip() else line for line in caption.splitlines()]
    return "\n".join(lines) if any(map(str.strip, lines)) else words


def caption_paths(crop_path: str) -> list[str]:
    """The POSIX paths of all caption files that a crop may have beside it."""
    return [str(PurePosixPath(crop_path).with_suffix(extension)) for extension in CAPTION_EXTENSIONS]


def write_captions(out: FolderWriter, crop_path: str, contents: Mapping[str, bytes]) -> None:
    """Writes the caption files beside a crop, by their extension, and removes others that a run has left there.

    Raises:
        OSError: when one cannot be written, or somebody else's lies in its place.
    """
    for extension, path in zip(CAPTION_EXTENSIONS, caption_paths(crop_path), strict=True):
        if extension in contents:
            out.write(path, contents[extension])
        else:
            out.remove(path)


def _add_words(line: str, words: str) -> str:
    line = line.rstrip()
    if re.search(rf"\b{re.escape(words)}\b", line, re.IGNORECASE):
        return line
    if line.endswith(_SENTENCE_ENDS):
        return f"{line} {words[0].upper()}{words[1:]}."
    return f"{line.rstrip(',')}, {words}"


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
