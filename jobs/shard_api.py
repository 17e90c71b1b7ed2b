"""Shards from Python: what `salient-crop crop SHARDS` does, in one call, with its flags as keywords."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike, fspath

from ..cropping.canvas import AUTO, CROP
from ..cropping.checks import show
from ..cropping.constraint import Constraint
from ..cropping.model_sizes import Shape
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..images.budget import read_memory
from ..images.colour import RGB, parse_colour
from ..images.fill import parse_fill
from ..models.runtime.choice import AUTO as AUTO_RUNTIME
from ..models.runtime.choice import FLOAT32
from .api import Words, as_words
from .bucket_options import BucketOptions
from .defaults import KEEP_MOST, THREADS
from .engine_choice import check_engine, find_worker_device
from .framing import resolve_asked
from .on_cut import KEEP
from .picture import open_cropper
from .prepare_shards import prepare_shards
from .shard_engine import open_engine
from .shards import ShardOutcome, ShardStep
from .shards import crop_shards as crop_run


def crop_shards(
    shards: Words,
    out: str | PathLike[str],
    ratios: str | Shape | Iterable[str | Shape] | None = None,
    *,
    cropper: str | PathLike[str] = "focus",
    constraint: Constraint | None = None,
    objective: Objective = DEFAULT_OBJECTIVE,
    framing: str = KEEP_MOST,
    each: bool = False,
    on_cut: str = KEEP,
    resolution: int | None = None,
    enlarge: bool = True,
    format: str = "jpg",
    quality: int | None = None,
    background: str | RGB | None = "white",
    fit: str = CROP,
    fit_side: str = AUTO,
    fill: str | RGB | None = None,
    buckets: str | None = None,
    batch_size: int | None = None,
    smallest: int | None = None,
    remainder: str | None = None,
    most_enlarged: float | None = None,
    caption_framing: bool = False,
    image_column: str | None = None,
    engine: str = THREADS,
    address: str | None = None,
    gpus_per_worker: float | None = None,
    workers: int | None = None,
    memory: int | str | None = None,
    device: str = "auto",
    runtime: str = AUTO_RUNTIME,
    precision: str = FLOAT32,
    progress: Callable[[ShardStep], None] | None = None,
) -> ShardOutcome:
    """Crops the pictures of webdataset tars and parquet files into shards of the same names; see `docs/scale.md`.

    A shard that is done is marked, and passed over when it is called again. Needs the extra `shards`.

    Args:
        shards: files, brace ranges such as `photos/{00000..00099}.tar` and patterns, on disk or by address.
        out: a folder, or an address such as `s3://bucket/crops`.
        cropper: the name of a bundled cropper, or the path of a checkpoint.
        image_column: the column of parquet files, or the extension in tars, that holds the pictures; None for the only
            one that can.
        engine: `threads` of this process, which `auto` is, too; `processes` of this machine, see `crop_folder`; or
            workers on a `ray` cluster.
        address: of the cluster, as `ray.init` takes it; None for the one that this process is connected to, or a new
            one here.
        gpus_per_worker: with `ray`; None for none.
        workers: pictures at once, with `ray` workers; None for one for every core, or GPU.
        memory: that the pictures in work may take together, with `ray` in one worker, in bytes or as `"4GB"`; None for
            half of what this process may use, with `ray` of its share of that. With `processes` each has its part of
            it, and no picture may take more.
        runtime: see `load_cropper`; `auto` is what is found here, and workers without it refuse to begin.
        progress: called after every shard; an exception that it raises stops the run.

    The others are those of `crop_folder`.

    Returns:
        What became of the shards and their pictures, and with buckets the plan in numbers.

    Raises:
        TypeError, ValueError: when an argument cannot be used, or an extra is missing; the message names it.
        FileNotFoundError: when the cropper is neither a bundled name nor a file.
        RunError: when something lies where crops would go, or was made with other settings.
        OSError: when something can no longer be written.
    """
    if ratios is not None and buckets is not None:
        raise ValueError("ratios: does nothing with buckets, which have ratios of their own")
    if not isinstance(out, str | PathLike):
        raise TypeError(f"out must be a folder or an address, got {show(out)}")
    check_engine(engine, address, gpus_per_worker)
    of_workers, here = find_worker_device(device, engine, gpus_per_worker)
    loaded = open_cropper(cropper, here, runtime, precision)
    asked, objective = resolve_asked(constraint, ratios, buckets is not None, framing, objective)
    run = prepare_shards(
        as_words("shards", shards),
        out,
        loaded,
        asked,
        checkpoint=fspath(cropper),
        device=of_workers,
        resolution=resolution,
        enlarge=enlarge,
        buckets=BucketOptions(buckets, batch_size, smallest, remainder, most_enlarged),
        image=image_column,
        workers=workers,
        memory=read_memory(memory),
        objective=objective,
        each=each,
        on_cut=on_cut,
        format=format,
        quality=quality,
        background=parse_colour(background),
        fit=fit,
        fit_side=fit_side,
        fill=parse_fill(fill),
        caption_framing=caption_framing,
    )
    with open_engine(run, loaded, engine, address, gpus_per_worker, workers) as pool:
        return crop_run(run, pool, _ignore if progress is None else progress)


def _ignore(step: ShardStep) -> None:
    """Nobody wants to know."""
