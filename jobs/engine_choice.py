"""What works on shards and on folders, by its name, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..cropping.checks import check_number, show
from .defaults import ENGINES, RAY
from .device import find_device
from .executors.ray import RayCluster, RayMissingError, RayPool, ray_cluster


@contextmanager
def open_cluster(address: str | None, gpus_per_worker: float | None, workers: int | None) -> Iterator[RayCluster]:
    """A Ray cluster, see `RayPool`.

    Raises:
        ValueError: naming the argument, when Ray is not installed or the cluster not to be had as asked for.
    """
    try:
        with ray_cluster(RayPool(address, workers, gpus_per_worker or 0.0)) as cluster:
            yield cluster
    except RayMissingError as error:
        raise ValueError(f"engine: {error}") from None
    except ConnectionError as error:
        raise ValueError(f"address: {error}") from error


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
        engine: `threads` or `ray`.
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
