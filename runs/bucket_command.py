"""What `salient-crop crop --buckets` understands, and what it does then."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bucketing.grids import GRIDS, parse_grid
from ..bucketing.rule import REMAINDERS
from ..pictures.datasets import LAYOUTS, place
from ..pictures.decode import decode_small
from ..pictures.duplicates import NEAR, Duplicate, file_hash, find_duplicates, sight_hash
from ..pictures.errors import PictureError
from ..pictures.header import read_header

# PyTorch and the solver come with these; `--help` needs neither.
if TYPE_CHECKING:
    from ..models.cropper import Cropper
    from .bucket_folder import BucketOutcome
    from .folder import FolderRun, Progress
    from .sorting import SortRequest

RESOLUTION = 1024
_SEEN = 64  # short side of the thumbnails that perceptual hashes are made of

Note = Callable[[str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that only make sense with `--buckets`."""
    group = parser.add_argument_group(
        "buckets",
        "Every crop gets the size of a trainer's bucket; --resolution N names the pixel budget (default 1024).",
    )
    group.add_argument("--buckets", metavar="GRID", help=GRIDS.replace("%", "%%"))
    group.add_argument("--batch-size", metavar="N", type=int, default=1, help="make every bucket's count a multiple")
    group.add_argument(
        "--remainder",
        choices=REMAINDERS,
        default="keep",
        help="where N does not divide the pictures: keep them as one smaller batch, repeat some, or drop as many",
    )
    group.add_argument("--smallest", metavar="N", type=int, default=2, help="fewest pictures in a bucket (default 2)")
    group.add_argument(
        "--most-enlarged", metavar="X", type=float, help="never enlarge a picture more than X times (default: no limit)"
    )
    group.add_argument("--dataset", choices=LAYOUTS, default="plain", help="lay OUT out for a trainer (default plain)")
    group.add_argument("--concept", metavar="NAME", default="picture", help="folder N_NAME of kohya and ComfyUI")
    group.add_argument("--repeats", metavar="N", type=int, default=1, help="the N of that folder (default 1)")
    group.add_argument(
        "--duplicates", choices=("use", "report", "skip"), default="use", help="pictures that are there twice"
    )


def settings(chosen: argparse.Namespace) -> dict[str, Any]:
    """All of it that changes what comes out; nothing where buckets were not asked for."""
    if not chosen.buckets:
        return {}
    names = ("buckets", "batch_size", "remainder", "smallest", "most_enlarged", "dataset", "concept", "repeats")
    return {**{name: getattr(chosen, name) for name in names}, "duplicates": chosen.duplicates == "skip"}


def sort_request(chosen: argparse.Namespace, run: FolderRun) -> SortRequest:
    """What the arguments ask of the sorting.

    Raises:
        ValueError: when the grid is not known or a number is out of range.
    """
    from .sorting import SortRequest

    resolution = chosen.resolution or RESOLUTION
    sizes = _sizes(run) if chosen.buckets.strip().lower().startswith("quantile") else []
    grid = parse_grid(chosen.buckets, resolution, sizes)
    place(chosen.dataset, "x", "jpg", chosen.concept, chosen.repeats)
    return SortRequest(
        grid, resolution, chosen.batch_size, chosen.smallest, chosen.remainder, most_enlarged=chosen.most_enlarged
    )


def run_sorting(
    chosen: argparse.Namespace, run: FolderRun, cropper: Cropper, device: str, progress: Progress, note: Note
) -> BucketOutcome:
    """Sorts the folder, telling of duplicates and of sizes that the trainer would cut again.

    Raises:
        ValueError, RunError: when it cannot be done as asked.
        OSError: when something can no longer be written.
    """
    from ..bucketing.trainers import cut_again
    from .bucket_folder import Target, sort_folder

    sorting = sort_request(chosen, run)
    for size in sorting.grid.sizes if sorting.grid.most is None else ():
        made = cut_again(chosen.dataset, size, sorting.resolution)
        if made is not None:
            note(f"{chosen.dataset} at {sorting.resolution} would cut {size[0]}x{size[1]} to {made[0]}x{made[1]} again")
    unwanted: Mapping[str, str] = {}
    if chosen.duplicates != "use":
        twice = duplicates_in(run)
        if chosen.duplicates == "skip":
            unwanted = {each.name: _words(each) for each in twice}
        else:
            for each in twice:
                note(f"duplicate: {each.name}: {_words(each)}")
    target = Target(chosen.dataset, chosen.concept, chosen.repeats, chosen.batch_size)
    return sort_folder(run, sorting, cropper, progress, device, target, unwanted)


def summary(run: FolderRun, outcome: BucketOutcome) -> str:
    """The report, and where it lies."""
    from .bucket_folder import report_files

    if outcome.report is None:
        return "no picture could be measured"
    text, chart = report_files(run.manifest)
    return f"{outcome.report.text()}\n\nthe same in {text}, drawn in {chart}"


def duplicates_in(run: FolderRun) -> list[Duplicate]:
    """The pictures of the folder that repeat another one; those that cannot be read are passed over."""
    from .folder import list_sources

    sources = list_sources(run)
    contents, sights = {}, {}
    for source in sources:
        path = run.folder / source
        try:
            contents[source] = file_hash(path)
            sights[source] = sight_hash(decode_small(path, _SEEN))
        except PictureError:
            continue
    return find_duplicates(sources, contents, sights, NEAR)


def _words(duplicate: Duplicate) -> str:
    return f"{'the same file as' if duplicate.exact else 'nearly the same picture as'} {duplicate.of}"


def _sizes(run: FolderRun) -> list[tuple[int, int]]:
    from .folder import list_sources

    found = []
    for source in list_sources(run):
        try:
            found.append(read_header(Path(run.folder, source)).size)
        except PictureError:
            continue
    return found
