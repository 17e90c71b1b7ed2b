"""The flags of `salient-crop crop --buckets`, and the run that they ask for."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..bucketing.solver.policy import REMAINDERS
from ..jobs.defaults import BUCKET_RESOLUTION
from .options import flag_of, parse_factor, parse_positive
from .status import UsageError

# PyTorch and the solver come with these; `--help` needs neither.
if TYPE_CHECKING:
    from ..jobs.bucket_options import BucketOptions
    from ..jobs.run import FolderRun, Outcome


# As `bucketing/grids.py` and the registry of dataset formats have them; `--help` is to need neither numpy nor Pillow.
GRIDS = (
    "kohya:RES[:STEP,MIN,MAX], sdxl, novelai, onetrainer[:RES[,STEP]], square:RES, quantile:K, auto:K[:GRID],"
    " 832x1216,1024x1024,…"
)
DATASETS = ("plain", "kohya", "ai-toolkit", "onetrainer", "diffusers", "comfyui")

# The flags that only make sense with `--buckets`, as argparse names them.
FLAGS = ("batch_size", "smallest", "remainder", "most_enlarged", "duplicates", "dataset", "concept", "repeats", "step")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds `--buckets` and the flags that only make sense with it, which are None where they are not given."""
    group = parser.add_argument_group(
        "buckets",
        "Every crop gets the size of a trainer's bucket; --resolution N names the pixel budget"
        f" (default {BUCKET_RESOLUTION}).",
    )
    group.add_argument("--buckets", metavar="GRID", type=parse_grid_name, help=GRIDS.replace("%", "%%"))
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
        help="never enlarge a picture, or with --per-subject a crop, more than X times (default: no limit)",
    )
    group.add_argument("--dataset", choices=DATASETS, help="lay OUT out for a trainer (default plain)")
    group.add_argument("--concept", metavar="NAME", help="folder N_NAME of kohya and ComfyUI (default picture)")
    group.add_argument("--repeats", metavar="N", type=parse_positive, help="the N of that folder (default 1)")
    group.add_argument(
        "--step",
        metavar="N",
        type=parse_positive,
        help="what the trainer rounds sides to for the model that is trained: onetrainer 8 for SD 1.5 and 2, 16 PixArt,"
        " 32 Sana, 128 Würstchen (default 64); ai-toolkit 8, 16 or 32 (default 32); comfyui 8, 16 or 32 (default 8)",
    )
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


def bucket_options(chosen: argparse.Namespace) -> BucketOptions:
    """What the flags ask for.

    Raises:
        UsageError: naming a flag that does nothing without another one.
    """
    from ..jobs.bucket_options import BucketOptions

    given = {name: getattr(chosen, name) for name in FLAGS}
    if chosen.buckets is None and chosen.per_subject is not None:
        given["most_enlarged"] = None  # of the crops of subjects
    unused = next((name for name, value in given.items() if value is not None), None)
    if chosen.buckets is None and unused is not None:
        raise UsageError(f"{flag_of(unused)} does nothing without --buckets GRID")
    if chosen.remainder is not None and chosen.batch_size in (None, 1):
        raise UsageError("--remainder does nothing without --batch-size N above 1, which alone leaves one")
    return BucketOptions(chosen.buckets, **given)


def summary(run: FolderRun, outcome: Outcome) -> list[str]:
    """The lines of the report, and where it lies."""
    from ..jobs.run_record import report_files

    if outcome.report is None:
        return ["there was no picture to sort into buckets"]
    text, page = report_files(run.manifest)
    return [*outcome.report.format_text().split("\n"), "", f"the same in {text}, with a chart in {page}"]
