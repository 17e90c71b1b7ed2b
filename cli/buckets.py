"""The flags of `salient-crop crop --buckets`, and the run that they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..bucketing.grids import GRID_SYNTAX, parse_grid
from ..bucketing.solver.policy import REMAINDERS
from ..datasets.formats import FORMATS, get_format
from ..jobs.defaults import BUCKET_RESOLUTION
from .options import flag_of, parse_factor, parse_positive
from .status import UsageError

# PyTorch and the solver come with these; `--help` needs neither.
if TYPE_CHECKING:
    from ..jobs.run import FolderRun, Outcome
    from ..jobs.sources import Sources


# The flags that only make sense with `--buckets`; their defaults are those of `BucketSettings` and `DatasetFormat`.
POLICY_FLAGS = ("batch_size", "smallest", "remainder", "most_enlarged", "duplicates")
DATASET_FLAGS = ("dataset", "concept", "repeats")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds `--buckets` and the flags that only make sense with it, which are None where they are not given."""
    group = parser.add_argument_group(
        "buckets",
        "Every crop gets the size of a trainer's bucket; --resolution N names the pixel budget"
        f" (default {BUCKET_RESOLUTION}).",
    )
    group.add_argument("--buckets", metavar="GRID", type=parse_grid_name, help=GRID_SYNTAX.replace("%", "%%"))
    group.add_argument(
        "--batch-size", metavar="N", type=parse_positive, help="make every bucket's count a multiple (default 1)"
    )
    group.add_argument(
        "--remainder",
        choices=REMAINDERS,
        help="where N does not divide the pictures: keep them as one smaller batch (default), repeat some, or drop as"
        " many",
    )
    group.add_argument("--smallest", metavar="N", type=parse_positive, help="fewest pictures in a bucket (default 2)")
    group.add_argument(
        "--most-enlarged",
        metavar="X",
        type=parse_factor,
        help="never enlarge a picture more than X times (default: no limit)",
    )
    group.add_argument("--dataset", choices=list(FORMATS), help="lay OUT out for a trainer (default plain)")
    group.add_argument("--concept", metavar="NAME", help="folder N_NAME of kohya and ComfyUI (default picture)")
    group.add_argument("--repeats", metavar="N", type=parse_positive, help="the N of that folder (default 1)")
    group.add_argument(
        "--duplicates",
        choices=("use", "report", "skip"),
        help="pictures that are there twice, exactly or nearly: use them all (default), name them, or leave all but the"
        " largest out",
    )


def parse_grid_name(text: str) -> str:
    """The name of a grid; which grids there are is known once the pictures are.

    Raises:
        argparse.ArgumentTypeError: when it is empty.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("no grid; leave the flag out for crops without buckets")
    return text


def check_flags(chosen: argparse.Namespace) -> None:
    """Refuses flags that would do nothing.

    Raises:
        UsageError: naming the first of them.
    """
    if chosen.buckets is None and (given := _given(chosen, (*POLICY_FLAGS, *DATASET_FLAGS))):
        raise UsageError(f"{flag_of(next(iter(given)))} does nothing without --buckets GRID")


def settings(chosen: argparse.Namespace, sources: Sources) -> dict[str, Any]:
    """The fields `buckets` and `dataset` of `CropSettings`; none without `--buckets`.

    Args:
        chosen: the arguments.
        sources: of the run, whose sizes some grids are made from.

    Raises:
        UsageError: when the grid is not known, the folder cannot be listed, or the concept names no folder.
    """
    from ..jobs.settings import BucketSettings

    if chosen.buckets is None:
        return {}
    resolution = chosen.resolution or BUCKET_RESOLUTION
    policy = _given(chosen, POLICY_FLAGS)
    if chosen.no_enlarge:
        policy.setdefault("most_enlarged", 1.0)
    try:
        dataset = get_format(chosen.dataset or "plain")(
            batch_size=policy.get("batch_size", 1), **_given(chosen, ("concept", "repeats"))
        )
    except ValueError as error:
        raise UsageError(f"--{error}") from error
    try:
        grid = parse_grid(dataset.grid_name(chosen.buckets), resolution, _sizes(chosen, sources))
    except ValueError as error:
        raise UsageError(f"--buckets: {error}") from error
    return {"buckets": BucketSettings(grid=grid, resolution=resolution, **policy), "dataset": dataset}


def summary(run: FolderRun, outcome: Outcome) -> str:
    """The report, and where it lies."""
    from ..jobs.buckets import report_files

    if outcome.report is None:
        return "no picture could be measured"
    text, page = report_files(run.manifest)
    return f"{outcome.report.format_text()}\n\nthe same in {text}, with a chart in {page}"


def _given(chosen: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """The flags among `names` that were given."""
    return {name: value for name in names if (value := getattr(chosen, name)) is not None}


def _sizes(chosen: argparse.Namespace, sources: Sources) -> list[tuple[int, int]]:
    """Of the pictures, where the grid is made from them."""
    from ..jobs.run import read_sizes

    if not chosen.buckets.strip().lower().startswith("quantile"):
        return []
    exclude = [each for each in (chosen.out, chosen.masks) if each is not None]
    try:
        return read_sizes(sources.folder, exclude, chosen.follow_links, sources.names)
    except OSError as error:
        raise UsageError(f"{sources.folder}: {error.strerror or error}") from error
