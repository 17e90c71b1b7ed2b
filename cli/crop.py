"""`salient-crop crop`: pictures into a folder of crops."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..jobs.defaults import BACKGROUND, RATIOS, default_min_share
from . import buckets, shards, subjects
from .engines import add_engine, worker_device
from .options import (
    add_cropper,
    add_device,
    add_framing,
    add_layout_frame,
    add_memory,
    add_ratios,
    add_workers,
    name_flag,
    open_cropper,
    parse_background,
    parse_fill,
    parse_labels,
    parse_margin,
    parse_name,
    parse_out,
    parse_quality,
    parse_regions,
    parse_resolution,
    parse_share,
    parse_unit,
    parse_words,
)
from .progress import Reporter
from .status import DONE, SOME_FAILED, UsageError
from .summary import count_pictures, describe_pictures

if TYPE_CHECKING:
    from ..cropping.constraint import Constraint
    from ..jobs.guides import Guides
    from ..jobs.progress import Progress
    from ..jobs.run import FolderRun, Outcome
    from ..models.base import Cropper


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Crops every picture in a folder and below it, the pictures that are named, or those in shards. Run"
        " again after a stop, it goes on where it was."
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "pictures",
        metavar="PICTURE|FOLDER|GLOB|SHARDS",
        nargs="+",
        help="one folder, or pictures and patterns such as 'photos/**/*.jpg', or webdataset tars (.tar, .tar.gz) and"
        " parquet files such as 'shards/{00000..00099}.tar'; never changed",
    )
    parser.add_argument(
        "--out",
        metavar="OUT",
        type=parse_out,
        help="folder for the crops, in the same tree, captions beside; of shards also an address such as s3://bucket/crops",
    )
    add_cropper(parser)
    _add_constraint(parser)
    _add_on_cut(parser)
    parser.add_argument(
        "--frames",
        choices=("each", "still", "follow"),
        default="each",
        help="crop folders of frames as clips, in the natural order of their names, all crops of a folder in one even"
        " size: still, by one box; follow, by a box that moves smoothly with what matters, and starts anew at a cut"
        " (default each: every picture by itself)",
    )
    _add_canvas(parser)
    _add_pixels(parser)
    parser.add_argument("--dry-run", action="store_true", help="write the manifest and no pixels")
    parser.add_argument("--manifest", metavar="FILE", type=Path, help="default OUT/manifest.jsonl")
    add_workers(parser)
    add_memory(parser)
    add_device(parser)
    parser.add_argument(
        "--masks",
        metavar="FOLDER",
        type=Path,
        help="masks of the same names, to be cropped along (photo-masklabel.png beside photo.jpg needs no flag)",
    )
    parser.add_argument(
        "--caption-framing",
        action="store_true",
        help="put into each crop's caption how much of its main person it shows: close-up, portrait, half figure, full"
        " figure or wide (the manifest's `framing` says it in any case)",
    )
    _add_guides(parser)
    parser.add_argument("--follow-links", action="store_true", help="also read what links lead to outside the folder")
    buckets.add_arguments(parser)
    subjects.add_arguments(parser)
    add_engine(
        parser,
        "pictures, or on shards (threads: one after the other)",
        "All but threads go without --frames and --subject, and auto leaves shards to threads.",
    )
    shards.add_arguments(parser)


def _add_constraint(parser: argparse.ArgumentParser) -> None:
    add_ratios(parser, RATIOS)
    parser.set_defaults(ratios=None)  # so that it is known whether they were given
    parser.add_argument("--each", action="store_true", help="one crop for every ratio, not each picture's best ratio")
    parser.add_argument(
        "--min-area",
        metavar="SHARE",
        type=parse_share,
        help="smallest crop, as a share of the largest box of its ratio; 1 leaves only the position open (default 0.6,"
        " with --buckets 1; with --framing as-people-crop as small as people go)",
    )
    parser.add_argument(
        "--layout",
        metavar="WHERE",
        type=parse_regions,
        action="extend",
        default=[],
        help="keep free for text: a side or corner with a size, such as 'left third', 'top half', 'bottom right 40%%';"
        " a small one without (top, left, top-left, ...); or x1,y1,x2,y2 in 0..1. Several: once more, or with"
        " semicolons between",
    )
    add_framing(parser)
    add_layout_frame(
        parser, "WHERE is a place in the picture that the crop should hold, or a place in the crop that should be calm"
    )
    parser.add_argument(
        "--layout-hard",
        action="store_true",
        help="a crop that breaks the layout is none, then --policy decides (default: it is weighed with the rest)",
    )
    parser.add_argument(
        "--policy",
        choices=("shrink", "pad", "error"),
        default="shrink",
        help="when nothing fits: give up as little as must be (default), extend the canvas, or fail the picture",
    )


def _add_guides(parser: argparse.ArgumentParser) -> None:
    guides = parser.add_argument_group(
        "what matters in each picture",
        "PATH is a folder with masks or files of boxes of the pictures' names (LabelMe, YOLO), or with files for many"
        " pictures (COCO, JSON lines); or one such file",
    )
    guides.add_argument("--focus", metavar="PATH", type=Path, help="what matters: heat is raised, boxes are subjects")
    guides.add_argument("--avoid", metavar="PATH", type=Path, help="what crops should leave out")
    guides.add_argument("--keep", metavar="PATH", type=Path, help="what every crop must hold")
    guides.add_argument(
        "--labels",
        metavar="LABELS",
        type=parse_labels,
        default=(),
        help="only boxes with one of these labels count, such as 'necklace, shoe=0.5, avoid:logo': with a weight, and"
        " for one of the three alone",
    )
    guides.add_argument(
        "--margin",
        metavar="MARGIN",
        type=parse_margin,
        help="around what must be kept: a share of its own size such as 10%%, or pixels such as 24px",
    )
    guides.add_argument(
        "--focus-strength",
        metavar="SHARE",
        type=parse_unit,
        help="the share of all heat that the focus takes, 0 to 1 (default 0.5)",
    )
    guides.add_argument(
        "--subject",
        metavar="WORDS",
        type=parse_words,
        default=(),
        help="look for what words name, such as 'necklace, red shoe', and focus on it",
    )
    guides.add_argument(
        "--subject-model",
        metavar="FOLDER",
        type=Path,
        help="of the detector that looks for it, OWLv2 or Grounding DINO for transformers; nothing is downloaded",
    )
    guides.add_argument(
        "--subject-threshold",
        metavar="SHARE",
        type=parse_unit,
        help="least confidence of what it finds, 0 to 1 (default 0.2 for OWLv2, 0.3 for Grounding DINO)",
    )
    guides.add_argument(
        "--subject-nothing",
        choices=("as-without", "skip", "error"),
        help="where nothing is found: crop as without (default), leave the picture out, or fail it",
    )
    guides.add_argument(
        "--save-heatmaps",
        action="store_true",
        help="also write the heat that crops were searched on, into OUT/heatmaps",
    )


def _add_on_cut(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--on-cut",
        choices=("keep", "drop", "pad"),
        default="keep",
        help="when even the best crop cuts off the head of somebody whom the picture is about: keep it with a warning"
        " (default), drop it (with --buckets, the picture stays out of that bucket), or extend the canvas so that the"
        " head fits",
    )


def _add_canvas(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fit",
        choices=("crop", "whole", "subject"),
        default="crop",
        help="whole: the whole picture, extended to the ratio; subject: cropped as long as all subjects stay whole,"
        " else extended (default crop: neither)",
    )
    parser.add_argument(
        "--fit-side",
        choices=("auto", "even", "left", "right", "top", "bottom"),
        help="where canvas is added: where the text is, or else where the subjects are not (auto, the default), on both"
        " sides, or on one",
    )
    parser.add_argument(
        "--fill",
        metavar="FILL",
        type=parse_fill,
        help="of canvas that is added: a colour by name or #rrggbb, edge, blur or mirror (default --background)",
    )


def _add_pixels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--resolution",
        metavar="N",
        type=parse_resolution,
        help="resize crops to about N×N pixels in their ratio, sides multiples of 8 (default: leave their size); with"
        " --buckets the pixel budget (default 1024) of a grid that names no sizes or resolution of its own",
    )
    parser.add_argument(
        "--multiple-of",
        metavar="N",
        type=int,
        choices=(1, 2, 8, 16, 32, 64),
        help="sides of crops are multiples of N pixels: 1, 2, 8, 16, 32 or 64; their ratio is then exact to within N"
        " (default 1, with --resolution 8)",
    )
    parser.add_argument(
        "--no-enlarge",
        action="store_true",
        help="leave crops smaller than N×N as they are; with --buckets the same as --most-enlarged 1",
    )
    parser.add_argument("--format", choices=("jpg", "png", "webp"), default="jpg", help="of the crops (default jpg)")
    parser.add_argument(
        "--quality", metavar="N", type=parse_quality, help="of a jpg or webp, 1 to 100 (default 95, of a webp 92)"
    )
    parser.add_argument(
        "--name",
        metavar="PATTERN",
        type=parse_name,
        help="names of the crops, with {name}, {ratio}, {index}, {index:04}, {subject}, {width}, {height}, {bucket},"
        " such as '{name}_{ratio}' (default: the pictures' names); their folders stay",
    )
    parser.add_argument(
        "--background",
        metavar="COLOUR",
        type=parse_background,
        default=BACKGROUND,
        help="under transparent pixels and padding: a name, #rrggbb, or `keep` for transparent png and webp",
    )


def run(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..datasets.shards.names import names_shards

    if names_shards(chosen.pictures):
        check_flags(chosen)
        return shards.run(chosen, constraint(chosen), reporter)
    shards.refuse_flags(chosen)
    return _run_folder(chosen, reporter)


def _run_folder(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..images.errors import PictureError
    from ..jobs.executors.batches import Analyser
    from ..jobs.folder import crop_folder
    from ..jobs.picture_engine import open_picture_engine
    from ..jobs.run import RunError

    run, cropper, device = folder_run(chosen)
    asked = chosen.engine, chosen.address, chosen.gpus_per_worker, chosen.workers
    try:
        with Analyser(cropper, device) as analyser, open_picture_engine(run, analyser, *asked) as engine:
            outcome = crop_folder(run, analyser, record_progress(reporter), engine)
    except (RunError, ValueError) as error:  # a manifest of an earlier run that is damaged is a ValueError
        raise UsageError(name_flag(str(error), chosen)) from error
    except (OSError, PictureError) as error:  # a caption that was replaced after its crop was written
        reporter.note(f"salient-crop: stopped: {error}; the same command goes on from here")
        return SOME_FAILED
    for note in outcome.notes:
        reporter.note(note)
    if chosen.buckets:
        reporter.result(*buckets.summary(run, outcome))
    reporter.result(summary(run, outcome))
    return SOME_FAILED if outcome.failed else DONE


def record_progress(reporter: Reporter) -> Progress:
    """Shows progress, and notes every picture that has no crop, once."""
    from ..datasets.find import LEADS_OUTSIDE
    from ..datasets.manifest import OK
    from ..jobs.progress import Step

    noted: set[str] = set()

    def progress(step: Step) -> None:
        record = step.record
        if record.status != OK and record.source not in noted:  # with buckets, there are several stages
            noted.add(record.source)
            advice = "; --follow-links reads it" if str(record.reason).endswith(LEADS_OUTSIDE) else ""
            reporter.note(f"{record.status}: {record.source}: {record.reason}{advice}")
        reporter.progress(step.done, step.total, record.source)

    return progress


def folder_run(chosen: argparse.Namespace) -> tuple[FolderRun, Cropper, str]:
    """The run that the arguments of `crop` ask for, its cropper and the device that it is on.

    Raises:
        UsageError: when they cannot be used together.
    """
    from ..cropping.objective import DEFAULT_OBJECTIVE
    from ..jobs.framing import apply_framing
    from ..jobs.prepare import prepare_run
    from ..jobs.words import make_word_settings

    check_flags(chosen)
    of_subjects = subjects.per_subject(chosen)
    options = buckets.bucket_options(chosen)
    device, here = worker_device(chosen)
    cropper = open_cropper(chosen.cropper, here, chosen.runtime, chosen.precision)
    asked, objective = apply_framing(
        chosen.framing, constraint(chosen), DEFAULT_OBJECTIVE, sized=chosen.min_area is not None
    )
    try:
        run = prepare_run(
            chosen.pictures,
            chosen.out,
            cropper,
            asked,
            objective=objective,
            checkpoint=chosen.cropper,
            device=device,
            each=chosen.each,
            per_subject=of_subjects,
            on_cut=chosen.on_cut,
            frames=chosen.frames,
            fit=chosen.fit,
            fit_side=chosen.fit_side or "auto",
            fill=chosen.fill,
            resolution=chosen.resolution,
            enlarge=not chosen.no_enlarge,
            format=chosen.format,
            quality=chosen.quality,
            name=chosen.name,
            background=chosen.background,
            buckets=options,
            masks=chosen.masks,
            caption_framing=chosen.caption_framing,
            guides=guides(chosen),
            save_heatmaps=chosen.save_heatmaps,
            words=make_word_settings(
                chosen.subject,
                chosen.subject_model,
                chosen.subject_threshold,
                chosen.subject_nothing and chosen.subject_nothing.replace("-", " "),
            ),
            follow_links=chosen.follow_links,
            dry_run=chosen.dry_run,
            manifest=chosen.manifest,
            workers=chosen.workers,
            memory=chosen.memory,
        )
    except ValueError as error:
        raise UsageError(name_flag(str(error), chosen)) from error
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror or error}") from error
    return run, cropper, here


def check_flags(chosen: argparse.Namespace) -> None:
    """Refuses flags that are needed, do nothing, or exclude each other.

    Raises:
        UsageError: naming the flag.
    """
    if chosen.out is None and not (chosen.dry_run and chosen.manifest):
        raise UsageError("--out OUT says where the crops go; only a --dry-run with a --manifest can do without")
    if chosen.buckets and chosen.frames != "each":
        raise UsageError("--frames makes crops of one size, --buckets sorts them by size; choose one of them")
    if chosen.on_cut != "keep" and chosen.frames != "each":
        raise UsageError(f"--on-cut {chosen.on_cut} is for pictures on their own; with --frames all are kept")
    if chosen.buckets and chosen.each:
        raise UsageError("--each makes one crop for every ratio, --buckets one for each picture; choose one of them")
    if chosen.buckets and chosen.ratios:
        raise UsageError("--ratios does nothing with --buckets GRID, whose buckets have ratios of their own")
    if chosen.buckets and chosen.multiple_of:
        raise UsageError("--multiple-of does nothing with --buckets GRID, whose sizes are exact")
    if chosen.no_enlarge and chosen.most_enlarged:
        raise UsageError("--no-enlarge does nothing with --most-enlarged X, which says how much; choose one of them")
    extends = chosen.fit != "crop" or "pad" in (chosen.policy, chosen.on_cut)
    if not extends and (chosen.fit_side or chosen.fill is not None):
        needed = "--fit whole, --fit subject, --policy pad or --on-cut pad"
        raise UsageError(f"--{'fit-side' if chosen.fit_side else 'fill'} does nothing without {needed}")
    if not chosen.layout and (chosen.layout_frame or chosen.layout_hard):
        raise UsageError(f"--layout-{'frame' if chosen.layout_frame else 'hard'} does nothing without --layout WHERE")
    from ..cropping.model_sizes import ModelSizes

    models = [str(each) for each in chosen.ratios or () if isinstance(each, ModelSizes)]
    if models and chosen.multiple_of:
        raise UsageError(f"--multiple-of does nothing with {models[0]}, whose sizes are exact")
    if models and chosen.resolution and len(models) == len(chosen.ratios):
        raise UsageError(f"--resolution does nothing with {models[0]}, whose sizes are exact")
    resized = chosen.resolution or chosen.buckets or models
    if chosen.no_enlarge and not resized:
        raise UsageError("--no-enlarge does nothing without --resolution N, --buckets GRID or the sizes of a model")


def constraint(chosen: argparse.Namespace) -> Constraint:
    """What the flags ask of every crop."""
    from ..cropping.constraint import Constraint
    from ..cropping.model_sizes import parse_shapes
    from ..cropping.text_region import TextRegion

    frame = chosen.layout_frame or "source"
    return Constraint(
        ratios=chosen.ratios or parse_shapes(RATIOS),
        min_share=chosen.min_area or default_min_share(chosen.buckets is not None),
        text_regions=tuple(TextRegion(region, frame, chosen.layout_hard) for region in chosen.layout),
        policy=chosen.policy,
        multiple_of=chosen.multiple_of or 1,
    )


def guides(chosen: argparse.Namespace) -> Guides:
    """Where the flags say that masks and boxes lie."""
    from ..cropping.margin import Margin
    from ..jobs.guides import Guides
    from ..jobs.steer import STRENGTH

    strength = chosen.focus_strength
    return Guides(
        chosen.focus,
        chosen.avoid,
        chosen.keep,
        chosen.labels,
        chosen.margin or Margin(),
        STRENGTH if strength is None else strength,
    )


def summary(run: FolderRun, outcome: Outcome) -> str:
    """One line: what was done, and where it is."""
    where = f"planned in {run.manifest}, no pixels written"
    if run.output is not None:
        where = f"in {run.output}, manifest {run.manifest}"
    before = [f"{outcome.resumed} had been done before"] if outcome.resumed else []
    failed = [f"{outcome.failed} failed, each with its reason in the manifest"] if outcome.failed else []
    return "; ".join([count_pictures(outcome, where), *before, *describe_pictures(run.settings, outcome), *failed])
