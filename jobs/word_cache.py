"""What detectors of words found in pictures, in a file beside the manifest: other settings need not look again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from ..datasets.json_values import (
    MalformedValue,
    format_json,
    list_of,
    parse_json,
    read_digest,
    read_field,
    read_number,
    read_text,
)
from ..datasets.open_folder import open_folder
from ..models.detectors.words.base import WordBox

_KIND = "boxes of words"
_HEADER = format_json({"salient-crop": _KIND, "version": 1}).encode() + b"\n"
_LONGEST_LINE = 1 << 20  # bytes


class WordCache:
    """Boxes by picture, of one question; lines of other questions stay. May be used by several threads.

    A line that is cut off or malformed is as good as none: the picture is looked at again. Memory: a digest and an
    offset for each picture.

    Args:
        path: of the file, which need not exist.
        question: what the boxes depend on beside the picture: the model, the words, the threshold.
        writes: whether what is found is added, as a run does that has its folder for itself.

    Raises:
        ValueError: when there is a file of that name that is none of these.
    """

    def __init__(self, path: Path, question: str, writes: bool) -> None:
        self._path, self._question, self._writes = path, question, writes
        self._offsets: dict[str, int] = {}
        self._lock = Lock()
        self._file: BinaryIO | None = None
        if path.exists() or path.is_symlink():
            self._open()

    def get(self, digest: str) -> tuple[WordBox, ...] | None:
        """What was found in the picture of a digest; None where nobody has looked."""
        with self._lock:
            if self._file is None or digest not in self._offsets:
                return None
            self._file.seek(self._offsets[digest])
            found = _parse(self._file.readline(_LONGEST_LINE), self._question)
            return None if found is None else found[1]

    def add(self, digest: str, boxes: Sequence[WordBox]) -> None:
        """Notes what was found in a picture."""
        if not self._writes:
            return
        found = [[*each.region, each.confidence, each.word] for each in boxes]
        line = format_json({"question": self._question, "picture": digest, "found": found}).encode() + b"\n"
        with self._lock:
            if self._file is None:
                self._create()
            assert self._file is not None
            self._offsets[digest] = self._file.seek(0, 2)
            self._file.write(line)
            self._file.flush()

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()

    def _create(self) -> None:
        with open_folder(self._path.parent, make=True) as folder:
            self._file = folder.create(self._path.name)
        self._file.write(_HEADER)

    def _open(self) -> None:
        if not is_word_cache(self._path):
            raise ValueError(f"{self._path}: there already, and no file of found boxes; move it away")
        with open_folder(self._path.parent) as folder:
            file = folder.read(self._path.name, "r+b" if self._writes else "rb")
        file.readline(_LONGEST_LINE)
        end = file.tell()
        while line := file.readline(_LONGEST_LINE):
            if not line.endswith(b"\n"):
                break
            found = _parse(line, self._question)
            if found is not None:
                self._offsets[found[0]] = end
            end = file.tell()
        if self._writes:
            file.truncate(end)
        self._file = file


def word_cache_file(manifest: Path) -> Path:
    """Where the cache of a manifest's run lies: `manifest.words.jsonl` beside `manifest.jsonl`."""
    return manifest.with_name(manifest.stem + ".words.jsonl")


def is_word_cache(path: Path) -> bool:
    """Whether a file begins as one of these does."""
    try:
        with open_folder(path.parent) as folder, folder.read(path.name) as file:
            return file.readline(len(_HEADER) + 1) == _HEADER
    except OSError:
        return False


def _parse(line: bytes, question: str) -> tuple[str, tuple[WordBox, ...]] | None:
    """The digest and the boxes of a line, if it is whole and of this question."""
    if question.encode() not in line:
        return None
    try:
        value = parse_json(line)
        if read_field(value, "question", read_text) != question:
            return None
        return read_field(value, "picture", read_digest), read_field(value, "found", list_of(_read_box))
    except ValueError:
        return None


def _read_box(value: Any) -> WordBox:
    if not isinstance(value, list) or len(value) != 6:
        raise MalformedValue("must be a list of 6")
    x1, y1, x2, y2, confidence = list_of(read_number, 5)(value[:5])
    if not (x1 < x2 and y1 < y2 and 0 <= confidence <= 1):
        raise MalformedValue("must be a box and a confidence in 0..1")
    return WordBox((x1, y1, x2, y2), read_text(value[5]), confidence)
