"""What a trainer expects of a folder, as one abstract class; every trainer's format is a subclass in its own file."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isqrt
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, ClassVar

from ...bucketing.grids import MAX_SIDE, BucketGrid
from ...bucketing.solver.policy import MAX_COUNT
from ...cropping.checks import Size, check_count, check_kind, check_size, show
from ...printable import escape
from ..captions import add_words, write_captions
from ..folder_writer import FolderWriter
from ..output_folder import OutputFolder
from ..sidecars import Sidecars

MAX_CONCEPT = 200  # bytes; file systems allow 255 of a folder's name
NO_WORDS: Mapping[str, str] = MappingProxyType({})
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Class attributes of every format with their types, and why they belong to the class.
_CONTRACT: dict[str, tuple[type, str]] = {
    "name": (str, "commands and workflows choose the format by it"),
    "summary": (str, "help texts and the documentation describe the format by it"),
    "reads_subfolders": (bool, "names of crops are made from it before any crop exists"),
    "reads_all_pictures": (bool, "a run decides by it whether other pictures in the folder are an error"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One crop of a data set, as the trainer's index lists it.

    Attributes:
        file: POSIX path below the data set's folder, as `DatasetFormat.crop_path` gives it.
        size: width and height in pixels.
        caption: empty where there is none.
        mask: POSIX path of its mask, or None.
        details: what else is known of it (SDXL's conditioning) as pairs of name and JSON value.
    """

    file: str
    size: Size
    caption: str = ""
    mask: str | None = None
    details: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class DatasetFormat(ABC):
    """The layout of a trainer's folder: paths, captions, index file and the rule by which the trainer crops again.

    A new format is one file with a subclass, listed in `registry`. The class body states `name`, `summary`,
    `reads_subfolders` and `reads_all_pictures`, and `recropped_size` has to be written. All other methods have a
    default that suits a trainer which reads one folder with a `.txt` beside every picture.

    Class attributes:
        name: what `--dataset` and the nodes call it: lower-case letters and digits, joined by hyphens.
        summary: one line for help texts.
        reads_subfolders: True where the trainer finds pictures in folders below the data set's. Otherwise a source's
            folders become part of the crop's name.
        reads_all_pictures: True where the trainer takes every picture that lies in the folder, so that pictures of
            another origin would change its counts.

        usual_step: the trainer's bucket rule rounds sides to multiples of so many pixels for most models, or for the
            strictest one; None where the data set itself says so, or the rule has none.

    Attributes:
        concept: second part of the folder name `N_concept`, in the formats that have such a folder.
        repeats: first part of that name, how often an epoch shows each picture; at least 1.
        batch_size: written into the trainer's configuration where it has a place for it.
        step: what the bucket rule rounds to for the model that is trained, in pixels; None for `usual_step`.

    Raises:
        TypeError: when one is of another type; names it.
        ValueError: when concept or repeats are needed for a folder's name and cannot be part of one, a number is out of
            range, or the format has no step to be told.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    reads_subfolders: ClassVar[bool]
    reads_all_pictures: ClassVar[bool]
    usual_step: ClassVar[int | None] = None

    concept: str = "picture"
    repeats: int = 1
    batch_size: int = 1
    step: int | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        """Checks the contract when the class is made.

        Raises:
            TypeError: naming the class, what is wrong with it, and why it has to be so.
        """
        super().__init_subclass__(**options)
        for attribute, (kind, why) in _CONTRACT.items():
            value = getattr(cls, attribute, None)
            if not isinstance(value, kind) or value == "":
                wanted = f"a class attribute of type {kind.__name__}"
                raise TypeError(f"{cls.__name__}.{attribute} must be {wanted}, got {value!r}: {why}")
        if not _NAME.fullmatch(cls.name):
            wanted = "lower-case letters and digits joined by hyphens"
            raise TypeError(f"{cls.__name__}.name must be {wanted}, got {cls.name!r}: it is typed on the command line")
        if getattr(cls.recropped_size, "__isabstractmethod__", False):
            why = "whether a trainer crops again differs from trainer to trainer, so there is no default"
            raise TypeError(f"{cls.__name__} must define recropped_size(size, resolution): {why}")

    def __post_init__(self) -> None:
        check_kind("concept", self.concept, str)
        check_count("repeats", self.repeats, MAX_COUNT)
        check_count("batch_size", self.batch_size, MAX_COUNT)
        if self.step is not None:
            check_count("step", self.step, MAX_SIDE)
            if self.usual_step is None:
                raise ValueError(f"step: does nothing for the dataset format {self.name}, which takes any size")
        self.crop_path("name", "png")  # raises where the settings name no folder

    @abstractmethod
    def recropped_size(self, size: Size, resolution: int) -> Size | None:
        """The size to which the trainer would crop a picture of this size again, or None where it keeps it.

        Args:
            size: width and height of the picture.
            resolution: side of the square, in pixels, that the trainer is set to.
        """

    def recropped_sizes(self, sizes: Iterable[Size], resolution: int) -> dict[Size, Size]:
        """Which of a data set's sizes the trainer would crop again, and to which.

        Args:
            sizes: of all pictures of the data set.
            resolution: as in `recropped_size`.

        Raises:
            TypeError, ValueError: when a size or the resolution cannot be.
        """
        check_count("resolution", resolution, MAX_SIDE)
        distinct = dict.fromkeys(check_size("sizes", each) for each in sizes)
        found = {size: self.recropped_size(size, resolution) for size in distinct}
        return {size: to for size, to in found.items() if to is not None}

    def resolution_for(self, sizes: Iterable[Size]) -> int:
        """The resolution that the trainer would be set to for pictures of these sizes: in steps of 64, the smallest
        square that holds as many pixels as the largest of them.
        """
        largest = max((width * height for width, height in sizes), default=1)
        return -(-(isqrt(largest - 1) + 1) // 64) * 64

    def trainer_settings(self, sizes: Iterable[Size], resolution: int) -> list[str]:
        """What the trainer must be told so that it crops none of the pictures again, as lines for a person.

        Args:
            sizes, resolution: as in `recropped_sizes`.
        """
        return []

    def for_grid(self, grid: BucketGrid) -> DatasetFormat:
        """The same format for pictures that were sorted into a grid; a format whose rule has a step takes the grid's.

        Raises:
            ValueError: when it was told another step.
        """
        if grid.step is None or self.usual_step is None or grid.step == self.step:
            return self
        if self.step is not None:
            raise ValueError(f"step: {self.step}, but the grid {grid.name} has a step of {grid.step}")
        return replace(self, step=grid.step)

    def fitted_to(self, sizes: Iterable[Size]) -> DatasetFormat:
        """The same format for pictures of which only the sizes are known; one that was told no step takes the one at
        which most of them are kept, where there is a choice.
        """
        return self

    @property
    def rule_step(self) -> int:
        """What the trainer's rule rounds to, in pixels; 1 where it has no step."""
        return self.step or self.usual_step or 1

    @property
    def crop_folder(self) -> str:
        """The folder of the crops below the data set's, as a POSIX path; empty for the data set's own folder."""
        return ""

    @property
    def is_named(self) -> bool:
        """Whether concept and repeats name the folder of the crops."""
        return replace(self, concept="a", repeats=1).crop_folder != replace(self, concept="b", repeats=2).crop_folder

    def flatten_path(self, path: str) -> str:
        """A source's POSIX path as crops are named after it: `a/b` becomes `a_b` where subfolders are not read."""
        return path if self.reads_subfolders else path.replace("/", "_")

    def crop_path(self, name: str, extension: str) -> str:
        """Where a crop goes below the data set's folder, as a POSIX path.

        Args:
            name: POSIX path of the source without extension; see `flatten_path`.
            extension: of the crop's file, without the dot.
        """
        file = f"{self.flatten_path(name)}.{extension}"
        return f"{self.crop_folder}/{file}" if self.crop_folder else file

    def mask_path(self, crop_path: str) -> str:
        """Where the mask of a crop goes: a PNG of the same name in the folder `masks`."""
        return str(PurePosixPath("masks", crop_path).with_suffix(".png"))

    def grid_name(self, grid: str, resolution: int = 1024) -> str:
        """The name of the bucket grid to sort into, where `grid` was asked for.

        A format narrows the choice of `auto:K` where its trainer keeps only the sizes of its own grid.

        Args:
            grid: see `parse_grid`.
            resolution: that the trainer is set to, where the name of the grid does not say it.
        """
        return grid

    def format_caption(self, caption: str) -> str:
        """The caption as the trainer will read it."""
        return caption.strip()

    @property
    def index_files(self) -> tuple[str, ...]:
        """Where `write_index` writes to, as POSIX paths below the data set's folder."""
        return ()

    def write_caption(self, out: FolderWriter, crop_path: str, caption: str) -> None:
        """Writes the caption file of a crop. None of an earlier run is left beside it.

        Raises:
            OSError: when it cannot be written, or somebody else's lies in its place.
        """
        text = self.format_caption(caption)
        write_captions(out, crop_path, {".txt": text.encode() + b"\n"} if text else {})

    def write_captions(
        self,
        out: FolderWriter,
        crop_paths: Sequence[str],
        picture: Path,
        sidecars: Sidecars,
        words: Mapping[str, str] = NO_WORDS,
    ) -> None:
        """Writes the caption of a source picture for each of its crops.

        Args:
            out: the data set's folder.
            crop_paths: of all crops of the picture.
            picture: the source.
            sidecars: of its folder.
            words: what is put into the caption of some of the crops, by their path, see `add_words`.

        Raises:
            PictureError: when the caption cannot be read.
            OSError: see `write_caption`.
        """
        caption = sidecars.read_caption(picture)
        for crop_path in crop_paths:
            own = add_words(caption, words.get(crop_path))
            self.write_caption(out, crop_path, own)

    def write_index(self, out: OutputFolder, entries: Iterable[Entry]) -> list[str]:
        """Writes the `index_files`, what the trainer reads once for the whole folder; returns those written.

        Args:
            out: the data set's folder.
            entries: all crops of the data set, in order. Read at most once.

        Raises:
            OSError: when a file cannot be written, or somebody else's lies in its place.
        """
        return []


def concept_folder(concept: str, repeats: int) -> str:
    """The folder name `N_concept` by which kohya's tools and ComfyUI read the number of repeats.

    >>> concept_folder("red car", 10)
    '10_red car'

    Raises:
        TypeError: when one is of another type.
        ValueError: when the concept cannot be part of a folder's name, or repeats is below 1.
    """
    check_kind("concept", concept, str)
    is_name = bool(concept.strip()) and concept == PurePosixPath(concept).name and not concept.startswith(".")
    if not is_name or "\\" in concept or escape(concept) != concept or len(concept.encode()) > MAX_CONCEPT:
        allowed = f"use letters, digits, spaces and _, at most {MAX_CONCEPT} bytes"
        raise ValueError(f"concept: {show(concept)} cannot be part of a folder's name; {allowed}")
    check_count("repeats", repeats, MAX_COUNT)
    return f"{repeats}_{concept.strip()}"
