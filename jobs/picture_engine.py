"""What works on the pictures of a folder, by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

from ..cropping.sequence import EACH
from ..datasets.atomic import remove_leftovers
from .corrections import Corrections
from .defaults import AUTO, MANY_PICTURES, MANY_SLOW_PICTURES, PROCESSES, RAY, THREADS
from .engine_choice import check_engine, open_cluster, open_processes
from .executors.batches import Analyser
from .executors.pool import Pool
from .picture_tasks import PictureEngine, PictureTask, on_threads
from .picture_worker import PictureDone, PictureWork, split
from .run import FolderRun, RunError
from .stages import DISK_ERRORS, describe_unwritten

if TYPE_CHECKING:
    from ..models.landmarks.loading import LandmarkFinder

R = TypeVar("R")
_FAR_CHUNK, _NEAR_CHUNK = 8, 2  # pictures for each of a worker's threads, on other machines and on this one


@contextmanager
def open_picture_engine(
    run: FolderRun,
    analyser: Analyser,
    engine: str,
    address: str | None = None,
    gpus_per_worker: float | None = None,
    workers: int | None = None,
    finder: LandmarkFinder | None = None,
) -> Iterator[PictureEngine]:
    """An engine for `crop_folder`, or for `extract_faces`.

    Args:
        run: where and how.
        analyser: for this process.
        engine: one of `ENGINES`; `auto` is processes where there are many pictures, and one at a time would be searched
            otherwise.
        address, gpus_per_worker, workers: with `ray`, see `RayPool`.
        finder: of the points of faces for this process, for a run over faces.

    Raises:
        ValueError: when it is not known, not installed, cannot do what the run asks for, or is not to be had.
    """
    check_engine(engine, address, gpus_per_worker)
    here = on_threads(analyser, finder)
    if engine == AUTO and (run.workers == 1 or analyser.device != "cpu" or _describe_unfit(run)):
        engine = THREADS
    if engine == THREADS:
        yield here
        return
    if unfit := _describe_unfit(run):
        raise ValueError(f"{unfit}; not with engine {engine}")
    if engine == RAY:
        with open_cluster(address, gpus_per_worker, workers) as cluster:
            yield pictures_on_pool(cluster, _FAR_CHUNK)
        return
    with open_processes(run.workers, analyser.device, run.memory) as pool:
        there = pictures_on_pool(pool, _NEAR_CHUNK, cramped=here)
        many = MANY_PICTURES if run.settings.objective.chooser is None else MANY_SLOW_PICTURES
        yield there if engine == PROCESSES else _by_number(many, here, there)


def pictures_on_pool(pool: Pool, chunk: int = _FAR_CHUNK, cramped: PictureEngine | None = None) -> PictureEngine:
    """The workers of a pool as an engine for `crop_folder`.

    Pictures are finished as they are done, in any order. Workers read them and stage files; this process, which holds
    the run's folders, gives files their names.

    Args:
        pool: of this machine, or of several that see the same folders.
        chunk: pictures that a worker is given at a time, for each of its threads, which is what its loss costs.
        cramped: does in the end what workers may take too little memory for; None where they fail for it.
    """

    def work_on(
        run: FolderRun,
        corrections: Corrections,
        tasks: Iterable[PictureTask[R]],
        finish: Callable[[PictureTask[R], R], None],
    ) -> None:
        settings = run.settings
        told = replace(run, sources=(), corrections=None, measurements=None)
        work = PictureWork(told, corrections, settings.checkpoint or settings.cropper, settings.device)
        left: list[PictureTask[R]] = []
        try:
            with closing(pool.run(work, split(tasks, chunk * pool.threads))) as results:
                for each in results:
                    for task, done in zip(each.task, each.result, strict=True):
                        if done.cramped and cramped is not None:
                            left.append(task)
                        else:
                            finish(task, _take(run, task, done))
        finally:
            if run.output is not None:  # of workers that were lost or ended, or of a run whose process was
                remove_leftovers(run.output)
        if left and cramped is not None:
            cramped(run, corrections, left, finish)

    return work_on


def _by_number(many: int, few_on: PictureEngine, many_on: PictureEngine) -> PictureEngine:
    """One engine for few tasks, and another for many."""

    def work_on(
        run: FolderRun,
        corrections: Corrections,
        tasks: Iterable[PictureTask[R]],
        finish: Callable[[PictureTask[R], R], None],
    ) -> None:
        waiting = iter(tasks)
        first = list(islice(waiting, many))
        chosen = many_on if len(first) == many else few_on
        chosen(run, corrections, chain(first, waiting), finish)

    return work_on


def _take(run: FolderRun, task: PictureTask[R], done: PictureDone) -> R:
    """Gives what a worker has staged its name. What is in the way of one picture fails it alone.

    Raises:
        RunError: when what was staged is not seen here.
        OSError: what would stop every other picture too, such as a full disk.
    """
    result: R = done.result
    if run.written is None:
        return result
    try:
        run.written.make_changes(done.changes)
    except FileNotFoundError as error:
        raise RunError(
            f"{run.output}: what a worker wrote for {task.source} is not seen here; with engine {RAY}, all nodes must"
            " see the folder of the crops, under the same path"
        ) from error
    except OSError as error:
        if error.errno in DISK_ERRORS:
            raise
        return task.as_failed(describe_unwritten(error), result)
    return result


def _describe_unfit(run: FolderRun) -> str:
    """What of a run workers in other processes cannot do, in words; empty where they can do it."""
    if run.settings.frames != EACH:
        return "frames: the frames of a clip are cropped together, by one process"
    if run.settings.words is not None:
        return (
            "subject: what is found by word is noted by one process; found by another program, boxes in a file go into"
            " focus"
        )
    return ""
