"""Hugging Face diffusers and datasets: an ImageFolder with `metadata.jsonl`, which holds the captions.

The bucket rule restates diffusers' `find_nearest_bucket` over the list that its scripts are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...bucketing.sizes import aspect_ratios, sort_sizes
from ...cropping.checks import check_size
from ..captions import write_captions
from ..folder_writer import FolderWriter
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
        """None: a size alone in the list of buckets is its own bucket."""
        return None

    def recropped_sizes(self, sizes: Iterable[Size], resolution: int) -> dict[Size, Size]:
        """Those that share their ratio with another size of the data set: only one of them can be kept."""
        buckets = sort_sizes(sizes)
        found = {size: diffusers_bucket(size, buckets) for size in buckets}
        return {size: bucket for size, bucket in found.items() if bucket != size}

    def trainer_settings(self, sizes: Iterable[Size], resolution: int) -> list[str]:
        buckets = sort_sizes(sizes)
        if len(buckets) == 1 and buckets[0][0] == buckets[0][1]:
            return [f"--resolution {buckets[0][0]}"]
        listed = ";".join(f"{height},{width}" for width, height in buckets)
        return [
            f'--use_aspect_ratio_buckets --aspect_ratio_buckets "{listed}" (height,width)',
            "scripts without these flags crop every picture to a square of --resolution",
        ]

    @property
    def index_files(self) -> tuple[str, ...]:
        return (METADATA,)

    def write_caption(self, out: FolderWriter, crop_path: str, caption: str) -> None:
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


def diffusers_bucket(size: Size, buckets: Sequence[Size]) -> Size:
    """The bucket that diffusers picks from its list: the last one of the least difference between height · bucket width
    and width · bucket height, which favours small buckets.

    Raises:
        TypeError, ValueError: when a size is none, or there is no bucket.
    """
    width, height = check_size("size", size)
    if not len(aspect_ratios(buckets, "buckets")):
        raise ValueError("buckets must hold at least one size")
    return min(reversed(buckets), key=lambda bucket: abs(height * bucket[0] - width * bucket[1]))
