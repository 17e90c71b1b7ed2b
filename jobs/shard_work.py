"""What a worker is told of a run over shards, what it is given to do, and what it answers; all of it picklable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..datasets.shards.names import join
from ..datasets.staged import StagedFile
from .settings import CropSettings

TORN, LOST, CAPTIONS = "torn", "lost", "captions"
"""What is counted of a shard beside its pictures: whether it is torn, what in it belongs to no sample, and captions."""


class ShardError(Exception):
    """A shard that cannot be read; its text says why. Others go on."""


@dataclass(frozen=True)
class ShardWork:
    """All that a process needs to know to work on any shard of a run.

    Attributes:
        root: folder or address of the shards.
        out: folder or address of the crops.
        settings: of the run.
        cropper: the name or path that `load_cropper` finds it by.
        device: that it is put on.
        workers: pictures at once in a process.
        memory: bytes that the pictures in work may take, see `FolderRun`.
        image: extension or column of the pictures; None where it can be told.
    """

    root: str
    out: str
    settings: CropSettings
    cropper: str
    device: str = "cpu"
    workers: int = 1
    memory: int | None = None
    image: str | None = None

    def address(self, shard: str) -> str:
        """Where a shard lies."""
        return join(self.root, shard)


@dataclass(frozen=True)
class Placement:
    """Where the pictures of one shard go by a plan.

    Attributes:
        columns: int `[N]`, the bucket of each picture, by its place in the grid; -1 for none.
        uses: int `[N]`, how often each is used.
        reasons: why a picture has no bucket, by its place in the shard; see `describe_left_out`.
    """

    columns: np.ndarray
    uses: np.ndarray
    reasons: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ShardTask:
    """A shard to be worked on.

    Attributes:
        shard: its name.
        measures: what its pictures lose in every bucket is measured, and nothing is cropped.
        placement: where its pictures go; None without buckets.
    """

    shard: str
    measures: bool = False
    placement: Placement | None = None


@dataclass(frozen=True)
class ShardResult:
    """What became of a shard.

    Attributes:
        task: that was given.
        files: what was written of it, see `ShardOutput.take`.
        source_size: bytes of the shard.
        counts: see `COUNTED`, and those of this module.
        ratio_error: see `Outcome`.
        warned: the first of its pictures with warnings, see `Outcome`.
        problems: the first of what failed in it, each with its reason.
        error: why nothing could be done; empty where it is done.
    """

    task: ShardTask
    files: tuple[StagedFile, ...] = ()
    source_size: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    ratio_error: float = 0.0
    warned: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    error: str = ""
