"""The `salient-crop` command: arguments in, one call into the library, words out.

A sub-command is one function that adds its parser and names what runs it; `COMMANDS` lists them. What is slow to import
is imported where it is used, so that `--help` is instant.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .progress import Reporter

if TYPE_CHECKING:
    from ..cropping.ratio import Ratio
    from ..images.colour import RGB
    from ..jobs.folder import FolderRun, Outcome
    from ..jobs.settings import CropRequest
    from ..jobs.stages import Chooser
    from ..models.base import Cropper

DONE, SOME_FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
RATIOS = "1:1,2:3,3:2"

SubParsers = Any  # argparse keeps the type to itself


class UsageError(Exception):
    """Arguments that cannot be used; shown without a traceback."""


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0 all done, 1 some pictures failed, 2 unusable arguments."""
    parser = argparse.ArgumentParser(
        prog="salient-crop", description="Crops that keep the subject whole, at exactly the ratio asked for."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in COMMANDS:
        add(commands)
    chosen = parser.parse_args(words)
    # Pictures have their own limit here; Pillow's warning about large ones would only disturb the bar.
    warnings.filterwarnings("ignore", module="PIL")
    with Reporter() as reporter:
        try:
            return chosen.run(chosen, reporter)
        except UsageError as error:
            reporter.note(f"salient-crop: {error}")
            return UNUSABLE
        except KeyboardInterrupt:
            reporter.note("stopped; the same command goes on from here")
            return INTERRUPTED


# crop


def add_crop(commands: SubParsers) -> None:
    parser = commands.add_parser(
        "crop",
        help="crop a folder of pictures",
        description="Crops every picture in a folder and below it. Run again after a stop, it goes on where it was.",
    )
    parser.set_defaults(run=run_crop)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the pictures; never changed")
    parser.add_argument(
        "--out", metavar="OUT", type=Path, help="folder for the crops, in the same tree, captions beside"
    )
    parser.add_argument("--cropper", metavar="NAME|FILE", help="see `salient-crop croppers`")
    parser.add_argument("--ratios", type=ratio_list, default=RATIOS, help=f"width:height, by commas (default {RATIOS})")
    parser.add_argument("--each", action="store_true", help="one crop for every ratio, not each picture's best ratio")
    parser.add_argument(
        "--min-area",
        metavar="SHARE",
        type=float,
        help="smallest crop, as a share of the largest box of its ratio; 1 leaves only the position open (default 0.6,"
        " with --buckets 1)",
    )
    parser.add_argument(
        "--layout",
        metavar="WHERE",
        type=layout_regions,
        default=[],
        help="keep free for text: top, left, top-left, ... or x1,y1,x2,y2 in 0..1; several with a semicolon between",
    )
    parser.add_argument(
        "--layout-frame",
        choices=("source", "crop"),
        default="source",
        help="WHERE is a place in the picture that the crop should hold, or a place in the crop that should be calm",
    )
    parser.add_argument(
        "--layout-hard",
        action="store_true",
        help="a crop that breaks the layout is none, then --policy decides (default: it is weighed with the rest)",
    )
    parser.add_argument("--policy", choices=("shrink", "pad", "error"), default="shrink", help="when nothing fits")
    parser.add_argument(
        "--resolution",
        metavar="N",
        type=int,
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
        type=colour,
        default="white",
        help="under transparent pixels and padding: a name, #rrggbb, or `keep` for transparent png and webp",
    )
    parser.add_argument("--dry-run", action="store_true", help="write the manifest and no pixels")
    parser.add_argument("--manifest", metavar="FILE", type=Path, help="default OUT/manifest.jsonl")
    parser.add_argument("--workers", metavar="N", type=positive, help="pictures at once (default: one for every core)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--masks",
        metavar="FOLDER",
        type=Path,
        help="masks of the same names, to be cropped along (photo-masklabel.png beside photo.jpg needs no flag)",
    )
    parser.add_argument("--follow-links", action="store_true", help="also read what links lead to outside FOLDER")
    add_bucket_arguments(parser)


def add_bucket_arguments(parser: argparse.ArgumentParser) -> None:
    from .buckets import add_arguments

    add_arguments(parser)


def run_crop(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..datasets.manifest import OK, PictureRecord
    from ..jobs.folder import RunError, crop_folder

    run, cropper, device = folder_run(chosen)

    told: set[str] = set()

    def progress(done: int, total: int, record: PictureRecord) -> None:
        if record.status != OK and record.source not in told:  # with buckets, there are two passes
            told.add(record.source)
            reporter.note(f"{record.status}: {record.source}: {record.reason}")
        reporter.progress(done, total, record.source)

    if chosen.buckets:
        return run_buckets(chosen, run, cropper, device, progress, reporter)
    try:
        with chooser_for(cropper, run.request, device) as chooser:
            outcome = crop_folder(run, chooser, progress)
    except RunError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        reporter.note(f"salient-crop: stopped: {error}; the same command goes on from here")
        return SOME_FAILED
    reporter.result(summary(run, outcome))
    return SOME_FAILED if outcome.failed else DONE


def run_buckets(
    chosen: argparse.Namespace, run: FolderRun, cropper: Cropper, device: str, progress: Any, reporter: Reporter
) -> int:
    from ..jobs.folder import RunError
    from .buckets import run_sorting
    from .buckets import summary as bucket_summary

    try:
        outcome = run_sorting(chosen, run, cropper, device, progress, reporter.note)
    except (RunError, ValueError) as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        reporter.note(f"salient-crop: stopped: {error}; the same command goes on from here")
        return SOME_FAILED
    reporter.result(bucket_summary(run, outcome))
    reporter.result(summary(run, outcome.outcome))
    return SOME_FAILED if outcome.outcome.failed else DONE


def folder_run(chosen: argparse.Namespace) -> tuple[FolderRun, Cropper, str]:
    """What the arguments of `crop` ask for.

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
    device = device_for(chosen.device)
    cropper = cropper_for(chosen.cropper, device)
    request = request_of(chosen)
    return (
        FolderRun(
            folder=chosen.folder,
            out=None if chosen.dry_run else chosen.out,
            manifest=chosen.manifest or chosen.out / "manifest.jsonl",
            request=request,
            settings=settings_of(chosen, cropper, device),
            workers=chosen.workers or available_cores() * (1 if device == "cpu" else 2),  # a GPU takes them in batches
            follow_links=chosen.follow_links,
            unread=chosen.out,
            masks=chosen.masks,
        ),
        cropper,
        device,
    )


def request_of(chosen: argparse.Namespace) -> CropRequest:
    from ..cropping.constraint import Constraint
    from ..cropping.text_region import TextRegion
    from ..jobs.settings import CropRequest

    try:
        constraint = Constraint(
            ratios=chosen.ratios,
            min_share=min_area(chosen),
            layouts=tuple(TextRegion(region, chosen.layout_frame, chosen.layout_hard) for region in chosen.layout),
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
    if chosen.min_area is not None:
        return chosen.min_area
    # A bucket already decides the ratio; taking less than its largest box would lose more for nothing.
    return 1.0 if chosen.buckets else 0.6


def settings_of(chosen: argparse.Namespace, cropper: Cropper, device: str) -> dict[str, Any]:
    """All arguments that change what comes out."""
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
        **bucket_settings(chosen),
    }


def bucket_settings(chosen: argparse.Namespace) -> dict[str, Any]:
    from .buckets import settings

    return settings(chosen)


def summary(run: FolderRun, outcome: Outcome) -> str:
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


# preview


def add_preview(commands: SubParsers) -> None:
    parser = commands.add_parser(
        "preview",
        help="draw a contact sheet of a manifest",
        description="Draws every picture with its heat and boxes, and its crops beside it.",
    )
    parser.set_defaults(run=run_preview)
    parser.add_argument("manifest", metavar="MANIFEST", type=Path)
    parser.add_argument("--out", metavar="SHEET", type=Path, required=True, help="the sheet: .png, .jpg or .webp")
    parser.add_argument("--source", metavar="FOLDER", type=Path, help="where the pictures are, if they were moved")
    parser.add_argument("--cropper", metavar="NAME|FILE", help="whose heat to show (default: the manifest's own)")
    parser.add_argument(
        "--count",
        metavar="N",
        type=positive,
        default=60,
        help="show at most so many pictures, evenly spread (default 60)",
    )
    parser.add_argument("--workers", metavar="N", type=positive, help="pictures at once (default: one for every core)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")


def run_preview(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..datasets.atomic import write_picture
    from ..datasets.manifest import OK, read_manifest
    from ..jobs.contact_sheet import draw_sheet
    from ..jobs.executors.threads import available_cores
    from ..jobs.folder import noted_settings, source_folder
    from ..jobs.preview import spread, tiles

    try:
        records, total = spread(read_manifest(chosen.manifest), chosen.count)
    except OSError as error:
        raise UsageError(f"{chosen.manifest}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(str(error)) from error
    folder = chosen.source or source_folder(chosen.manifest)
    if folder is None or not folder.is_dir():
        raise UsageError(f"the pictures of {chosen.manifest} are not where they were; --source FOLDER says where")
    if not records:
        raise UsageError(f"{chosen.manifest} lists no pictures")
    refuse_sheet_over_source(chosen.out, folder, chosen.manifest)
    device = device_for(chosen.device)
    cropper = cropper_for(chosen.cropper or noted_settings(chosen.manifest).get("cropper"), device)
    workers = chosen.workers or available_cores()
    sheet = draw_sheet(tiles(records, folder, cropper, device, workers, reporter.progress))
    try:
        write_picture(chosen.out, sheet)
    except OSError as error:
        raise UsageError(f"{chosen.out}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(str(error)) from error
    reporter.result(f"{len(records)} of {total} pictures in {chosen.out}")
    return DONE if all(record.status == OK for record in records) else SOME_FAILED


def refuse_sheet_over_source(sheet: Path, folder: Path, manifest: Path) -> None:
    from ..datasets.manifest import read_manifest

    refuse_other_formats(sheet)
    if sheet.exists() and any(same_file(sheet, folder / each.source) for each in read_manifest(manifest)):
        raise UsageError(f"{sheet}: one of the pictures themselves, so it is not overwritten")


def refuse_other_formats(sheet: Path) -> None:
    from ..images.encode import FORMATS

    if sheet.suffix.lower().lstrip(".") not in (*FORMATS, "jpeg"):
        raise UsageError(f"{sheet}: a sheet is a {', '.join(FORMATS)}")


# layouts


def add_layouts(commands: SubParsers) -> None:
    parser = commands.add_parser(
        "layouts",
        help="draw what each layout makes of one photograph",
        description="Draws one photograph under all eight layouts, with the crop and the region kept free.",
    )
    parser.set_defaults(run=run_layouts)
    parser.add_argument("photo", metavar="PHOTO", type=Path, help="never changed")
    parser.add_argument("--out", metavar="SHEET", type=Path, required=True, help="the sheet: .png, .jpg or .webp")
    parser.add_argument("--ratios", type=ratio_list, default="2:3,16:9", help="by commas (default 2:3,16:9)")
    parser.add_argument("--min-area", metavar="SHARE", type=float, default=0.6, help="see `salient-crop crop`")
    parser.add_argument("--layout-frame", choices=("source", "crop"), default="source", help="see `salient-crop crop`")
    parser.add_argument("--layout-hard", action="store_true", help="see `salient-crop crop`")
    parser.add_argument("--cropper", metavar="NAME|FILE", help="see `salient-crop croppers`")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")


def run_layouts(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..datasets.atomic import write_picture
    from ..images.decode import Picture
    from ..images.errors import PictureError
    from ..jobs.text_region_study import layout_study

    refuse_other_formats(chosen.out)
    if chosen.out.exists() and same_file(chosen.out, chosen.photo):
        raise UsageError(f"{chosen.out}: the photograph itself, so it is not overwritten")
    device = device_for(chosen.device)
    cropper = cropper_for(chosen.cropper, device)
    try:
        sheet = layout_study(
            Picture(chosen.photo),
            chosen.ratios,
            chosen.layout_frame,
            chosen.layout_hard,
            chosen.min_area,
            cropper,
            device,
        )
        write_picture(chosen.out, sheet)
    except OSError as error:
        raise UsageError(f"{chosen.out}: {error.strerror or error}") from error
    except (PictureError, ValueError) as error:
        raise UsageError(str(error)) from error
    reporter.result(f"{len(chosen.ratios)} ratios under every layout in {chosen.out}")
    return DONE


# croppers


def add_croppers(commands: SubParsers) -> None:
    parser = commands.add_parser("croppers", help="what can be loaded, and where from")
    parser.set_defaults(run=run_croppers)


def run_croppers(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..models.registry import ARCHITECTURES, BUNDLED, SUFFIXES

    reporter.result("Bundled, by name:")
    for index, name in enumerate(BUNDLED):
        reporter.result(f"  {name}" + (" (default)" if index == 0 else ""))
    if ARCHITECTURES:
        reporter.result(f"From a file ({', '.join(SUFFIXES)}), told by its keys:")
        for architecture in ARCHITECTURES:
            reporter.result(f"  {architecture.name}")
    return DONE


# evaluate


def add_evaluate(commands: SubParsers) -> None:
    from .evaluate import add_arguments

    parser = commands.add_parser(
        "evaluate",
        help="measure on a benchmark, beside the trivial answers",
        description="Measures on a benchmark file, always beside the trivial answers.",
    )
    parser.set_defaults(run=run_evaluate)
    add_arguments(parser)


def run_evaluate(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..images.errors import PictureError
    from .evaluate import evaluate

    try:
        evaluate(chosen, reporter, cropper_for, device_for(chosen.device))
    except (OSError, ValueError, PictureError) as error:
        raise UsageError(str(error)) from error
    return DONE


# arguments


def ratio_list(text: str) -> tuple[Ratio, ...]:
    from ..cropping.ratio import Ratio

    ratios = _argument(lambda: tuple(dict.fromkeys(Ratio.parse(each) for each in text.split(",") if each.strip())))
    if not ratios:
        raise argparse.ArgumentTypeError(f"no ratio in {text!r}")
    return ratios


def layout_regions(text: str) -> list[tuple[float, float, float, float]]:
    from ..cropping.text_region import TextRegion

    def region(words: str) -> tuple[float, float, float, float]:
        try:
            x1, y1, x2, y2 = (float(each) for each in words.split(","))
        except ValueError:
            return TextRegion.preset(words.strip()).region
        return TextRegion((x1, y1, x2, y2)).region

    return _argument(lambda: [region(each) for each in text.split(";") if each.strip()])


def colour(text: str) -> RGB | None:
    from PIL import ImageColor

    if text == "keep":
        return None
    red, green, blue, *_ = _argument(lambda: ImageColor.getrgb(text))
    return red, green, blue


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _argument(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValueError as error:  # argparse would hide what it says
        raise argparse.ArgumentTypeError(str(error)) from error


# what they name


def device_for(name: str) -> str:
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: PyTorch finds no CUDA GPU here")
    return name


def cropper_for(name: str | None, device: str) -> Cropper:
    from ..models.registry import BUNDLED, load_cropper

    try:
        return load_cropper(name or next(iter(BUNDLED)), device)
    except (OSError, ValueError) as error:
        raise UsageError(f"--cropper: {error}") from error


def chooser_for(cropper: Cropper, request: CropRequest, device: str) -> AbstractContextManager[Chooser]:
    from ..jobs.executors.batches import in_batches, one_by_one

    return nullcontext(one_by_one(cropper, request)) if device == "cpu" else in_batches(cropper, request, device)


def same_file(first: Path, second: Path) -> bool:
    return first.resolve() == second.resolve()


def digest(path: Path) -> str:
    from hashlib import blake2s

    with path.open("rb") as file:
        state = blake2s()
        while chunk := file.read(1 << 20):
            state.update(chunk)
    return state.hexdigest()


COMMANDS: tuple[Callable[[SubParsers], None], ...] = (add_crop, add_preview, add_layouts, add_evaluate, add_croppers)
