"""Work on a Ray cluster: a pool of actors, each with a worker of its own, and one process that hands out tasks.

No more tasks are under way than there are actors. An actor that is lost, with its process or its node, is replaced, and
its task begun anew: what comes out does not depend on who does it, and what was staged has no name yet. A task that
loses several workers is given up, as it may be what kills them.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Generic, TypeVar

from ...images.budget import default_memory
from .pool import PoolWork

T = TypeVar("T")
R = TypeVar("R")

MAX_LOST, MAX_STILLBORN = 4, 20  # workers that one task may lose; that may be lost before they have begun, in a row
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


@dataclass(frozen=True)
class PoolResult(Generic[T, R]):
    """A task that is done, or given up, and what came of it."""

    task: T
    result: R


@dataclass(frozen=True)
class RayCluster:
    """A cluster that this process is connected to, as far as a run takes of it.

    Attributes:
        ray: the module.
        workers: actors.
        cpus, gpus: for each of them.
        pools: of its runs so far.
    """

    ray: ModuleType
    workers: int
    cpus: int
    gpus: float
    pools: list[_Pool[Any, Any]] = field(default_factory=list)

    @property
    def threads(self) -> int:
        """Pictures that an actor works on at once."""
        return self.cpus * _GPU_THREADS if self.gpus else 1

    def run(self, work: PoolWork[T, R], tasks: Iterable[T]) -> Generator[PoolResult[T, R], None, None]:
        """Does all tasks by a new pool of actors, which ends with the generator.

        Raises:
            ConnectionError: when no actor can be started.
            Exception: what an actor raised, which the others would too.
        """
        actor = self.ray.remote(num_cpus=self.cpus, num_gpus=self.gpus, max_restarts=0)(PoolActor)
        told = work, self.cpus, self.threads, os.getcwd()
        pool = _Pool(self.ray, lambda: actor.remote(*told), work, tasks)
        self.pools.append(pool)
        yield from pool.run(self.workers)


@contextmanager
def ray_cluster(pool: RayPool) -> Iterator[RayCluster]:
    """Connects this process to a cluster, where it is not connected already, or starts one.

    Raises:
        RayMissingError: when Ray is not installed.
        ConnectionError: when there is no cluster at the address.
        ValueError: when the cluster has not what the pool asks for.
    """
    ray = _import_ray()
    connected = ray.is_initialized()
    if not connected:
        address = pool.address or os.environ.get("RAY_ADDRESS") or "local"
        if address == "local":  # nothing is sent anywhere
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(address=address, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        nodes = [each["Resources"] for each in ray.nodes() if each["Alive"]]
        workers, cpus = share_nodes(nodes, pool.gpus)
        cluster = RayCluster(ray, pool.workers or workers, cpus, pool.gpus)
        try:
            yield cluster
        finally:
            for each in cluster.pools:  # also where nobody has asked for all results
                each.close()
    finally:
        if not connected:
            ray.shutdown()


def share_nodes(nodes: Iterable[Mapping[str, float]], gpus: float) -> tuple[int, int]:
    """How many workers a cluster has room for, and the cores for each of them.

    Workers with GPUs share the cores of their own node, on which pictures are decoded and encoded: those of nodes
    without a GPU are of no use to them.

    >>> share_nodes([{"CPU": 16, "GPU": 2}, {"CPU": 64}], 0.5)
    (4, 4)

    Args:
        nodes: the resources of each.
        gpus: for each worker; 0 for none.

    Raises:
        ValueError: when no node has so many GPUs.
    """
    if not gpus:
        return max(1, int(sum(each.get("CPU", 0.0) for each in nodes))), 1
    rooms = [(int(each.get("GPU", 0.0) / gpus + 1e-6), each.get("CPU", 0.0)) for each in nodes]
    rooms = [(room, cores) for room, cores in rooms if room and cores >= 1]
    if not rooms:
        raise ValueError(f"gpus_per_worker: no node of the cluster has {gpus:g} GPUs")
    cpus = max(1, min(int(cores / room) for room, cores in rooms))
    return sum(min(room, int(cores / cpus)) for room, cores in rooms), cpus


class PoolActor:
    """One worker of a pool.

    Args:
        work: what it is to do.
        cpus: cores of its machine that are meant for it; where no memory is given, it takes that share of it.
        threads: pictures at once.
        folder: that paths are relative to, as far as it is there.
    """

    def __init__(self, work: PoolWork[Any, Any], cpus: int, threads: int, folder: str) -> None:
        self._work, self._share, self._threads = work, min(1.0, cpus / (os.cpu_count() or 1)), threads
        self._worker: Any = None
        with suppress(OSError):
            os.chdir(folder)

    def begin(self) -> None:
        """Gets ready for tasks.

        Raises:
            ValueError, OSError: when they cannot be done here.
        """
        memory = self._work.memory or int(default_memory() * self._share)
        self._worker = self._work.open(self._threads, memory)
        self._worker.__enter__()

    def work(self, task: Any) -> Any:
        """Does a task."""
        return self._worker(task)


@dataclass(frozen=True)
class _UnderWay(Generic[T]):
    """What an actor is doing: a task, or where there is none, beginning."""

    actor: Any
    task: T | None


class _Pool(Generic[T, R]):
    """Hands tasks to actors, one to each at a time.

    Args:
        ray: the module.
        make: makes an actor.
        work: what the tasks are of.
        tasks: read only as far as there are actors for them.
    """

    def __init__(self, ray: ModuleType, make: Callable[[], Any], work: PoolWork[T, R], tasks: Iterable[T]) -> None:
        self._ray, self._make, self._work, self._tasks = ray, make, work, iter(tasks)
        self._again: deque[T] = deque()
        self._lost: Counter[str] = Counter()  # by the name of a task
        self._stillborn = 0
        self._under_way: dict[Any, _UnderWay[T]] = {}

    def run(self, workers: int) -> Iterator[PoolResult[T, R]]:
        """The results, as they come."""
        try:
            if not self._has_more():
                return
            for _ in range(workers):
                self._begin()
            while any(each.task is not None for each in self._under_way.values()) or self._has_more():
                (reference,), _ = self._ray.wait(list(self._under_way), num_returns=1)
                yield from self._finish(reference, self._under_way.pop(reference))
        finally:
            self.close()

    def close(self) -> None:
        """Ends what is under way."""
        for each in self._under_way.values():
            self._ray.kill(each.actor)
        self._under_way.clear()

    def _finish(self, reference: Any, done: _UnderWay[T]) -> Iterator[PoolResult[T, R]]:
        """What an actor has done; it gets the next task, and where it is lost, another takes its place.

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
            yield from self._replace(done.task, error)
            return
        self._stillborn = 0
        if self._has_more():
            task = self._again.popleft()
            self._under_way[done.actor.work.remote(task)] = _UnderWay(done.actor, task)
        else:
            self._ray.kill(done.actor)
        if done.task is not None:
            yield PoolResult(done.task, result)

    def _replace(self, task: T | None, error: Exception) -> Iterator[PoolResult[T, R]]:
        """Begins another actor; a task that has lost too many of them is given up."""
        if task is None:
            self._stillborn += 1
            if self._stillborn > MAX_STILLBORN:
                raise ConnectionError(f"no worker can be started: {str(error).splitlines()[0]}") from error
        self._begin()
        if task is None:
            return
        again = self._work.again(task)
        self._lost[self._work.name(task)] += len(again) == 1
        if self._lost[self._work.name(task)] < MAX_LOST:
            self._again.extend(again)
        else:
            yield PoolResult(task, self._work.give_up(task, f"{MAX_LOST} workers were lost over it"))

    def _begin(self) -> None:
        actor = self._make()
        self._under_way[actor.begin.remote()] = _UnderWay(actor, None)

    def _has_more(self) -> bool:
        """Whether a task waits; the next one is then the first of `_again`."""
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
