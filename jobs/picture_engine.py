"""What works on the pictures of a folder, by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TypeVar

from ..cropping.sequence import EACH
from ..datasets.atomic import remove_leftovers
from .corrections import Corrections
from .defaults import RAY
from .engine_choice import check_engine, open_cluster
from .executors.batches import Analyser
from .executors.ray import RayCluster
from .picture_tasks import PictureEngine, PictureTask, on_threads
from .picture_worker import PictureDone, PictureWork, split
from .run import FolderRun, RunError
from .stages import DISK_ERRORS, describe_unwritten

R = TypeVar("R")
_CHUNK = 8  # pictures for each of a worker's threads: some seconds of work, which is what a lost worker costs


@contextmanager
def open_picture_engine(
    run: FolderRun,
    analyser: Analyser,
    engine: str,
    address: str | None = None,
    gpus_per_worker: float | None = None,
    workers: int | None = None,
) -> Iterator[PictureEngine]:
    """An engine for `crop_folder`.

    Args:
        run: where and how.
        analyser: for this process.
        engine: `threads` or `ray`.
        address, gpus_per_worker, workers: with `ray`, see `RayPool`.

    Raises:
        ValueError: when it is not known, not installed, cannot do what the run asks for, or is not to be had.
    """
    check_engine(engine, address, gpus_per_worker)
    if engine != RAY:
        yield on_threads(analyser)
        return
    _refuse_settings(run)
    with open_cluster(address, gpus_per_worker, workers) as cluster:
        yield pictures_on_ray(cluster)


def pictures_on_ray(cluster: RayCluster) -> PictureEngine:
    """The workers of a cluster as an engine for `crop_folder`.

    Pictures are finished as they are done, in any order. Workers read them and stage files; this process, which holds
    the run's folders, gives files their names.
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
        with closing(cluster.run(work, split(tasks, _CHUNK * cluster.threads))) as results:
            for each in results:
                for task, done in zip(each.task, each.result, strict=True):
                    finish(task, _take(run, task, done))
        if run.output is not None:  # of workers that were lost, or of a run whose process was
            remove_leftovers(run.output)

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


def _refuse_settings(run: FolderRun) -> None:
    """Refuses what workers in other processes cannot do.

    Raises:
        ValueError: naming the setting.
    """
    if run.settings.frames != EACH:
        raise ValueError(f"frames: the frames of a clip are cropped together, by one process; not with engine {RAY}")
    if run.settings.words is not None:
        raise ValueError(
            f"subject: what is found is noted by one process; not with engine {RAY}. Found by another program, boxes in"
            " a file go into focus"
        )
