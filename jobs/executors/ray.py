"""Work on a Ray cluster: a pool of actors, each with a worker of its own, and one process that hands out tasks.

An actor may be lost with its process or its node.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar

from ...images.budget import default_memory
from .pool import Answer, PoolResult, PoolWork, hand_out

T = TypeVar("T")
R = TypeVar("R")

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
class RayCluster:
    """A cluster that this process is connected to, as far as a run takes of it.

    Attributes:
        ray: the module.
        workers: actors.
        cpus, gpus: for each of them.
        pools: the actors of its runs so far.
    """

    ray: ModuleType
    workers: int
    cpus: int
    gpus: float
    pools: list[_Actors] = field(default_factory=list)

    @property
    def threads(self) -> int:
        """Pictures that an actor works on at once."""
        return self.cpus * _GPU_THREADS if self.gpus else 1

    def run(self, work: PoolWork[T, R], tasks: Iterable[T]) -> Generator[PoolResult[T, R], None, None]:
        """See `Pool.run`."""
        actor = self.ray.remote(num_cpus=self.cpus, num_gpus=self.gpus, max_restarts=0)(PoolActor)
        told = work, self.cpus, self.threads, os.getcwd()
        actors = _Actors(self.ray, lambda: actor.remote(*told))
        self.pools.append(actors)
        return hand_out(actors, work, tasks, self.workers)


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


class _Actors:
    """The actors of a pool.

    Args:
        ray: the module.
        make: makes an actor.
    """

    most_stillborn = 20

    def __init__(self, ray: ModuleType, make: Callable[[], Any]) -> None:
        self._ray, self._make = ray, make
        self._asked: dict[Any, Any] = {}  # actor by the reference to its answer

    def begin(self) -> Any:
        actor = self._make()
        self._asked[actor.begin.remote()] = actor
        return actor

    def give(self, actor: Any, task: Any) -> None:
        self._asked[actor.work.remote(task)] = actor

    def wait(self) -> Answer[Any]:
        (reference,), _ = self._ray.wait(list(self._asked), num_returns=1)
        actor = self._asked.pop(reference)
        try:
            return Answer(actor, self._ray.get(reference))
        except self._ray.exceptions.RayTaskError as error:
            self._ray.kill(actor)
            raise error.cause or error from None
        except self._ray.exceptions.RayError as error:
            self._ray.kill(actor)
            return Answer(actor, lost=error)

    def dismiss(self, actor: Any) -> None:
        self._asked = {reference: each for reference, each in self._asked.items() if each is not actor}
        self._ray.kill(actor)

    def close(self) -> None:
        """Ends all that have been asked for something."""
        for each in self._asked.values():
            self._ray.kill(each)
        self._asked.clear()


def _import_ray() -> ModuleType:
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise RayMissingError("needs Ray: pip install 'salient-crop[ray]'") from None
    return ray
