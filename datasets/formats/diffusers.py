"""Hugging Face diffusers and datasets: an ImageFolder with `metadata.jsonl`, which holds the captions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..captions import write_captions
from ..json_values import format_json
from ..output_folder import OutputFolder
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

    @property
    def index_files(self) -> tuple[str, ...]:
        return (METADATA,)

    def write_caption(self, out: OutputFolder, crop_path: str, caption: str) -> None:
        """Writes nothing, since `write_index` has the captions; none of an earlier run is left."""
        write_captions(out, crop_path, {})

    def write_index(self, out: OutputFolder, entries: Iterable[Entry]) -> list[str]:
        """Writes `metadata.jsonl`."""
        with out.open(METADATA) as file:
            for entry in entries:
                file.write(format_json(self._row(entry)).encode() + b"\n")
        return [METADATA]

    def _row(self, entry: Entry) -> dict[str, Any]:
        row = {"file_name": entry.file, "text": self.format_caption(entry.caption), **dict(entry.details)}
        return row if entry.mask is None else {**row, "mask_file_name": entry.mask}
