"""One file with the captions of a whole folder, as Hugging Face's ImageFolder and sd-scripts' tools write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..images.errors import PictureError, reading

# The first that is there counts: ImageFolder's, and what sd-scripts' tools write, the last step first.
CAPTION_INDEX_NAMES = ("metadata.jsonl", "meta_lat.json", "meta_clean.json", "meta_cap_dd.json", "meta_cap.json")
_NAME_FIELDS, _CAPTION_FIELDS = ("file_name", "image_path"), ("text", "caption", "prompt")


@dataclass(frozen=True)
class CaptionIndex:
    """The captions of a file.

    Attributes:
        by_path: captions by the picture's POSIX path relative to the file, with or without extension.
        by_name: captions by the picture's name alone, of entries that do not say which folder below the file it is in.
    """

    by_path: Mapping[str, str]
    by_name: Mapping[str, str]

    def caption(self, path: str) -> str:
        """The caption of the picture at a POSIX path relative to the file; empty when it has none."""
        whole = PurePosixPath(path)
        for names, captions in (
            ((str(whole), str(whole.with_suffix(""))), self.by_path),
            ((whole.name, whole.stem), self.by_name),
        ):
            for name in names:
                if name in captions:
                    return captions[name]
        return ""


def read_caption_index(file: Path) -> CaptionIndex:
    """Reads `metadata.jsonl` (JSON lines) or an sd-scripts file (one JSON object).

    A path that lies elsewhere counts by its name alone, since data sets are moved. So does a bare name in an sd-scripts
    file: its tools leave folders out unless they are run with `--full_path`.

    Raises:
        PictureError: when it cannot be read, or an entry is no JSON object; names the line or the entry.
    """
    with reading(file):
        text = file.read_bytes().decode("utf-8-sig")
        is_lines = file.suffix == ".jsonl"
        entries = _entries_of_lines(file, text) if is_lines else _entries_of_object(file, text)
        by_path: dict[str, str] = {}
        by_name: dict[str, str] = {}
        for name, entry in entries:
            path, is_elsewhere = _relative_path(name, file.parent)
            caption = _caption(entry)
            if not is_elsewhere:
                by_path[path] = caption
            if is_elsewhere or (not is_lines and "/" not in path):
                by_name[path] = caption
        return CaptionIndex(by_path, by_name)


def _entries_of_lines(file: Path, text: str) -> list[tuple[str, dict[str, Any]]]:
    entries = []
    # Not `splitlines`: a caption may hold U+2028, which JSON does not escape.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            entry = _object(file, f"line {number}", line)
            name = next((entry[each] for each in _NAME_FIELDS if entry.get(each)), None)
            if isinstance(name, str):
                entries.append((name, entry))
    return entries


def _entries_of_object(file: Path, text: str) -> list[tuple[str, dict[str, Any]]]:
    entries = _object(file, "the file", text)
    for name, entry in entries.items():
        if not isinstance(entry, dict):
            raise PictureError(file, f"damaged: {name!r} must have a JSON object, got {entry!r}")
    return list(entries.items())


def _object(file: Path, place: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PictureError(file, f"damaged: {place} is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise PictureError(file, f"damaged: {place} must be a JSON object")
    return value


def _caption(entry: Mapping[str, Any]) -> str:
    """The caption with its tags after it, as sd-scripts puts them together."""
    caption = next((entry[name] for name in _CAPTION_FIELDS if entry.get(name)), "")
    parts = (str(part).strip() for part in (caption, entry.get("tags") or ""))
    return ", ".join(part for part in parts if part)


def _relative_path(name: str, folder: Path) -> tuple[str, bool]:
    """A picture's POSIX path relative to the folder; or its name, and True, where its path lies elsewhere."""
    path = PurePosixPath(name.replace("\\", "/"))
    home = PurePosixPath(folder.as_posix())
    if path.is_relative_to(home):
        return str(path.relative_to(home)), False
    has_drive = ":" in str(path).partition("/")[0]
    return (path.name, True) if path.is_absolute() or has_drive else (str(path), False)
