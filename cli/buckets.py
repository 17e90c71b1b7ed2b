"""The flags of `salient-crop crop --buckets`, and the run that they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bucketing.grids import GRID_SYNTAX, parse_grid
from ..bucketing.solver.policy import REMAINDERS
from ..datasets.formats import FORMATS, DatasetFormat, get_format
from ..images.errors import PictureError
from ..images.header import read_header
from .options import parse_factor, parse_positive
from .status import UsageError

# PyTorch and the solver come with these; `--help` needs neither.
if TYPE_CHECKING:
    from ..jobs.bucket_stages import SortRequest
    from ..jobs.buckets import BucketOutcome
    from ..jobs.folder import FolderRun, Progress
    from ..models.base import Cropper

RESOLUTION = 1024
Note = Callable[[str], None]


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
    """All of it that changes what comes out; nothing where buckets were not asked for."""
    if not chosen.buckets:
        return {}
    names = ("buckets", "batch_size", "remainder", "smallest", "most_enlarged", "dataset", "concept", "repeats")
    return {**{name: getattr(chosen, name) for name in names}, "duplicates": chosen.duplicates == "skip"}


def dataset_format(chosen: argparse.Namespace) -> DatasetFormat:
    """The format that OUT is laid out in.

    Raises:
        ValueError: when the concept or the repeats cannot name its folder.
    """
    return get_format(chosen.dataset)(chosen.concept, chosen.repeats, chosen.batch_size)


def sort_request(chosen: argparse.Namespace, run: FolderRun) -> SortRequest:
    """What the arguments ask of the sorting.

    Raises:
        ValueError: when the grid is not known, a number is out of range, or the concept names no folder.
    """
    from ..jobs.bucket_stages import SortRequest

    resolution = chosen.resolution or RESOLUTION
    sizes = _sizes(run) if chosen.buckets.strip().lower().startswith("quantile") else []
    grid = parse_grid(dataset_format(chosen).grid_name(chosen.buckets), resolution, sizes)
    limit = 1.0 if chosen.no_enlarge and chosen.most_enlarged is None else chosen.most_enlarged
    return SortRequest(grid, resolution, chosen.batch_size, chosen.smallest, chosen.remainder, most_enlarged=limit)


def run_sorting(
    chosen: argparse.Namespace, run: FolderRun, cropper: Cropper, device: str, progress: Progress, note: Note
) -> BucketOutcome:
    """Sorts the folder, looking for duplicates first where that was asked for.

    Raises:
        UsageError, RunError: when it cannot be done as asked.
        OSError: when something can no longer be written.
    """
    from ..datasets.manifest import OK, PictureRecord
    from ..jobs.buckets import sort_folder
    from ..jobs.duplicates import describe_duplicate, find_folder_duplicates
    from ..jobs.executors.batches import Analyser

    try:
        sorting = sort_request(chosen, run)
    except ValueError as error:
        raise UsageError(str(error)) from error
    dataset = dataset_format(chosen)
    if chosen.duplicates == "use":
        with Analyser(cropper, device) as analyser:
            return sort_folder(run, sorting, analyser, progress, dataset)
    looked_at = 0

    def look(done: int, total: int, source: str) -> None:
        nonlocal looked_at
        looked_at = total
        progress(done, 3 * total, PictureRecord(source, None, OK))

    def work(done: int, total: int, record: PictureRecord) -> None:
        progress(done + looked_at, total + looked_at, record)

    twice = find_folder_duplicates(run, look)
    for each in twice if chosen.duplicates == "report" else ():
        note(f"duplicate: {each.name}: {describe_duplicate(each)}")
    with Analyser(cropper, device) as analyser:
        return sort_folder(run, sorting, analyser, work, dataset, twice, chosen.duplicates == "skip")


def summary(run: FolderRun, outcome: BucketOutcome) -> str:
    """The report, and where it lies."""
    from ..jobs.buckets import report_files

    if outcome.report is None:
        return "no picture could be measured"
    text, page = report_files(run.manifest)
    return f"{outcome.report.format_text()}\n\nthe same in {text}, with a chart in {page}"


def _sizes(run: FolderRun) -> list[tuple[int, int]]:
    from ..jobs.folder import list_sources

    found = []
    for source in list_sources(run):
        try:
            found.append(read_header(Path(run.folder, source)).size)
        except PictureError:
            continue
    return found
