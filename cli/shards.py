"""`salient-crop crop` over shards: webdataset tars and parquet files into shards of crops."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import buckets, subjects
from .engines import worker_device
from .options import flag_of, name_flag, open_cropper
from .progress import Reporter
from .status import DONE, SOME_FAILED, UsageError
from .summary import count_pictures, describe_pictures

if TYPE_CHECKING:
    from ..cropping.constraint import Constraint
    from ..jobs.shards import ShardOutcome, ShardRun, ShardStep
    from ..models.base import Cropper

# What a run over shards cannot do: it belongs to folders, or to trainers that read them.
_OF_FOLDERS = (
    *("frames", "name", "manifest", "dry_run", "masks", "follow_links", "save_heatmaps"),
    *("focus", "avoid", "keep", "labels", "margin", "focus_strength"),
    *("subject", "subject_model", "subject_threshold", "subject_nothing"),
    *("dataset", "concept", "repeats", "step", "duplicates"),
)
_NOT_GIVEN: tuple[object, ...] = (None, False, (), [], "each")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that only make sense with shards, which are None where they are not given."""
    group = parser.add_argument_group(
        "shards",
        "Webdataset tars (key.jpg, key.txt, key.json) become tars of the same names, each with a parquet of its"
        " records; parquet files with pictures as bytes get the columns crop, crop_box and so on. NAME.done.json marks"
        " what is done. Needs pip install 'salient-crop[shards]'.",
    )
    group.add_argument(
        "--image-column",
        metavar="NAME",
        help="the column of parquet files, or the extension in tars, that holds the pictures (default: the only one"
        " that can)",
    )


def refuse_flags(chosen: argparse.Namespace) -> None:
    """Refuses flags that do nothing without shards.

    Raises:
        UsageError: naming the flag.
    """
    if chosen.image_column is not None:
        raise UsageError("--image-column is for shards, such as 'shards/{00000..00099}.tar'")
    if isinstance(chosen.out, str):
        raise UsageError(f"--out {chosen.out}: an address is for shards; name a folder for the crops of pictures")


def run(chosen: argparse.Namespace, constraint: Constraint, reporter: Reporter) -> int:
    from ..jobs.run import RunError
    from ..jobs.shard_engine import open_engine
    from ..jobs.shards import crop_shards

    run, cropper = shard_run(chosen, constraint)
    try:
        asked = chosen.address, chosen.gpus_per_worker, chosen.workers
        with open_engine(run, cropper, chosen.engine, *asked) as engine:
            outcome = crop_shards(run, engine, _progress(reporter))
    except (RunError, ValueError) as error:
        raise UsageError(name_flag(str(error), chosen)) from error
    except OSError as error:
        reporter.note(f"salient-crop: stopped: {error}; the same command goes on from here")
        return SOME_FAILED
    if outcome.plan is not None:
        reporter.result(*outcome.plan.format_text(), "")
    reporter.result(summary(run, outcome))
    return DONE if outcome.is_whole else SOME_FAILED


def shard_run(chosen: argparse.Namespace, constraint: Constraint) -> tuple[ShardRun, Cropper]:
    """The run that the arguments of `crop` ask for, and its cropper.

    Raises:
        UsageError: when they cannot be used together.
    """
    from ..cropping.objective import DEFAULT_OBJECTIVE
    from ..jobs.framing import apply_framing
    from ..jobs.prepare_shards import prepare_shards
    from ..models.registry import BUNDLED

    unused = next((name for name in _OF_FOLDERS if getattr(chosen, name) not in _NOT_GIVEN), None)
    if unused is not None:
        raise UsageError(f"{flag_of(unused)} is for folders and pictures, not for shards")
    device, here = worker_device(chosen)
    cropper = open_cropper(chosen.cropper, here, chosen.runtime, chosen.precision)
    asked, objective = apply_framing(chosen.framing, constraint, DEFAULT_OBJECTIVE, sized=chosen.min_area is not None)
    try:
        run = prepare_shards(
            chosen.pictures,
            chosen.out,
            cropper,
            asked,
            checkpoint=chosen.cropper or next(iter(BUNDLED)),
            device=device,
            resolution=chosen.resolution,
            enlarge=not chosen.no_enlarge,
            buckets=buckets.bucket_options(chosen),
            image=chosen.image_column,
            workers=chosen.workers,
            memory=chosen.memory,
            objective=objective,
            each=chosen.each,
            per_subject=subjects.per_subject(chosen),
            on_cut=chosen.on_cut,
            fit=chosen.fit,
            fit_side=chosen.fit_side or "auto",
            fill=chosen.fill,
            format=chosen.format,
            quality=chosen.quality,
            background=chosen.background,
            caption_framing=chosen.caption_framing,
        )
    except ValueError as error:
        raise UsageError(name_flag(str(error), chosen)) from error
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror or error}") from error
    return run, cropper


def summary(run: ShardRun, outcome: ShardOutcome) -> str:
    """One line: what was done, and where it is."""
    parts = [count_pictures(outcome.pictures, f"of {outcome.shards} shards in {run.work.out}")]
    if outcome.resumed:
        parts.append(f"{outcome.resumed} shards had been done before")
    parts += describe_pictures(run.work.settings, outcome.pictures, "the parquet of each shard")
    without = outcome.pictures.pictures - outcome.captions
    if outcome.captions and without:
        parts.append(f"{without} without a caption")
    if outcome.lost:
        parts.append(f"{outcome.lost} files that belong to no picture")
    if outcome.pictures.failed:
        parts.append(f"{outcome.pictures.failed} failed, each with its reason in the parquet of its shard")
    if outcome.torn:
        parts.append(f"{outcome.torn} shards are torn")
    if outcome.unreadable:
        parts.append(f"{len(outcome.unreadable)} shards cannot be read: {outcome.unreadable[0]}")
    return "; ".join(parts)


def _progress(reporter: Reporter) -> Callable[[ShardStep], None]:
    """Shows progress, and the first of what failed in each shard, once."""
    noted: set[str] = set()  # with buckets, there are two stages

    def progress(step: ShardStep) -> None:
        result = step.result
        shard = result.task.shard
        problems = result.problems if not result.error else (f"{shard}: {result.error}",)
        if shard not in noted:
            for problem in problems:
                reporter.note(f"failed: {problem}")
            more = result.counts.get("failed", 0) - len(problems)
            if more > 0:
                reporter.note(f"failed: {more} more in {shard}")
        if problems:
            noted.add(shard)
        reporter.progress(step.done, step.total, shard, "shard")

    return progress
