"""A worker for the pictures of a folder in another process than the one that holds it.

It reads pictures and stages files; the process that holds the folder gives them their names, and keeps the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from ..datasets.folder_writer import FolderWriter
from ..datasets.staged import Change, StagedFolder
from .corrections import Corrections
from .executors.batches import Analyser
from .executors.pool import PoolWork
from .executors.threads import run_stage
from .picture_tasks import PictureTask
from .run import FolderRun
from .worker_cropper import find_worker_cropper, load_worker_finder

if TYPE_CHECKING:
    from ..models.landmarks.loading import LandmarkFinder

Chunk: TypeAlias = tuple[PictureTask[Any], ...]


@dataclass(frozen=True)
class PictureDone:
    """What a worker has made of a task.

    Attributes:
        result: what the task returned.
        changes: to be made in the output, see `OutputFolder.make_changes`.
        cramped: whether it may have failed because the process may take too little memory.
    """

    result: Any
    changes: Sequence[Change] = ()
    cramped: bool = False


@dataclass(frozen=True)
class PictureWork(PoolWork[Chunk, Sequence[PictureDone]]):
    """All that a process needs to know to work on any picture of a run.

    Attributes:
        run: of which it needs no names of pictures, but the same folders under the same paths.
        corrections: of its pictures.
        cropper: the name or path that `load_cropper` finds it by.
        device: that it is put on.
    """

    run: FolderRun
    corrections: Corrections
    cropper: str
    device: str

    @property
    def memory(self) -> int | None:
        return self.run.memory

    def open(self, workers: int, memory: int) -> PictureWorker:
        return PictureWorker(self, workers, memory)

    def name(self, task: Chunk) -> str:
        return task[0].source

    def again(self, task: Chunk) -> list[Chunk]:
        """Each picture by itself: one of them may be what its worker was lost over."""
        return [(each,) for each in task]

    def give_up(self, task: Chunk, reason: str) -> Sequence[PictureDone]:
        return [PictureDone(each.as_failed(reason)) for each in task]


class PictureWorker:
    """Works on pictures, some at a time; a context, and a `Workplace`.

    Args:
        work: what it is told of the run.
        workers: pictures at once.
        memory: see `FolderRun`.
    """

    def __init__(self, work: PictureWork, workers: int, memory: int) -> None:
        run = work.run
        self.run: FolderRun = _StagingRun(run.folder, run.out, run.manifest, run.settings, workers, (), memory)
        self.corrections = work.corrections
        self._work, self._loading = work, Lock()
        self._analyser: Analyser | None = None
        self._finder: LandmarkFinder | None = None
        self._opened = ExitStack()

    def __enter__(self) -> PictureWorker:
        """Makes sure that it sees the pictures.

        Raises:
            ValueError: naming the folder that is not there.
        """
        seen = [self.run.folder, self.run.settings.masks, *self.run.settings.guides.paths]
        missing = next((each for each in seen if each is not None and not each.exists()), None)
        if missing is not None:
            raise ValueError(f"engine: a node does not see {missing}; all must, under the same path")
        self._opened.enter_context(self.run.reader)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()

    @property
    def analyser(self) -> Analyser:
        """Loads the weights when it is first asked for.

        Raises:
            ValueError: when those found here are others than the run's, or what runs the network is not installed.
        """
        with self._loading:
            if self._analyser is None:
                self._analyser = self._opened.enter_context(self._load())
            return self._analyser

    @property
    def finder(self) -> LandmarkFinder:
        """Loads the weights when it is first asked for.

        Raises:
            ValueError: see `load_worker_finder`.
        """
        with self._loading:
            if self._finder is None:
                self._finder = load_worker_finder(self.run.settings)
            return self._finder

    def __call__(self, chunk: Chunk) -> list[PictureDone]:
        """Works on pictures, and stages what is written of them.

        Raises:
            OSError: only what would stop every other picture too, such as a full disk.
        """
        done: list[PictureDone] = []
        run_stage(self._do, chunk, self.run.workers, done.append, self.run.reader.abandon)
        return done

    def _do(self, task: PictureTask[Any]) -> PictureDone:
        writer, refused = self.run.writer, self.run.reader.refused
        changes: Sequence[Change] = ()
        with ExitStack() as noting:
            if isinstance(writer, StagedFolder):
                changes = noting.enter_context(writer.noting())
            result = task.do(self)
        return PictureDone(result, changes, cramped=self.run.reader.refused > refused)

    def _load(self) -> Analyser:
        device = self._work.device
        return Analyser(find_worker_cropper(self._work.cropper, device, self.run.settings), device)


def split(tasks: Iterable[PictureTask[Any]], size: int) -> Iterable[Chunk]:
    """Tasks in chunks of a size, the last of which may be smaller."""
    chunk: list[PictureTask[Any]] = []
    for task in tasks:
        chunk.append(task)
        if len(chunk) == size:
            yield tuple(chunk)
            chunk = []
    if chunk:
        yield tuple(chunk)


@dataclass(frozen=True)
class _StagingRun(FolderRun):
    """A run as a worker has it: what is written is staged."""

    @cached_property
    def writer(self) -> FolderWriter | None:
        return None if self.output is None else StagedFolder(self.output)
