"""What works on shards and on folders, by its name, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from ..cropping.checks import check_number, show
from ..images.budget import default_memory
from ..images.machine import memory_limit
from ..models.base import Cropper
from .defaults import AUTO, ENGINES, RAY, THREADS
from .device import find_device
from .executors.pool import Pool
from .executors.processes import ProcessPool

PROCESS_BYTES = 400_000_000
"""Memory that a process takes for itself beside the pictures in work: 300 MB where it is forked, 600 elsewhere. All
together take a quarter of the machine's, or half.
"""
_GPU_THREADS = 8  # pictures at once in each process where a GPU takes them in batches


@contextmanager
def open_cluster(address: str | None, gpus_per_worker: float | None, workers: int | None) -> Iterator[Pool]:
    """A Ray cluster, see `RayPool`.

    Raises:
        ValueError: naming the argument, when Ray is not installed or the cluster not to be had as asked for.
    """
    from .executors.ray import RayMissingError, RayPool, ray_cluster

    try:
        with ray_cluster(RayPool(address, workers, gpus_per_worker or 0.0)) as cluster:
            yield cluster
    except RayMissingError as error:
        raise ValueError(f"engine: {error}") from None
    except ConnectionError as error:
        raise ValueError(f"address: {error}") from error


@contextmanager
def open_processes(workers: int, device: str, memory: int | None) -> Iterator[ProcessPool]:
    """Processes of this machine for so many pictures at once, see `share_machine`.

    Args:
        workers: pictures at once.
        device: that they are analysed on.
        memory: bytes that pictures in work may take together; None for the default.

    Raises:
        ValueError: when none can be started.
    """
    processes, threads = share_machine(workers, device, memory_limit())
    share = (default_memory() if memory is None else memory) // processes
    try:
        with ProcessPool(processes, threads, max(1, share)) as pool:
            yield pool
    except ConnectionError as error:
        raise ValueError(
            f"engine: {error}; a script must start its work below `if __name__ == '__main__':`, and engine threads"
            " needs no processes"
        ) from error


def share_machine(workers: int, device: str, memory: int) -> tuple[int, int]:
    """How many processes work on so many pictures at once, and how many pictures at once are in each of them.

    >>> share_machine(8, "cpu", 32 * 10**9), share_machine(8, "cpu", 8 * 10**9), share_machine(32, "cuda", 64 * 10**9)
    ((8, 1), (4, 2), (4, 8))

    Args:
        workers: pictures at once.
        device: that they are analysed on.
        memory: bytes of the machine.
    """
    most = max(1, memory // 4 // PROCESS_BYTES)
    threads = max(1 if device == "cpu" else min(_GPU_THREADS, workers), ceil(workers / most))
    return ceil(workers / threads), threads


def find_worker_device(device: str, engine: str, gpus_per_worker: float | None) -> tuple[str, str]:
    """The device that workers analyse on, and that of this process.

    On Ray a worker has the GPUs that are asked for, whatever this process has.

    Args:
        device: one of `DEVICES`.
        engine, gpus_per_worker: as for `check_engine`.

    Raises:
        ValueError: when the device is not there, or does not go with what is asked for.
    """
    if engine != RAY:
        found = find_device(device)
        return found, found
    if gpus_per_worker is None:
        if device == "cuda":
            raise ValueError("device: cuda needs gpus_per_worker on Ray, which else gives workers no GPU")
        return find_device("cpu"), "cpu"
    if device == "cpu":
        raise ValueError("device: cpu does not go with gpus_per_worker")
    return "cuda", "cpu"


def check_engine(engine: str, address: str | None = None, gpus_per_worker: float | None = None) -> None:
    """Makes sure that an engine can be asked for so.

    Args:
        engine: one of `ENGINES`.
        address, gpus_per_worker: with `ray`, see `RayPool`.

    Raises:
        TypeError, ValueError: naming the argument that cannot be used.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {show(engine)}")
    if engine != RAY:
        for name, value in {"address": address, "gpus_per_worker": gpus_per_worker}.items():
            if value is not None:
                raise ValueError(f"{name}: does nothing without engine {RAY}")
    if gpus_per_worker is not None and not 0 < check_number("gpus_per_worker", gpus_per_worker) <= 1024:
        raise ValueError(f"gpus_per_worker must be above 0, got {gpus_per_worker}")


def engine_for(cropper: object, engine: str) -> str:
    """The engine of a run by a cropper: one that is loaded stays in this process, and so does the run.

    Args:
        cropper: loaded, or its name or path.
        engine: that was asked for.

    Raises:
        ValueError: when the engine has other processes.
    """
    if not isinstance(cropper, Cropper) or engine == THREADS:
        return engine
    if engine == AUTO:
        return THREADS
    raise ValueError(f"cropper: one that is loaded stays in this process; with engine {engine} name it, or its file")
