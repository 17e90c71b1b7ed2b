"""Crops with their captions and masks, in the same folders as their sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..captions import write_captions
from ..output_folder import OutputFolder
from ..sidecars import Sidecars
from .base import DatasetFormat, Size


class Plain(DatasetFormat):
    """No trainer in particular: caption files are copied byte for byte, and the folder may hold other pictures."""

    name = "plain"
    summary = "crops and captions in the folders of their sources, nothing else"
    reads_subfolders = True
    reads_all_pictures = False

    def recropped_size(self, size: Size, resolution: int) -> Size | None:
        return None

    def write_captions(self, out: OutputFolder, crop_paths: Sequence[str], picture: Path, sidecars: Sidecars) -> None:
        contents = sidecars.read_captions(picture)
        for crop_path in crop_paths:
            write_captions(out, crop_path, contents)
