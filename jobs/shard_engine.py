"""What works on the shards of a run, by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from ..cropping.checks import check_number, show
from ..models.base import Cropper
from .defaults import ENGINES, RAY
from .device import find_device
from .executors.ray import RayMissingError, RayPool, ray_engine
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
        engine: `threads` or `ray`.
        address, gpus_per_worker, workers: with `ray`, see `RayPool`.

    Raises:
        ValueError: when it is not known, not installed, or not to be had as asked for.
    """
    check_engine(engine, address, gpus_per_worker)
    if engine != RAY:
        with ShardWorker(run.work, cropper) as worker:
            yield partial(map, worker)
        return
    try:
        with ray_engine(run.work, RayPool(address, workers, gpus_per_worker or 0.0)) as pool:
            yield pool
    except RayMissingError as error:
        raise ValueError(f"engine: {error}") from None
    except ConnectionError as error:
        raise ValueError(f"address: {error}") from error


def find_worker_device(device: str, engine: str, gpus_per_worker: float | None) -> tuple[str, str]:
    """The device that workers analyse on, and that of this process.

    On Ray a worker has the GPUs that are asked for, whatever this process has.

    Args:
        device: one of `DEVICES`.
        engine, gpus_per_worker: as for `open_engine`.

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
