"""One file with the captions of a whole folder, as Hugging Face's ImageFolder and sd-scripts' tools write it."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from ..images.errors import PictureError, reading
from ..printable import escape
from .json_values import MalformedValue, optional, parse_json, read_field, read_text, show_value
from .open_folder import open_regular

# The first that is there counts: ImageFolder's, and what sd-scripts' tools write, the last step first.
CAPTION_INDEX_NAMES = ("metadata.jsonl", "meta_lat.json", "meta_clean.json", "meta_cap_dd.json", "meta_cap.json")
_NAME_FIELDS, _CAPTION_FIELDS = ("file_name", "image_path"), ("text", "caption", "prompt")


@dataclass(frozen=True)
class CaptionIndex:
    """The captions of a file. What is wrong with one of its entries is told of the picture that the entry is about.

    Attributes:
        file: that they come from.
        by_path: entries by the picture's POSIX path relative to the file, with or without extension.
        by_name: entries by the picture's name alone, where they do not say which folder below the file it is in.
        fault: what is wrong with an entry of which nobody can say which picture it is about; or empty.
    """

    file: Path
    by_path: Mapping[str, Any]
    by_name: Mapping[str, Any]
    fault: str = ""

    def caption(self, path: str) -> str:
        """The caption of the picture at a POSIX path relative to the file; empty when it has none.

        Raises:
            PictureError: when its entry is malformed; or when it has none, and one is damaged that may be its own.
        """
        whole = PurePosixPath(path)
        for names, entries in (
            ((str(whole), str(whole.with_suffix(""))), self.by_path),
            ((whole.name, whole.stem), self.by_name),
        ):
            for name in names:
                if name in entries:
                    return self._read(name, entries[name])
        if self.fault:
            raise PictureError(self.file, f"damaged: {self.fault}, which may be the one of {whole.name}")
        return ""

    def _read(self, name: str, entry: Any) -> str:
        try:
            return _caption(entry)
        except MalformedValue as error:
            raise PictureError(self.file, f"damaged: the entry {show_value(name)}: {error}") from None


def read_caption_index(file: Path, open_file: Callable[[Path], BinaryIO] = open_regular) -> CaptionIndex:
    """Reads `metadata.jsonl` (JSON lines) or an sd-scripts file (one JSON object).

    A path that lies elsewhere counts by its name alone, since data sets are moved. So does a bare name in an sd-scripts
    file: its tools leave folders out unless they are run with `--full_path`. Of a damaged file, the rest counts.

    Raises:
        PictureError: when it cannot be read.
    """
    with reading(file), open_file(file) as opened:
        content = opened.read().removeprefix(BOM_UTF8)
    is_lines = file.suffix == ".jsonl"
    entries, fault = _entries_of_lines(content) if is_lines else _entries_of_object(content)
    by_path: dict[str, Any] = {}
    by_name: dict[str, Any] = {}
    for name, entry in entries:
        path, is_elsewhere = _relative_path(name, file.parent)
        if not is_elsewhere:
            by_path[path] = entry
        if is_elsewhere or (not is_lines and "/" not in path):
            by_name[path] = entry
    return CaptionIndex(file, by_path, by_name, fault)


def _entries_of_lines(content: bytes) -> tuple[list[tuple[str, Any]], str]:
    """The entries with their pictures' names, and what is wrong with the first line that cannot be read."""
    entries, fault = [], ""
    # Not `splitlines`: a caption may hold U+2028, which JSON does not escape.
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            entry = _read_object(line)
        except ValueError as error:
            fault = fault or f"line {number} {error}"
            continue
        name = next((entry[each] for each in _NAME_FIELDS if entry.get(each)), None)
        if isinstance(name, str):
            entries.append((name, entry))
    return entries, fault


def _entries_of_object(content: bytes) -> tuple[list[tuple[str, Any]], str]:
    """The entries with their pictures' names, and what is wrong with the file."""
    try:
        return list(_read_object(content).items()), ""
    except ValueError as error:
        return [], f"the file {error}"


def _read_object(content: bytes) -> dict[str, Any]:
    try:
        value = parse_json(content.decode())
    except ValueError as error:
        raise ValueError(f"is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise ValueError("must be a JSON object")
    return value


def _caption(entry: Any) -> str:
    """The caption with its tags after it, as sd-scripts puts them together.

    Raises:
        MalformedValue: when the entry, or a field that counts, is of another type, or a text that cannot be written.
    """
    tags = read_field(entry, "tags", optional(read_text), default=None) or ""
    field = next((name for name in _CAPTION_FIELDS if entry.get(name)), None)
    caption = read_field(entry, field, read_text) if field else ""
    text = ", ".join(part for part in (caption.strip(), tags.strip()) if part)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedValue(f"holds half a character, {escape(text[error.start])}, which no text file can") from None
    return text


def _relative_path(name: str, folder: Path) -> tuple[str, bool]:
    """A picture's POSIX path relative to the folder; or its name, and True, where its path lies elsewhere."""
    path = PurePosixPath(name.replace("\\", "/"))
    home = PurePosixPath(folder.as_posix())
    if path.is_relative_to(home):
        return str(path.relative_to(home)), False
    has_drive = ":" in str(path).partition("/")[0]
    return (path.name, True) if path.is_absolute() or has_drive else (str(path), False)
