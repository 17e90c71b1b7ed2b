"""Crop Folder: a folder of any number of pictures, cropped file by file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import folder_paths
import torch
from comfy_api.latest import io

from ..cropping.canvas import AUTO, CROP
from ..cropping.checks import show
from ..cropping.constraint import MULTIPLES, Constraint
from ..cropping.correction import Correction
from ..cropping.sequence import EACH, FRAMES, with_even_sides
from ..datasets.find import find_pictures
from ..datasets.formats import FORMATS as DATASET_FORMATS
from ..datasets.formats import get_format
from ..datasets.formats.plain import Plain
from ..datasets.manifest import read_manifest
from ..datasets.sidecars import Sidecars
from ..images.encode import FORMATS
from ..images.errors import PictureError
from ..jobs.contact_sheet import draw_sheet
from ..jobs.corrections import Corrections, read_corrections
from ..jobs.defaults import default_min_share, default_workers
from ..jobs.executors.batches import Analyser
from ..jobs.folder import crop_folder
from ..jobs.guides import GuideReader
from ..jobs.on_cut import KEEP
from ..jobs.preview import Ground, collect_tiles, sample_records
from ..jobs.run import FolderRun, Outcome, RunError, read_sizes
from ..jobs.settings import DUPLICATES, MAX_QUALITY, CropSettings
from ..jobs.steer import STRENGTH
from ..jobs.words import AS_WITHOUT
from ..printable import escape
from .bucketing import bucket_bars, bucket_inputs, bucket_settings, step_input
from .canvas import WHITE, canvas_inputs, read_fill
from .folder_editor import show_folder_editor
from .folder_panel import GrowingSheet, finished_panel
from .folders import check_folder, existing_folder, fingerprint, inside, subfolders
from .guides import guides_inputs, read_guides
from .heads import on_cut_input
from .host import is_connected, stop_if_interrupted, to_host
from .hosted_cropper import HostedCropper, or_default
from .sockets import Size
from .sockets.constraints import CropConstraintType, PendingConstraint
from .sockets.corrections import IN_FOLDER, corrections_input, read_decisions
from .sockets.croppers import cropper_input
from .sockets.ratios import parse_ratios
from .words import read_words, words_inputs

WRITE, PREVIEW = "write", "preview"
MODES = (WRITE, PREVIEW)

SHEET_TILES = 24
SHEET = 2
"""The number of the output `sheet`."""


class CropFolder(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_CropFolder",
            display_name="Crop Folder",
            category="Salient Crop",
            description="Crops every picture of a folder below input/ into a folder below output/, file by file, in"
            " memory that does not grow: for thousands of pictures. Stopped, it goes on where it was when it is queued"
            " again. With buckets, all pictures are measured first and planned together.",
            search_aliases=["batch crop", "crop directory", "dataset", "bucket", "resize folder"],
            is_output_node=True,
            has_intermediate_output=True,
            hidden=[io.Hidden.unique_id],
            inputs=[
                io.Combo.Input(
                    "folder",
                    options=subfolders(folder_paths.get_input_directory()),
                    tooltip="A folder below ComfyUI's input folder; '.' is the input folder itself.",
                ),
                cropper_input(),
                CropConstraintType.Input("constraint", optional=True, tooltip="From Crop Rules."),
                io.String.Input("save_to", default="crops", tooltip="A folder below ComfyUI's output folder."),
                io.String.Input(
                    "ratio",
                    default="1:1, 2:3, 3:2",
                    tooltip="Without buckets: the ratios to choose from, such as 2:3. Empty: each picture's own.",
                ),
                *bucket_inputs("", " Empty: no buckets, each picture keeps its pixels, in its best ratio."),
                io.Combo.Input(
                    "layout",
                    options=list(DATASET_FORMATS),
                    default="plain",
                    tooltip="With buckets: the trainer whose layout the folder gets. Without, crops are plain files.",
                ),
                io.String.Input("concept", default="picture", tooltip="For the folder N_concept of kohya and ComfyUI."),
                io.Int.Input("repeats", default=1, min=1, max=10_000, tooltip="The N of that folder."),
                io.Combo.Input("format", options=list(FORMATS), default="jpg", tooltip="Of the crops."),
                io.String.Input(
                    "masks",
                    default="",
                    optional=True,
                    tooltip="A folder below input/ with masks of the same names, cropped along. Masks named"
                    " photo-masklabel.png beside photo.jpg are found without.",
                ),
                io.Combo.Input(
                    "duplicates",
                    options=list(DUPLICATES),
                    default="use",
                    optional=True,
                    tooltip="With buckets: pictures that are there twice, exactly or nearly. `report` names them,"
                    " `skip` leaves all but the largest out.",
                ),
                on_cut_input(),
                step_input(),
                *canvas_inputs(),
                caption_framing_input(),
                *guides_inputs(),
                mode_input(),
                corrections_input(IN_FOLDER),
                *output_inputs(),
                *words_inputs(),
            ],
            outputs=[
                io.String.Output("manifest", tooltip="The file that tells of every picture what became of it."),
                io.String.Output("report", tooltip="How many pictures went where, and what failed."),
                io.Image.Output("sheet", tooltip="A contact sheet: pictures, boxes, and crops."),
            ],
        )

    @classmethod
    def validate_inputs(cls, folder: str | None = None) -> bool | str:
        return check_folder(folder_paths.get_input_directory(), folder)

    @classmethod
    def fingerprint_inputs(
        cls, folder: str, masks: str = "", focus: str = "", avoid: str = "", keep: str = "", **_: object
    ) -> str:
        drawn = is_connected(cls.hidden.unique_id, SHEET)
        try:
            root = existing_folder(folder_paths.get_input_directory(), folder)
            guides = GuideReader(read_guides(focus, avoid, keep), root)
            sidecars = Sidecars(root, find_masks_folder(masks))
            pictures = find_pictures(root)
            states = fingerprint(pictures, sidecars, lambda each: guides.state(each.relative_to(root).as_posix()))
            return f"{states} {drawn}"
        except (OSError, PictureError, ValueError) as error:  # `execute` raises it again, where the user sees it
            return str(error)

    @classmethod
    def execute(
        cls,
        folder: str,
        save_to: str,
        ratio: str,
        buckets: str,
        resolution: int,
        batch_size: int,
        remainder: str,
        smallest: int,
        most_enlarged: float,
        layout: str,
        concept: str,
        repeats: int,
        format: str,
        cropper: HostedCropper | None = None,
        constraint: PendingConstraint | None = None,
        masks: str = "",
        duplicates: str = "use",
        on_cut: str = KEEP,
        step: int = 0,
        fit: str = CROP,
        fit_side: str = AUTO,
        fill: str = WHITE,
        caption_framing: bool = False,
        focus: str = "",
        avoid: str = "",
        keep: str = "",
        labels: str = "",
        margin: str = "",
        focus_strength: float = STRENGTH,
        save_heatmaps: bool = False,
        mode: str = WRITE,
        corrections: Any = None,
        frames: str = EACH,
        multiple_of: str = "1",
        quality: int = 0,
        name: str = "",
        subject: str = "",
        subject_model: str = "",
        subject_threshold: float = 0.0,
        nothing: str = AS_WITHOUT,
    ) -> io.NodeOutput:
        source = existing_folder(folder_paths.get_input_directory(), folder)
        out = inside(folder_paths.get_output_directory(), save_to, "save_to")
        mask_folder = find_masks_folder(masks)
        guides = read_guides(focus, avoid, keep, labels, margin, focus_strength)
        words = read_words(subject, subject_model, subject_threshold, nothing)
        hosted, bucketed = or_default(cropper), bool(buckets.strip())
        decisions, is_preview = read_decisions(corrections), mode == PREVIEW
        if is_preview and frames != EACH:
            raise ValueError("mode: the crops of a clip's frames belong together; they are not corrected one by one")
        try:
            dataset = get_format(layout)(concept, repeats, batch_size, step or None) if bucketed else Plain()
            sorting = None
            if bucketed:
                grid = dataset.grid_name(buckets, resolution)
                sizes = picture_sizes(grid, source, [out, mask_folder, *guides.paths])
                sorting = bucket_settings(
                    grid, resolution, batch_size, remainder, smallest, most_enlarged, sizes, duplicates
                )
                dataset = dataset.for_grid(sorting.grid)
            asked = resolve_constraint(constraint, ratio, bucketed, multiple_of)
            settings = CropSettings.for_cropper(
                hosted.load(),
                asked if frames == EACH else with_even_sides(asked),
                device=hosted.device,
                checkpoint=hosted.source,
                objective=(constraint or PendingConstraint()).objective,
                on_cut=on_cut,
                fit=fit,
                fit_side=fit_side,
                fill=read_fill(fill),
                format=format,
                masks=mask_folder,
                caption_framing=caption_framing,
                guides=guides,
                words=words,
                save_heatmaps=save_heatmaps and not is_preview,
                dry_run=is_preview,
                frames=frames,
                quality=None if quality == 0 else quality,
                name=name.strip() or None,
                buckets=sorting,
                dataset=dataset,
            )
            manifest, kept = out / "manifest.jsonl", out / "preview.measured"
            run = FolderRun(
                source,
                out,
                out / "preview.jsonl" if is_preview else manifest,
                settings,
                default_workers(hosted.device.type),
                corrections=find_decided(manifest, decisions),
                measurements=kept if bucketed and (is_preview or kept.exists()) else None,
            )
            with Analyser(hosted.cropper, hosted.device) as analyser:
                outcome = crop_folder(run, analyser, GrowingSheet(run, cls.hidden.unique_id))
                editor = show_folder_editor(run, analyser) if is_preview else {}
                sheet = draw_contact_sheet(run, analyser) if is_connected(cls.hidden.unique_id, SHEET) else None
        except RunError as error:
            raise ValueError(f"{'save_to' if str(error).startswith(str(out)) else 'folder'}: {error}") from error
        ignored = [] if bucketed else list_ignored(layout, duplicates)
        report = "\n\n".join([*ignored, write_report(run, outcome)])
        shown = show_outcome(run, outcome, save_to, ignored) | editor
        return io.NodeOutput(str(run.manifest), report, sheet, ui=shown)


def mode_input() -> io.Combo.Input:
    """Whether crops are written, or only chosen."""
    return io.Combo.Input(
        "mode",
        options=list(MODES),
        default=WRITE,
        optional=True,
        tooltip="preview: choose all crops and write none; the button below opens them, to correct or leave out, and to"
        " approve. write: write them, as they were corrected.",
    )


def find_decided(manifest: Path, decisions: Mapping[str, Correction | None]) -> Corrections:
    """What people decided about the pictures: in earlier runs, as their manifest says, and since, on the canvas."""
    found = read_corrections(manifest)
    found.decide(decisions)
    return found


def output_inputs() -> list[io.Combo.Input | io.Int.Input | io.String.Input]:
    """What `crop` has too: folders of frames, and which sizes, quality and names crops have."""
    return [
        io.Combo.Input(
            "frames",
            options=list(FRAMES),
            default=EACH,
            optional=True,
            advanced=True,
            tooltip="each: every picture by itself. For folders of frames, each folder a clip in the order of its"
            " names and one even size: still: one box for all; follow: a box that moves smoothly with what matters.",
        ),
        io.Combo.Input(
            "multiple_of",
            options=[str(each) for each in MULTIPLES],
            default="1",
            optional=True,
            advanced=True,
            tooltip="Without buckets: the sides of the crops are multiples of so many pixels. The ratio is then exact"
            " to within one multiple.",
        ),
        io.Int.Input(
            "quality",
            default=0,
            min=0,
            max=MAX_QUALITY,
            optional=True,
            advanced=True,
            tooltip="Of a jpg or webp, 1 to 100; 0: the usual one, 95, of a webp 92.",
        ),
        io.String.Input(
            "name",
            default="",
            optional=True,
            advanced=True,
            tooltip="A pattern for the names of the crops, with fields in braces: name, ratio, index, index:04, width,"
            " height, bucket; see the help. Empty: the pictures' names. Their folders stay.",
        ),
    ]


def caption_framing_input() -> io.Boolean.Input:
    """Whether captions say how much of a person their crop shows."""
    return io.Boolean.Input(
        "caption_framing",
        default=False,
        optional=True,
        advanced=True,
        tooltip="Put into each caption how much of its main person the crop shows: close-up, portrait, half figure,"
        " full figure or wide.",
    )


def list_ignored(layout: str, duplicates: str) -> list[str]:
    """What does nothing without buckets, and what is done instead, in words."""
    words = []
    if layout != Plain.name:
        words.append(
            f"without buckets there is nothing for {layout} to read in its own way: the crops are written plainly, with"
            " captions and masks; name buckets, such as auto:3, for its layout"
        )
    if duplicates != DUPLICATES[0]:
        words.append(f"duplicates: {duplicates} needs buckets, such as auto:3; all pictures are used")
    return words


def show_outcome(run: FolderRun, outcome: Outcome, save_to: str, ignored: Sequence[str]) -> dict[str, list[Any]]:
    """The panel once the run is done: what came out, what a person should look at, and some of the crops."""
    failures = list_failures(run.manifest).splitlines()
    warnings = [*ignored, *outcome.describe_warnings().splitlines(), *outcome.notes, *failures]
    bars = [] if outcome.report is None else bucket_bars(outcome.report)
    if run.output is None:
        words = f"Preview: {summarise(outcome)}. Nothing is written yet: correct what you like, then Approve and write."
    else:
        words = f"{summarise(outcome)}, in output/{save_to}."
    return finished_panel(run, words, warnings, bars)


def picture_sizes(grid: str, source: Path, exclude: Sequence[Path | None]) -> list[Size]:
    """The sizes of the pictures in the folder, for grids that are made from them; empty for others."""
    if not grid.strip().lower().startswith("quantile"):
        return []
    return read_sizes(source, [each for each in exclude if each is not None])


def resolve_constraint(
    value: PendingConstraint | None, ratio: str, bucketed: bool, multiple_of: str = "1"
) -> Constraint:
    """The constraint on every picture of the folder.

    Raises:
        ValueError: when it holds boxes in pixels, which are another region on every picture, or `multiple_of` is none
            of `MULTIPLES` or does nothing.
    """
    if value is None:
        constraint = Constraint(min_share=default_min_share(bucketed))
    elif value.depends_on_size:
        raise ValueError(
            "constraint: boxes and margins in pixels fit one picture only; use masks, and margins in % here"
        )
    else:
        constraint = value.for_picture(0, 1, (1, 1))
    multiples = {str(each): each for each in MULTIPLES}
    if multiple_of not in multiples:
        raise ValueError(f"multiple_of must be one of {', '.join(multiples)}, got {show(multiple_of)}")
    ratios = constraint.ratios or parse_ratios(ratio)
    return replace(constraint, ratios=ratios, multiple_of=multiples[multiple_of])


def find_masks_folder(name: str) -> Path | None:
    """The folder of masks below input/.

    Raises:
        ValueError: when it is none.
    """
    return existing_folder(folder_paths.get_input_directory(), name.strip(), "masks") if name.strip() else None


def write_report(run: FolderRun, outcome: Outcome) -> str:
    """How the run ended, for a person: counts, warnings, changed settings, the plan, and pictures without a crop."""
    plan = ""
    if run.settings.buckets is not None:
        plan = outcome.report.format_text() if outcome.report else "there was no picture to sort into buckets"
    parts = (summarise(outcome), outcome.describe_warnings(), *outcome.notes, plan, list_failures(run.manifest))
    return "\n\n".join(each for each in parts if each)


def summarise(outcome: Outcome) -> str:
    """The numbers of pictures and crops in one line."""
    without = outcome.failed + outcome.dropped
    parts = [f"{outcome.pictures - without} of {outcome.pictures} pictures, {outcome.crops} crops"]
    if outcome.resumed:
        parts.append(f"{outcome.resumed} had been done before")
    if outcome.failed:
        parts.append(f"{outcome.failed} failed")
    if outcome.dropped:
        parts.append(f"{outcome.dropped} left out as asked")
    return "; ".join(parts)


def list_failures(manifest: Path) -> str:
    """One line for each picture that has no crop, and why."""
    failed = (each for each in read_manifest(manifest) if each.reason)
    lines = (escape(f"{each.status}: {each.source}: {each.reason}") for each in failed)
    return "\n".join(lines)


def draw_contact_sheet(run: FolderRun, analyser: Analyser) -> torch.Tensor:
    """A contact sheet of some of the pictures, evenly spread: `[1, H, W, 3]`."""
    records, _ = sample_records(read_manifest(run.manifest), SHEET_TILES)
    tiles = collect_tiles(
        records,
        run.folder,
        analyser,
        run.workers,
        lambda _: stop_if_interrupted(),
        run.settings.follow_links,
        run.guides,
        Ground(run.settings.background, run.settings.fill),
    )
    drawn = draw_sheet(tiles)
    return to_host(torch.from_numpy(drawn.copy()).float()[None] / 255)
