"""Nerogar/OneTrainer: a flat folder, with masks as `name-masklabel.png` beside their crops.

The bucket rule restates `AspectBucketing` of Nerogar/mgds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from ...bucketing.grids import list_onetrainer_sizes
from ..find import MASK_SUFFIX
from .base import DatasetFormat, Size


class OneTrainer(DatasetFormat):
    """OneTrainer keeps only the sizes of its own grid."""

    name = "onetrainer"
    summary = "a flat folder; masks as name-masklabel.png"
    reads_subfolders = False
    reads_all_pictures = True

    def recropped_size(self, size: Size, resolution: int) -> Size | None:
        bucket = onetrainer_bucket(size, list_onetrainer_sizes(resolution))
        return None if bucket == size else bucket

    def mask_path(self, crop_path: str) -> str:
        path = PurePosixPath(crop_path)
        return str(path.with_name(path.stem + MASK_SUFFIX))

    def grid_name(self, grid: str) -> str:
        """`auto:K` chooses among OneTrainer's own sizes; every other name stays as it is."""
        kind, _, rest = grid.strip().partition(":")
        chooses_freely = kind.strip().lower() == "auto" and ":" not in rest
        return f"{grid.strip()}:onetrainer" if chooses_freely else grid


def onetrainer_bucket(size: Size, grid: Sequence[Size]) -> Size:
    """The bucket that OneTrainer picks from a grid: the nearest height : width, the first of equally near ones."""
    ratio = size[1] / size[0]
    return min(grid, key=lambda bucket: abs(bucket[1] / bucket[0] - ratio))
