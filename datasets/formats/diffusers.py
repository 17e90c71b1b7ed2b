"""Hugging Face diffusers and datasets: an ImageFolder with `metadata.jsonl`, which holds the captions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..atomic import open_atomic
from ..json_values import format_json
from .base import DatasetFormat, Entry, Size

METADATA = "metadata.jsonl"


class Diffusers(DatasetFormat):
    """An ImageFolder: no caption files, all captions and SDXL's conditioning in one JSON line a crop."""

    name = "diffusers"
    summary = "Hugging Face ImageFolder: metadata.jsonl with the captions"
    reads_subfolders = True
    reads_all_pictures = True

    def recropped_size(self, size: Size, resolution: int) -> Size | None:
        return None

    def write_caption(self, out: Path, crop_path: str, caption: str) -> None:
        """Writes nothing, since `write_index` has the captions; removes a caption file that another run left."""
        (out / crop_path).with_suffix(".txt").unlink(missing_ok=True)

    def write_index(self, out: Path, entries: Iterable[Entry]) -> list[str]:
        """Writes `metadata.jsonl`."""
        with open_atomic(out / METADATA) as file:
            for entry in entries:
                file.write(format_json(self._row(entry)).encode() + b"\n")
        return [METADATA]

    def _row(self, entry: Entry) -> dict[str, Any]:
        row = {"file_name": entry.file, "text": self.format_caption(entry.caption), **dict(entry.details)}
        return row if entry.mask is None else {**row, "mask_file_name": entry.mask}
