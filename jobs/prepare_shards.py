"""From what a user asks for to a run over shards."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os import PathLike
from typing import Any

from ..bucketing.solver.policy import MAX_COUNT
from ..cropping.checks import Size, check_count
from ..cropping.constraint import Constraint
from ..datasets.shards.addresses import is_address
from ..datasets.shards.arrow import NoArrowError, import_arrow
from ..datasets.shards.names import resolve_shards
from ..images.budget import check_memory
from ..models.base import Cropper
from .bucket_options import BucketOptions
from .defaults import default_workers
from .prepare import NO_BUCKETS
from .settings import CropSettings
from .shard_work import ShardWork
from .shards import ShardRun


def prepare_shards(
    words: Sequence[str | PathLike[str]],
    out: str | PathLike[str],
    cropper: Cropper,
    constraint: Constraint,
    *,
    checkpoint: str,
    device: str = "cpu",
    resolution: int | None = None,
    enlarge: bool = True,
    buckets: BucketOptions = NO_BUCKETS,
    image: str | None = None,
    workers: int | None = None,
    memory: int | None = None,
    **more: Any,
) -> ShardRun:
    """The run over the shards that were named.

    Args:
        words: see `resolve_shards`.
        out: a folder or an address.
        cropper: as it is loaded in this process.
        constraint: on every crop.
        checkpoint: the name or file that other processes find the cropper by.
        device: that it is put on where the work is done.
        resolution: with buckets, the pixel budget.
        buckets: a grid that does not depend on the pictures.
        image: extension or column of the pictures; None where it can be told.
        workers: pictures at once in one process; None for the number that suits the device.
        memory: see `FolderRun`.
        more: other fields of `CropSettings`.

    Raises:
        ValueError: when something cannot be used; the message names the argument.
        OSError: when an address cannot be listed.
    """
    try:
        import_arrow()
    except NoArrowError as error:
        raise ValueError(str(error)) from None
    if workers is not None:
        check_count("workers", workers, MAX_COUNT)
    if memory is not None:
        check_memory(memory)
    place = os.fspath(out)
    sources = resolve_shards(words, place)
    bucket_settings = buckets.settings(resolution, enlarge, _no_sizes)
    settings = CropSettings.for_cropper(
        cropper,
        constraint,
        device=device,
        checkpoint=checkpoint,
        resolution=resolution if bucket_settings is None else None,
        enlarge=enlarge,
        buckets=bucket_settings,
        **more,
    )
    work = ShardWork(
        sources.root,
        place if is_address(place) else os.path.abspath(place),
        settings,
        checkpoint if not os.path.isfile(checkpoint) else os.path.abspath(checkpoint),
        device,
        default_workers(device) if workers is None else workers,
        memory,
        image,
    )
    return ShardRun(work, sources.names)


def _no_sizes() -> list[Size]:
    raise ValueError("buckets: a grid made from the pictures' sizes needs a folder of them; name a grid or sizes")
