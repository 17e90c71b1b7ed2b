"""`salient-crop crop`: a folder of pictures into a folder of crops."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import buckets
from .options import (
    SubParsers,
    add_cropper,
    add_device,
    add_layout_frame,
    add_ratios,
    add_workers,
    open_cropper,
    open_device,
    parse_background,
    parse_regions,
    parse_resolution,
    parse_share,
)
from .progress import Reporter
from .status import DONE, SOME_FAILED, UsageError

if TYPE_CHECKING:
    from ..jobs.folder import FolderRun, Outcome, Progress
    from ..jobs.settings import CropRequest
    from ..models.base import Cropper

RATIOS = "1:1,2:3,3:2"


def add_parser(commands: SubParsers) -> None:
    parser = commands.add_parser(
        "crop",
        help="crop a folder of pictures",
        description="Crops every picture in a folder and below it. Run again after a stop, it goes on where it was.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the pictures; never changed")
    parser.add_argument(
        "--out", metavar="OUT", type=Path, help="folder for the crops, in the same tree, captions beside"
    )
    add_cropper(parser)
    _add_constraint(parser)
    _add_pixels(parser)
    parser.add_argument("--dry-run", action="store_true", help="write the manifest and no pixels")
    parser.add_argument("--manifest", metavar="FILE", type=Path, help="default OUT/manifest.jsonl")
    add_workers(parser)
    add_device(parser)
    parser.add_argument(
        "--masks",
        metavar="FOLDER",
        type=Path,
        help="masks of the same names, to be cropped along (photo-masklabel.png beside photo.jpg needs no flag)",
    )
    parser.add_argument("--follow-links", action="store_true", help="also read what links lead to outside FOLDER")
    buckets.add_arguments(parser)


def _add_constraint(parser: argparse.ArgumentParser) -> None:
    add_ratios(parser, RATIOS)
    parser.add_argument("--each", action="store_true", help="one crop for every ratio, not each picture's best ratio")
    parser.add_argument(
        "--min-area",
        metavar="SHARE",
        type=parse_share,
        help="smallest crop, as a share of the largest box of its ratio; 1 leaves only the position open (default 0.6,"
        " with --buckets 1)",
    )
    parser.add_argument(
        "--layout",
        metavar="WHERE",
        type=parse_regions,
        default=[],
        help="keep free for text: top, left, top-left, ... or x1,y1,x2,y2 in 0..1; several with a semicolon between",
    )
    add_layout_frame(
        parser, "WHERE is a place in the picture that the crop should hold, or a place in the crop that should be calm"
    )
    parser.add_argument(
        "--layout-hard",
        action="store_true",
        help="a crop that breaks the layout is none, then --policy decides (default: it is weighed with the rest)",
    )
    parser.add_argument("--policy", choices=("shrink", "pad", "error"), default="shrink", help="when nothing fits")


def _add_pixels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--resolution",
        metavar="N",
        type=parse_resolution,
        help="resize crops to about N×N pixels in their ratio, sides multiples of 8 (default: leave their size)",
    )
    parser.add_argument(
        "--no-enlarge",
        action="store_true",
        help="leave crops smaller than N×N as they are; with --buckets the same as --most-enlarged 1",
    )
    parser.add_argument("--format", choices=("jpg", "png", "webp"), default="jpg", help="of the crops (default jpg)")
    parser.add_argument(
        "--background",
        metavar="COLOUR",
        type=parse_background,
        default="white",
        help="under transparent pixels and padding: a name, #rrggbb, or `keep` for transparent png and webp",
    )


def run(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..jobs.executors.batches import Analyser
    from ..jobs.folder import RunError, crop_folder

    run, cropper, device = folder_run(chosen)
    progress = record_progress(reporter)
    try:
        if chosen.buckets:
            found = buckets.run_sorting(chosen, run, cropper, device, progress, reporter.note)
            reporter.result(buckets.summary(run, found))
            outcome = found.outcome
        else:
            with Analyser(cropper, device) as analyser:
                outcome = crop_folder(run, analyser, progress)
    except (RunError, ValueError) as error:  # a manifest of an earlier run that is damaged is a ValueError
        raise UsageError(str(error)) from error
    except OSError as error:
        reporter.note(f"salient-crop: stopped: {error}; the same command goes on from here")
        return SOME_FAILED
    reporter.result(summary(run, outcome))
    return SOME_FAILED if outcome.failed else DONE


def record_progress(reporter: Reporter) -> Progress:
    """Shows progress, and notes every picture that has no crop, once."""
    from ..datasets.manifest import OK, PictureRecord

    noted: set[str] = set()

    def progress(done: int, total: int, record: PictureRecord) -> None:
        if record.status != OK and record.source not in noted:  # with buckets, there are two passes
            noted.add(record.source)
            reporter.note(f"{record.status}: {record.source}: {record.reason}")
        reporter.progress(done, total, record.source)

    return progress


def folder_run(chosen: argparse.Namespace) -> tuple[FolderRun, Cropper, str]:
    """The run that the arguments of `crop` ask for, its cropper and device.

    Raises:
        UsageError: when they cannot be used together.
    """
    from ..jobs.executors.threads import available_cores
    from ..jobs.folder import FolderRun

    if chosen.buckets and chosen.each:
        raise UsageError("--each makes one crop for every ratio, --buckets one for each picture; choose one of them")
    if chosen.out is None and not (chosen.dry_run and chosen.manifest):
        raise UsageError("--out OUT says where the crops go; only a --dry-run with a --manifest can do without")
    if chosen.masks is not None and not chosen.masks.is_dir():
        raise UsageError(f"--masks {chosen.masks}: not a folder")
    device = open_device(chosen.device)
    cropper = open_cropper(chosen.cropper, device)
    run = FolderRun(
        folder=chosen.folder,
        out=None if chosen.dry_run else chosen.out,
        manifest=chosen.manifest or chosen.out / "manifest.jsonl",
        request=crop_request(chosen),
        settings=identity(chosen, cropper, device),
        workers=chosen.workers or available_cores() * (1 if device == "cpu" else 2),  # a GPU takes them in batches
        follow_links=chosen.follow_links,
        unread=chosen.out,
        masks=chosen.masks,
    )
    return run, cropper, device


def crop_request(chosen: argparse.Namespace) -> CropRequest:
    """What the arguments ask of every picture.

    Raises:
        UsageError: when they cannot be used together.
    """
    from ..cropping.constraint import Constraint
    from ..cropping.text_region import TextRegion
    from ..jobs.settings import CropRequest

    try:
        constraint = Constraint(
            ratios=chosen.ratios,
            min_share=min_area(chosen),
            text_regions=tuple(TextRegion(region, chosen.layout_frame, chosen.layout_hard) for region in chosen.layout),
            policy=chosen.policy,
        )
        return CropRequest(
            constraint,
            chosen.each,
            None if chosen.buckets else chosen.resolution,
            not chosen.no_enlarge,
            chosen.format,
            chosen.background,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


def min_area(chosen: argparse.Namespace) -> float:
    """The share of `--min-area`, or its default."""
    if chosen.min_area is not None:
        return chosen.min_area
    # A bucket already decides the ratio; taking less than its largest box would lose more for nothing.
    return 1.0 if chosen.buckets else 0.6


def identity(chosen: argparse.Namespace, cropper: Cropper, device: str) -> dict[str, Any]:
    """All arguments that change what comes out, as JSON values."""
    return {
        "cropper": chosen.cropper or cropper.name,
        "weights": digest(Path(chosen.cropper)) if chosen.cropper and Path(chosen.cropper).is_file() else None,
        "device": device,
        "ratios": [str(ratio) for ratio in chosen.ratios],
        "each": chosen.each,
        "min_area": min_area(chosen),
        "layout": [list(region) for region in chosen.layout],
        "layout_frame": chosen.layout_frame,
        "layout_hard": chosen.layout_hard,
        "policy": chosen.policy,
        "resolution": chosen.resolution,
        "enlarge": not chosen.no_enlarge,
        "format": chosen.format,
        "background": chosen.background and list(chosen.background),
        **({} if chosen.masks is None else {"masks": chosen.masks.resolve().as_posix()}),
        **buckets.settings(chosen),
    }


def summary(run: FolderRun, outcome: Outcome) -> str:
    """One line: what was done, and where it is."""
    where = f"in {run.out}, manifest {run.manifest}" if run.out else f"planned in {run.manifest}, no pixels written"
    done = outcome.pictures - outcome.failed - outcome.dropped
    parts = [f"{done} of {outcome.pictures} pictures, {outcome.crops} crops {where}"]
    if outcome.resumed:
        parts.append(f"{outcome.resumed} had been done before")
    if outcome.enlarged:
        how = "--most-enlarged X sets a limit" if "buckets" in run.settings else "--no-enlarge leaves them as they are"
        parts.append(f"{outcome.enlarged} crops had to be enlarged ({how})")
    if outcome.dropped:
        parts.append(f"{outcome.dropped} left out as asked")
    if outcome.failed:
        parts.append(f"{outcome.failed} failed, each with its reason in the manifest")
    return "; ".join(parts)


def digest(path: Path) -> str:
    from hashlib import blake2s

    with path.open("rb") as file:
        state = blake2s()
        while chunk := file.read(1 << 20):
            state.update(chunk)
    return state.hexdigest()
