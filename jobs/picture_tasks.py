"""What is to be done with one picture of a folder, as a task that any process can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ..datasets.manifest import FAILED, PictureRecord
from .corrections import Corrections
from .executors.batches import Analyser
from .executors.threads import run_stage
from .run import FolderRun

if TYPE_CHECKING:
    from ..models.landmarks.loading import LandmarkFinder

R = TypeVar("R")


class Workplace(Protocol):
    """What a process has for the pictures of a run, beside their files."""

    @property
    def run(self) -> FolderRun:
        """The run, as this process sees it."""

    @property
    def corrections(self) -> Corrections:
        """Of the run's pictures."""

    @property
    def analyser(self) -> Analyser:
        """For the run's settings; loaded when it is first asked for."""

    @property
    def finder(self) -> LandmarkFinder:
        """Of the points of faces, for a run over faces; loaded when it is first asked for."""


@dataclass(frozen=True, kw_only=True)
class PictureTask(ABC, Generic[R]):
    """Something to be done with one picture; picklable.

    Attributes:
        source: of the picture, relative to the run's folder.
        state: of it when the task was made, see `FolderRun.state_of`: a change while it is read is noticed by the next
            run.
    """

    source: str
    state: str = ""

    @abstractmethod
    def do(self, here: Workplace) -> R:
        """Does it. What is wrong with the picture alone is told by what is returned.

        Raises:
            OSError: only what would stop every other picture too.
        """

    @abstractmethod
    def as_failed(self, reason: str, done: R | None = None) -> R:
        """What is returned where it cannot be done.

        Args:
            reason: why not.
            done: what it has returned, where only its files could not be written.
        """


@dataclass(frozen=True, kw_only=True)
class RecordTask(PictureTask[PictureRecord]):
    """One that returns the record of its picture."""

    def as_failed(self, reason: str, done: PictureRecord | None = None) -> PictureRecord:
        return PictureRecord(self.source, None if done is None else done.size, FAILED, reason)


class PictureEngine(Protocol):
    """How the pictures of a run are spread: over the threads of this process, or over others."""

    def __call__(
        self,
        run: FolderRun,
        corrections: Corrections,
        tasks: Iterable[PictureTask[R]],
        finish: Callable[[PictureTask[R], R], None],
    ) -> None:
        """Does all tasks, and calls `finish` with what each returns, in the thread of the caller, in any order.

        Args:
            run: whose folders this process holds.
            corrections: of its pictures.
            tasks: read only as far ahead as needed, in the thread of the caller.
            finish: what it raises ends the work.
        """


@dataclass(frozen=True)
class _Here:
    """This process as a workplace."""

    run: FolderRun
    corrections: Corrections
    analyser: Analyser
    points: LandmarkFinder | None

    @property
    def finder(self) -> LandmarkFinder:
        if self.points is None:
            raise ValueError("finder: a run over faces needs one of their points")
        return self.points


def on_threads(analyser: Analyser, finder: LandmarkFinder | None = None) -> PictureEngine:
    """The threads of this process, as many as the run has workers. Pictures are finished in their order.

    Args:
        analyser: for the run's settings.
        finder: of the points of faces, for a run over faces.
    """

    def work_on(
        run: FolderRun,
        corrections: Corrections,
        tasks: Iterable[PictureTask[R]],
        finish: Callable[[PictureTask[R], R], None],
    ) -> None:
        here = _Here(run, corrections, analyser, finder)

        def do(task: PictureTask[R]) -> tuple[PictureTask[R], R]:
            return task, task.do(here)

        run_stage(do, tasks, run.workers, lambda done: finish(*done), run.reader.abandon)

    return work_on
