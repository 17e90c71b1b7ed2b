"""Crop Folder: a folder of any number of pictures, cropped file by file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import comfy.utils
import folder_paths
import torch
from comfy_api.latest import io

from ..cropping.box import Box
from ..cropping.constraint import Constraint
from ..datasets.find import find_pictures
from ..datasets.formats import FORMATS as DATASET_FORMATS
from ..datasets.formats import get_format
from ..datasets.manifest import PictureRecord, read_manifest
from ..datasets.sidecars import Sidecars
from ..images.encode import FORMATS
from ..images.errors import PictureError
from ..images.header import read_header
from ..jobs.buckets import sort_folder
from ..jobs.contact_sheet import draw_sheet
from ..jobs.duplicates import find_folder_duplicates
from ..jobs.executors.batches import Analyser
from ..jobs.executors.threads import available_cores
from ..jobs.folder import FolderRun, Outcome, Progress, RunError, crop_folder
from ..jobs.preview import spread, tiles
from ..jobs.settings import CropRequest
from . import sockets
from .bucketing import bucket_inputs, sort_request
from .folders import inside, subfolders
from .host import stop_if_interrupted, tell, to_host
from .hosted_cropper import HostedCropper, or_default
from .load_folder import stamp
from .sockets import PendingConstraint, Regions, Size

SHOWN = 24
DUPLICATES = ("use", "report", "skip")


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
            hidden=[io.Hidden.unique_id],
            inputs=[
                io.Combo.Input(
                    "folder",
                    options=subfolders(folder_paths.get_input_directory()),
                    tooltip="A folder below ComfyUI's input folder; '.' is the input folder itself.",
                ),
                sockets.cropper_input(),
                sockets.CropConstraint.Input("constraint", optional=True, tooltip="From Crop Constraint."),
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
                    tooltip="With buckets: the trainer whose layout the folder gets.",
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
            ],
            outputs=[
                io.String.Output("manifest", tooltip="The file that tells of every picture what became of it."),
                io.String.Output("report", tooltip="How many pictures went where, and what failed."),
                io.Image.Output("sheet", tooltip="A contact sheet: pictures, boxes, and crops."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, folder: str, masks: str = "", **_: object) -> str:
        root = inside(folder_paths.get_input_directory(), folder)
        digest, sidecars = hashlib.sha256(), Sidecars(root, masks_folder(masks))
        try:
            for picture in find_pictures(root):
                for file in (picture, *sidecars.files(picture)):
                    digest.update(f"{file}|{stamp(file)}\n".encode("utf-8", "surrogateescape"))
        except OSError as error:  # executing will say it where the user looks
            return str(error)
        return digest.hexdigest()

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
    ) -> io.NodeOutput:
        judge, device = or_default(cropper).ready()
        wanted = constraint_for(constraint, ratio, bool(buckets.strip()))
        objective = (constraint or PendingConstraint()).objective
        out = inside(folder_paths.get_output_directory(), save_to)
        run = FolderRun(
            folder=inside(folder_paths.get_input_directory(), folder),
            out=out,
            manifest=out / "manifest.jsonl",
            request=CropRequest(wanted, format=format, objective=objective),
            settings={
                "cropper": judge.name,
                "device": device,
                "constraint": repr(wanted),
                "objective": repr(objective),
                "format": format,
                "buckets": [buckets, resolution, batch_size, remainder, smallest, most_enlarged],
                "layout": [layout, concept, repeats],
                "masks": masks,
                "duplicates": duplicates == "skip",
            },
            workers=available_cores(),
            masks=masks_folder(masks),
        )
        node = cls.hidden.unique_id
        with Analyser(judge, device) as analyser:
            try:
                if buckets.strip():
                    dataset = get_format(layout)(concept, repeats, batch_size)
                    buckets = dataset.grid_name(buckets)
                    sizes = picture_sizes(run.folder) if buckets.strip().lower().startswith("quantile") else []
                    sorting = sort_request(buckets, resolution, batch_size, remainder, smallest, most_enlarged, sizes)
                    twice = [] if duplicates == "use" else find_folder_duplicates(run, looked(node))
                    ended = sort_folder(run, sorting, analyser, shown(node), dataset, twice, duplicates == "skip")
                    words = ended.report.format_text() if ended.report else "no picture could be measured"
                    outcome = ended.outcome
                else:
                    outcome, words = crop_folder(run, analyser, shown(node)), ""
            except RunError as error:
                raise ValueError(f"folder: {error}") from error
            drawn = sheet(run, analyser)
        report = "\n\n".join(each for each in (summary(outcome), words, failures(run.manifest)) if each)
        return io.NodeOutput(str(run.manifest), report, drawn)


def constraint_for(rule: PendingConstraint | None, ratio: str, bucketed: bool) -> Constraint:
    """The constraint on every picture of the folder.

    Raises:
        ValueError: when the rule holds boxes in pixels, which mean something else on every picture.
    """
    regions = () if rule is None else (*rule.keep, *rule.avoid, *(region for region, *_ in rule.text_regions))
    if any(_in_pixels(each) for each in regions):
        raise ValueError("constraint: boxes in pixels fit one picture only; use a mask or relative regions here")
    made = Constraint(min_share=1.0 if bucketed else 0.6) if rule is None else rule.for_picture(0, 1, (1, 1))
    return replace(made, ratios=made.ratios or sockets.parse_ratios(ratio))


def picture_sizes(folder: Path) -> list[Size]:
    """The sizes of all pictures that can be read."""
    found = []
    for path in find_pictures(folder):
        try:
            found.append(read_header(path).size)
        except PictureError:
            continue
    return found


def shown(node: str | None) -> Progress:
    """Moves the node's bar, names the picture on it, and stops the run where the user interrupts."""
    bars: list[comfy.utils.ProgressBar] = []

    def step(done: int, total: int, record: PictureRecord) -> None:
        stop_if_interrupted()
        if not bars:
            bars.append(comfy.utils.ProgressBar(total))
        bars[0].update_absolute(done, total)
        tell(node, f"{done}/{total} {record.source}")

    return step


def looked(node: str | None) -> Callable[[int, int, str], None]:
    """Names the picture that is compared with the others, and stops where the user interrupts."""

    def step(done: int, total: int, source: str) -> None:
        stop_if_interrupted()
        tell(node, f"looking for duplicates: {done}/{total} {source}")

    return step


def masks_folder(name: str) -> Path | None:
    """The folder of masks below input/.

    Raises:
        ValueError: when it is none.
    """
    if not name.strip():
        return None
    found = inside(folder_paths.get_input_directory(), name.strip())
    if not found.is_dir():
        raise ValueError(f"masks: {name!r} is no folder below input/; leave it empty where there are none")
    return found


def summary(outcome: Outcome) -> str:
    without = outcome.failed + outcome.dropped
    parts = [f"{outcome.pictures - without} of {outcome.pictures} pictures, {outcome.crops} crops"]
    if outcome.resumed:
        parts.append(f"{outcome.resumed} had been done before")
    if outcome.failed:
        parts.append(f"{outcome.failed} failed")
    if outcome.dropped:
        parts.append(f"{outcome.dropped} left out as asked")
    return "; ".join(parts)


def failures(manifest: Path) -> str:
    """One line for each picture that has no crop, and why."""
    lines = (f"{each.status}: {each.source}: {each.reason}" for each in read_manifest(manifest) if each.reason)
    return "\n".join(lines)


def sheet(run: FolderRun, analyser: Analyser) -> torch.Tensor:
    """A contact sheet of some of the pictures, evenly spread: `[1, H, W, 3]`."""
    records, _ = spread(read_manifest(run.manifest), SHOWN)
    quiet: Callable[[int, int, str], None] = lambda done, total, name: stop_if_interrupted()  # noqa: E731
    drawn = draw_sheet(tiles(records, run.folder, analyser, run.workers, quiet))
    return to_host(torch.from_numpy(drawn.copy()).float()[None] / 255)


def _in_pixels(regions: Regions) -> bool:
    every: Sequence = [each for frame in regions.frames for each in frame]
    return regions.size is None and any(isinstance(each, Box) for each in every)
