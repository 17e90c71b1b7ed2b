"""Shards on a Ray cluster: a pool of actors, each with a `ShardWorker` of its own, and one process that hands out work.

No more shards are under way than there are actors. An actor that is lost, with its process or its node, is replaced,
and its shard begun anew: a shard's bytes do not depend on who makes them, and what was staged of it has no name yet. A
shard that loses several workers is given up, as it may be what kills them.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from ...images.budget import default_memory
from ..shard_work import ShardResult, ShardTask, ShardWork

MAX_LOST, MAX_STILLBORN = 4, 20  # workers that one shard may lose; that may be lost before they have begun, in a row
_GPU_THREADS = 2  # pictures at once for each core of a worker with a GPU, see `default_workers`


class RayMissingError(Exception):
    """Ray was asked for and is not installed; its text says what to do."""


@dataclass(frozen=True)
class RayPool:
    """What a run takes of a cluster.

    Attributes:
        address: of the cluster, as `ray.init` takes it; None for the one that this process is connected to or that
            `RAY_ADDRESS` names, else a new one on this machine.
        workers: actors; None for as many as the cluster has cores, or GPUs.
        gpus: share or number of GPUs for each of them; 0 for none.
    """

    address: str | None = None
    workers: int | None = None
    gpus: float = 0.0


@contextmanager
def ray_engine(work: ShardWork, pool: RayPool) -> Iterator[Callable[[Iterable[ShardTask]], Iterator[ShardResult]]]:
    """An engine for `crop_shards`. Results come as shards are done, in any order.

    Args:
        work: what workers are told of the run.
        pool: what it takes of the cluster.

    Raises:
        RayMissingError: when Ray is not installed.
        ConnectionError: when there is no cluster at the address.
        ValueError: when the cluster has not what the pool asks for.
    """
    ray = _import_ray()
    connected = ray.is_initialized()
    pools: list[_Pool] = []
    if not connected:
        address = pool.address or os.environ.get("RAY_ADDRESS") or "local"
        if address == "local":  # nothing is sent anywhere
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(address=address, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        resources = ray.cluster_resources()
        cores, gpus = resources.get("CPU", 1.0), resources.get("GPU", 0.0)
        if gpus < pool.gpus:
            raise ValueError(f"gpus_per_worker: the cluster has {gpus:g} GPUs, and each worker asks for {pool.gpus:g}")
        workers = pool.workers or max(1, int(gpus / pool.gpus) if pool.gpus else int(cores))
        cpus = max(1, int(cores * pool.gpus / gpus)) if pool.gpus else 1
        told = replace(work, workers=cpus * _GPU_THREADS if pool.gpus else 1)
        actor = ray.remote(num_cpus=cpus, num_gpus=pool.gpus, max_restarts=0)(ShardActor)

        def work_on(tasks: Iterable[ShardTask]) -> Iterator[ShardResult]:
            pools.append(_Pool(ray, lambda: actor.remote(told, cpus), tasks))
            return pools[-1].run(workers)

        yield work_on
    finally:
        for each in pools:  # also where nobody has asked for all results
            each.close()
        if not connected:
            ray.shutdown()


class ShardActor:
    """One worker of the pool.

    Args:
        work: what it is told of the run.
        cpus: cores of its machine that are meant for it; where no memory is given, it takes that share of it.
    """

    def __init__(self, work: ShardWork, cpus: int) -> None:
        share = min(1.0, cpus / (os.cpu_count() or 1))
        self._work = work if work.memory is not None else replace(work, memory=int(default_memory() * share))
        self._worker: Any = None

    def begin(self) -> None:
        """Loads the weights.

        Raises:
            ValueError, OSError: when they are not to be had here.
        """
        from ..shard_worker import ShardWorker

        self._worker = ShardWorker(self._work)
        self._worker.__enter__()

    def work(self, task: ShardTask) -> ShardResult:
        """Works on a shard."""
        return self._worker(task)


@dataclass(frozen=True)
class _UnderWay:
    """What an actor is doing: a shard, or beginning."""

    actor: Any
    task: ShardTask | None


class _Pool:
    """Hands shards to actors, one to each at a time.

    Args:
        ray: the module.
        make: makes an actor.
        tasks: read only as far as there are actors for them.
    """

    def __init__(self, ray: ModuleType, make: Callable[[], Any], tasks: Iterable[ShardTask]) -> None:
        self._ray, self._make, self._tasks = ray, make, iter(tasks)
        self._again: deque[ShardTask] = deque()
        self._lost: Counter[str] = Counter()
        self._stillborn = 0
        self._under_way: dict[Any, _UnderWay] = {}

    def run(self, workers: int) -> Iterator[ShardResult]:
        """The results, as they come."""
        try:
            if not self._has_more():
                return
            for _ in range(workers):
                self._begin()
            while any(each.task is not None for each in self._under_way.values()) or self._has_more():
                (reference,), _ = self._ray.wait(list(self._under_way), num_returns=1)
                result = self._finish(reference, self._under_way.pop(reference))
                if result is not None:
                    yield result
        finally:
            self.close()

    def close(self) -> None:
        """Ends what is under way."""
        for each in self._under_way.values():
            self._ray.kill(each.actor)
        self._under_way.clear()

    def _finish(self, reference: Any, done: _UnderWay) -> ShardResult | None:
        """What an actor has done; it gets the next shard, and where it is lost, another takes its place.

        Raises:
            ConnectionError: when no actor can be started.
            Exception: what an actor raised, which the others would too.
        """
        try:
            result = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            self._ray.kill(done.actor)
            raise error.cause or error from None
        except self._ray.exceptions.RayError as error:
            self._ray.kill(done.actor)
            return self._replace(done.task, error)
        self._stillborn = 0
        if self._has_more():
            task = self._again.popleft()
            self._under_way[done.actor.work.remote(task)] = _UnderWay(done.actor, task)
        else:
            self._ray.kill(done.actor)
        return result

    def _replace(self, task: ShardTask | None, error: Exception) -> ShardResult | None:
        """Begins another actor; a shard that has lost too many of them is given up."""
        if task is None:
            self._stillborn += 1
            if self._stillborn > MAX_STILLBORN:
                raise ConnectionError(f"no worker can be started: {str(error).splitlines()[0]}") from error
        self._begin()
        if task is None:
            return None
        self._lost[task.shard] += 1
        if self._lost[task.shard] < MAX_LOST:
            self._again.append(task)
            return None
        return ShardResult(task, error=f"{MAX_LOST} workers were lost over it")

    def _begin(self) -> None:
        actor = self._make()
        self._under_way[actor.begin.remote()] = _UnderWay(actor, None)

    def _has_more(self) -> bool:
        """Whether a shard waits; the next one is then the first of `_again`."""
        if not self._again and (task := next(self._tasks, None)) is not None:
            self._again.append(task)
        return bool(self._again)


def _import_ray() -> ModuleType:
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise RayMissingError("needs Ray: pip install 'salient-crop[ray]'") from None
    return ray
