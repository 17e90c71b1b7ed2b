"""Buckets as a user asks for them, by the name of a grid and a few numbers, turned into settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from ..bucketing.grids import parse_grid
from ..cropping.checks import Size, check_kind
from ..datasets.formats import DatasetFormat, get_format
from ..datasets.formats.plain import Plain
from .defaults import BUCKET_RESOLUTION
from .settings import BucketSettings

_POLICY = ("batch_size", "smallest", "remainder", "most_enlarged", "duplicates")


@dataclass(frozen=True)
class BucketOptions:
    """What was asked for; None where nothing was said, and the defaults of `BucketSettings` and `DatasetFormat` hold.

    Attributes:
        buckets: name of a grid, see `parse_grid`; None: no buckets.
        batch_size, smallest, remainder, most_enlarged, duplicates: see `BucketSettings`.
        dataset: name of a dataset format.
        concept, repeats, step: see `DatasetFormat`.

    Raises:
        TypeError: when a name is no text.
        ValueError: when an option is given where it would do nothing: without `buckets`, or `remainder` without a
            `batch_size` that may leave one.
    """

    buckets: str | None = None
    batch_size: int | None = None
    smallest: int | None = None
    remainder: str | None = None
    most_enlarged: float | None = None
    duplicates: str | None = None
    dataset: str | None = None
    concept: str | None = None
    repeats: int | None = None
    step: int | None = None

    def __post_init__(self) -> None:
        for name in ("buckets", "dataset"):
            if getattr(self, name) is not None:
                check_kind(name, getattr(self, name), str)
        unused = next((each.name for each in fields(self) if getattr(self, each.name) is not None), None)
        if self.buckets is None and unused is not None:
            raise ValueError(f"{unused}: does nothing without buckets; name a grid such as auto:3")
        if self.remainder is not None and self.batch_size in (None, 1):
            raise ValueError("remainder: does nothing without a batch_size above 1, which alone leaves one")

    def dataset_format(self, settings: BucketSettings | None = None) -> DatasetFormat:
        """The layout of the output folder.

        Args:
            settings: of the buckets, where they are known.

        Raises:
            ValueError: when the format is not known, concept and repeats name no folder, or are given where there is
                none to name, or the format has no step or another one than the grid.
        """
        given = self._given("batch_size", "concept", "repeats", "step")
        dataset = get_format(Plain.name if self.dataset is None else self.dataset)(**given)
        unused = next((name for name in ("concept", "repeats") if name in given and not dataset.is_named), None)
        if unused is not None:
            raise ValueError(f"{unused}: does nothing in the dataset format {dataset.name}, without a folder N_concept")
        return dataset if settings is None else dataset.for_grid(settings.grid)

    def settings(
        self, resolution: int | None, enlarge: bool, read_sizes: Callable[[], list[Size]]
    ) -> BucketSettings | None:
        """The settings; None without buckets.

        Args:
            resolution: side of the square that names the pixel budget, where the name of the grid does not say it;
                1024 where it is None.
            enlarge: False where no picture is to be enlarged, unless `most_enlarged` says otherwise.
            read_sizes: (width, height) of all pictures, called for the grids that are made from them.

        Raises:
            ValueError: when the grid is not known, or a number is out of range.
        """
        if self.buckets is None:
            return None
        check_kind("enlarge", enlarge, bool)
        resolution = BUCKET_RESOLUTION if resolution is None else resolution
        dataset = self.dataset_format()
        sizes = read_sizes() if self.buckets.strip().lower().startswith("quantile") else []
        try:
            grid = parse_grid(dataset.grid_name(self.buckets, resolution), resolution, sizes)
        except ValueError as error:
            raise ValueError(f"buckets: {error}") from error
        policy = self._given(*_POLICY)
        if not enlarge:
            policy.setdefault("most_enlarged", 1.0)
        return BucketSettings(grid=grid, resolution=grid.resolution or resolution, **policy)

    def _given(self, *names: str) -> dict[str, Any]:
        return {name: value for name in names if (value := getattr(self, name)) is not None}
