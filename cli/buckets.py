"""The flags of `salient-crop crop --buckets`, and the run that they ask for."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..bucketing.grids import GRID_SYNTAX, parse_grid
from ..bucketing.solver.policy import REMAINDERS
from ..datasets.formats import FORMATS, get_format
from .options import parse_factor, parse_positive
from .status import UsageError

# PyTorch and the solver come with these; `--help` needs neither.
if TYPE_CHECKING:
    from ..jobs.run import FolderRun, Outcome

RESOLUTION = 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that only make sense with `--buckets`."""
    group = parser.add_argument_group(
        "buckets",
        "Every crop gets the size of a trainer's bucket; --resolution N names the pixel budget (default 1024).",
    )
    group.add_argument("--buckets", metavar="GRID", help=GRID_SYNTAX.replace("%", "%%"))
    group.add_argument(
        "--batch-size", metavar="N", type=parse_positive, default=1, help="make every bucket's count a multiple"
    )
    group.add_argument(
        "--remainder",
        choices=REMAINDERS,
        default="keep",
        help="where N does not divide the pictures: keep them as one smaller batch, repeat some, or drop as many",
    )
    group.add_argument(
        "--smallest", metavar="N", type=parse_positive, default=2, help="fewest pictures in a bucket (default 2)"
    )
    group.add_argument(
        "--most-enlarged",
        metavar="X",
        type=parse_factor,
        help="never enlarge a picture more than X times (default: no limit)",
    )
    group.add_argument(
        "--dataset", choices=list(FORMATS), default="plain", help="lay OUT out for a trainer (default plain)"
    )
    group.add_argument("--concept", metavar="NAME", default="picture", help="folder N_NAME of kohya and ComfyUI")
    group.add_argument(
        "--repeats", metavar="N", type=parse_positive, default=1, help="the N of that folder (default 1)"
    )
    group.add_argument(
        "--duplicates",
        choices=("use", "report", "skip"),
        default="use",
        help="pictures that are there twice, exactly or nearly; the largest of them stays",
    )


def settings(chosen: argparse.Namespace) -> dict[str, Any]:
    """The fields `buckets` and `dataset` of `CropSettings`.

    Raises:
        UsageError: when the folder cannot be listed.
        ValueError: when the grid is not known, a number is out of range, or the concept names no folder.
    """
    from ..jobs.settings import BucketSettings

    resolution = chosen.resolution or RESOLUTION
    dataset = get_format(chosen.dataset)(chosen.concept, chosen.repeats, chosen.batch_size)
    sizes = _sizes(chosen) if chosen.buckets.strip().lower().startswith("quantile") else []
    bucket_settings = BucketSettings(
        grid=parse_grid(dataset.grid_name(chosen.buckets), resolution, sizes),
        resolution=resolution,
        batch_size=chosen.batch_size,
        smallest=chosen.smallest,
        remainder=chosen.remainder,
        most_enlarged=1.0 if chosen.no_enlarge and chosen.most_enlarged is None else chosen.most_enlarged,
        duplicates=chosen.duplicates,
    )
    return {"buckets": bucket_settings, "dataset": dataset}


def summary(run: FolderRun, outcome: Outcome) -> str:
    """The report, and where it lies."""
    from ..jobs.buckets import report_files

    if outcome.report is None:
        return "no picture could be measured"
    text, page = report_files(run.manifest)
    return f"{outcome.report.format_text()}\n\nthe same in {text}, with a chart in {page}"


def _sizes(chosen: argparse.Namespace) -> list[tuple[int, int]]:
    from ..jobs.run import read_sizes

    exclude = [each for each in (chosen.out, chosen.masks) if each is not None]
    try:
        return read_sizes(chosen.folder, exclude, chosen.follow_links)
    except OSError as error:
        raise UsageError(f"{chosen.folder}: {error.strerror or error}") from error
