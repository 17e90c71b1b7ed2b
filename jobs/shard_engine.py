"""What works on the shards of a run, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from ..models.base import Cropper
from .defaults import PROCESSES, RAY
from .engine_choice import check_engine, open_cluster, open_processes
from .executors.pool import Pool, PoolWork
from .shard_work import ShardResult, ShardTask, ShardWork
from .shard_worker import ShardWorker
from .shards import ShardEngine, ShardRun


@contextmanager
def open_engine(
    run: ShardRun,
    cropper: Cropper,
    engine: str,
    address: str | None = None,
    gpus_per_worker: float | None = None,
    workers: int | None = None,
) -> Iterator[ShardEngine]:
    """An engine for `crop_shards`.

    Args:
        run: where and how.
        cropper: its cropper, for this process.
        engine: one of `ENGINES`; `auto` is threads, which give a large picture all the memory that there is.
        address, gpus_per_worker, workers: with `ray`, see `RayPool`.

    Raises:
        ValueError: when it is not known, not installed, or not to be had as asked for.
    """
    check_engine(engine, address, gpus_per_worker)
    if engine == RAY:
        with open_cluster(address, gpus_per_worker, workers) as cluster:
            yield shards_on_pool(run.work, cluster)
    elif engine == PROCESSES:
        with open_processes(run.work.workers, run.work.device, run.work.memory) as pool:
            yield shards_on_pool(run.work, pool)
    else:
        with ShardWorker(run.work, cropper) as worker:
            yield partial(map, worker)


def shards_on_pool(work: ShardWork, pool: Pool) -> ShardEngine:
    """The workers of a pool as an engine for `crop_shards`. Results come as shards are done, in any order."""

    def work_on(tasks: Iterable[ShardTask]) -> Iterator[ShardResult]:
        return (each.result for each in pool.run(ShardPoolWork(work), tasks))

    return work_on


@dataclass(frozen=True)
class ShardPoolWork(PoolWork[ShardTask, ShardResult]):
    """Work on shards, for a pool of processes."""

    work: ShardWork

    @property
    def memory(self) -> int | None:
        return self.work.memory

    def open(self, workers: int, memory: int) -> ShardWorker:
        return ShardWorker(replace(self.work, workers=workers, memory=memory))

    def name(self, task: ShardTask) -> str:
        return task.shard

    def again(self, task: ShardTask) -> list[ShardTask]:
        return [task]

    def give_up(self, task: ShardTask, reason: str) -> ShardResult:
        return ShardResult(task, error=reason)
