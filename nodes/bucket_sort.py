"""Bucket Sort: every picture cropped for the bucket that a plan over all of them gives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import torch
from comfy_api.latest import io
from torch import Tensor

from ..bucketing.chart import draw_chart
from ..bucketing.report import describe_left_out
from ..bucketing.sizes import format_size
from ..cropping.box import Box
from ..cropping.constraint import Constraint
from ..cropping.correction import Correction
from ..cropping.crop import Crop
from ..cropping.objective import Objective
from ..cropping.ratio import Ratio
from ..datasets.manifest import CropRecord
from ..jobs.analyse import sketch_of_tensor
from ..jobs.bucket_stages import (
    SortedPictures,
    crop_for_bucket,
    indices_by_bucket,
    left_out_crop,
    measure_picture,
    sort_pictures,
)
from ..jobs.corrections import BY_HAND
from ..jobs.on_cut import KEEP
from ..jobs.settings import BucketSettings
from ..jobs.warnings import HEAD_CUT, SUBJECT_LEFT_OUT, percent, summarise_warnings
from ..jobs.words import AS_WITHOUT
from ..models.analysis import Analysis
from .analyse import AnalysedPicture, analyse_batches, naming_picture
from .bucketing import bucket_bars, bucket_inputs, bucket_settings
from .cutting import cut_mask, cut_picture
from .editor import Editor, Item
from .heads import focus_input, nothing_input, on_cut_input, subjects_input
from .host import is_connected, to_host, track_progress
from .hosted_cropper import HostedCropper
from .panel import Panel, count_of, tile_of
from .sockets import Size
from .sockets.boxes import make_bounding_box
from .sockets.constraints import CropConstraintType, PendingConstraint, resolve_constraints, resolve_objectives
from .sockets.corrections import corrections_input, digest_of_tensor, read_corrections
from .sockets.croppers import cropper_input
from .sockets.lists import pair_with_pictures, require_single, single_or
from .sockets.masks import read_masks
from .sockets.pictures import read_batches, size_of

CHART = 8
"""The number of the output `chart`."""

ORDERS = ("bucket", "source")
LARGEST = PendingConstraint(Constraint(min_share=1.0))
"""Without a constraint, a crop is the largest box of its bucket's ratio."""


class BucketSort(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_BucketSort",
            display_name="Bucket Sort",
            category="Salient Crop",
            description="Chooses two or three sizes for all pictures together, finds each picture's best crop for its"
            " size, and resizes it to exactly that. Counts come out as multiples of the batch size, and no picture is"
            " left alone. Captions, masks and names stay in step.",
            search_aliases=["aspect ratio bucketing", "resolution buckets", "dataset", "training", "lora", "kohya"],
            is_input_list=True,
            has_intermediate_output=True,
            hidden=[io.Hidden.unique_id],
            inputs=[
                io.Image.Input("image", tooltip="One picture, a batch, or a list of pictures of any size."),
                cropper_input(),
                io.Mask.Input("heatmap", optional=True, tooltip="Any mask: white is valuable. Replaces the cropper's."),
                CropConstraintType.Input(
                    "constraint", optional=True, tooltip="From Crop Rules; its ratio gives way to the bucket's."
                ),
                io.String.Input("caption", optional=True, force_input=True, tooltip="One for each picture."),
                io.Mask.Input("mask", optional=True, tooltip="Cropped along with the picture."),
                io.String.Input("name", optional=True, force_input=True, tooltip="One for each picture."),
                *bucket_inputs("auto:3"),
                io.Combo.Input(
                    "order",
                    options=list(ORDERS),
                    default="bucket",
                    tooltip="Bucket by bucket from the narrowest to the widest, or as the pictures came.",
                ),
                subjects_input(),
                on_cut_input(),
                corrections_input(),
                focus_input(),
                nothing_input(),
            ],
            outputs=[
                io.Image.Output("image", is_output_list=True, tooltip="Each exactly as large as its bucket."),
                io.String.Output("caption", is_output_list=True, tooltip="Empty where none was connected."),
                io.Mask.Output("mask", is_output_list=True, tooltip="Cropped along; black where none was connected."),
                io.String.Output("bucket", is_output_list=True, tooltip="Such as 832x1216."),
                io.Int.Output("index", is_output_list=True, tooltip="Which of the pictures it was, from 0."),
                io.BoundingBox.Output("box", is_output_list=True, tooltip="Where the crop lies in its picture."),
                io.String.Output("name", is_output_list=True, tooltip="Its number where no name was connected."),
                io.String.Output("report", tooltip="Counts and losses, beside what kohya's defaults would have done."),
                io.Image.Output("chart", tooltip="The report, drawn."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **_: object) -> bool:
        return is_connected(cls.hidden.unique_id, CHART)

    @classmethod
    def execute(
        cls,
        image: list[Tensor],
        buckets: list[str],
        resolution: list[int],
        batch_size: list[int],
        remainder: list[str],
        smallest: list[int],
        most_enlarged: list[float],
        order: list[str],
        cropper: list[HostedCropper] | None = None,
        heatmap: list[Tensor] | None = None,
        constraint: list[PendingConstraint] | None = None,
        caption: list[str] | None = None,
        mask: list[Tensor] | None = None,
        name: list[str] | None = None,
        subjects: list[Any] | None = None,
        on_cut: list[str] | None = None,
        corrections: list[Any] | None = None,
        focus: list[Tensor] | None = None,
        nothing: list[str] | None = None,
    ) -> io.NodeOutput:
        inputs = PictureInputs.read(image, caption, mask, name)
        settings = bucket_settings(
            require_single(buckets, "buckets"),
            require_single(resolution, "resolution"),
            require_single(batch_size, "batch_size"),
            require_single(remainder, "remainder"),
            require_single(smallest, "smallest"),
            require_single(most_enlarged, "most_enlarged"),
            inputs.sizes,
        )
        by_bucket = require_single(order, "order") == "bucket"
        reaction = single_or(on_cut, "on_cut", KEEP)
        decided = read_corrections(corrections)
        missing = single_or(nothing, "nothing", AS_WITHOUT)
        seen = analyse_batches(inputs.batches, cropper, heatmap, subjects, focus, missing)
        scenes = measure_pictures(inputs, seen, constraint, settings, reaction, decided)
        plan = sort_scenes(inputs, scenes, settings)
        result, used = plan.result, plan.list_used(settings if by_bucket else None)
        records = {index: plan.records[index] for index in used}
        outputs = [cut_outputs(inputs, index, records[index]) for index in used]
        drawn = is_connected(cls.hidden.unique_id, CHART)
        chart = to_host(torch.from_numpy(draw_chart(result.report).copy()).float()[None] / 255) if drawn else None
        columns = (list(values) for values in zip(*outputs, strict=True))
        report = write_report(inputs, result, records)
        shown = show_buckets(inputs, result, records, settings.batch_size)
        return io.NodeOutput(*columns, report, chart, ui={**shown, **show_editor(inputs, scenes, plan)})


@dataclass(frozen=True)
class PictureInputs:
    """The pictures and what belongs to each, in the order of their arrival.

    Attributes:
        batches: `[B, H, W, 3]` each.
        captions: empty where none is connected.
        masks: `[h, w]` each, or None.
        names: the number of the picture where none is connected.
    """

    batches: list[Tensor]
    captions: list[str]
    masks: list[Tensor | None]
    names: list[str]

    @classmethod
    def read(
        cls,
        images: Sequence[Tensor],
        captions: Sequence[str] | None,
        masks: Sequence[Tensor] | None,
        names: Sequence[str] | None,
    ) -> PictureInputs:
        """The values of the sockets.

        Raises:
            ValueError: naming the socket, when there are no pictures, or values for neither one nor all of them.
        """
        batches = read_batches(images)
        count = sum(map(len, batches))
        named = pair_with_pictures(names, count, "name")
        return cls(
            batches,
            [each or "" for each in pair_with_pictures(captions, count, "caption")],
            read_masks(masks, batches, "mask"),
            [str(index) if each is None else each for index, each in enumerate(named)],
        )

    @cached_property
    def pictures(self) -> list[Tensor]:
        """`[H, W, 3]` each."""
        return [picture for batch in self.batches for picture in batch]

    @cached_property
    def sizes(self) -> list[Size]:
        return [size_of(picture) for picture in self.pictures]


def measure_pictures(
    inputs: PictureInputs,
    pictures: Iterable[AnalysedPicture],
    constraint: Sequence[PendingConstraint] | None,
    settings: BucketSettings,
    on_cut: str = KEEP,
    corrections: Mapping[str, Correction] = MappingProxyType({}),
) -> list[MeasuredScene]:
    """The best crop of every picture for each bucket, see `measure_picture`.

    Args:
        pictures: all of them, in order; those that are left out are not measured.
        corrections: by the digest of their picture.

    Raises:
        UnsatisfiableError: naming a picture that fits no bucket.
    """
    sizes = inputs.sizes
    constraints = resolve_constraints(constraint, sizes, LARGEST)
    objectives = resolve_objectives(constraint, len(sizes))
    scenes = []
    for index, each in enumerate(track_progress(pictures, len(sizes))):
        digest = digest_of_tensor(each.picture)
        if each.left_out:
            common = digest, each.analysis, constraints[index], objectives[index], on_cut
            scenes.append(MeasuredScene(*common, (), each.left_out))
            continue
        correction = corrections.get(digest)
        asked = constraints[index], settings, objectives[index], on_cut, (correction,) if correction else ()
        with naming_picture(index, sizes[index]):
            records = measure_picture(each.analysis, sizes[index], *asked)
        scenes.append(MeasuredScene(digest, each.analysis, constraints[index], objectives[index], on_cut, records))
    return scenes


@dataclass(frozen=True)
class MeasuredScene:
    """A picture that was measured in every bucket.

    Attributes:
        digest: by which its correction is kept.
        analysis: of it.
        constraint, objective, on_cut: that its crops were chosen under, but for the bucket's ratio.
        records: see `measure_picture`.
        left_out: why it was not measured; empty where it was.
    """

    digest: str
    analysis: Analysis
    constraint: Constraint
    objective: Objective
    on_cut: str
    records: Sequence[CropRecord]
    left_out: str = ""


@dataclass(frozen=True)
class SortedScenes:
    """The plan over all pictures that nobody dropped.

    Attributes:
        kept: the index of each picture of the plan.
        result: the plan.
        records: the crop of each picture that has a bucket, by its index.
    """

    kept: Sequence[int]
    result: SortedPictures
    records: Mapping[int, CropRecord]

    def list_used(self, settings: BucketSettings | None) -> list[int]:
        """The indices of the pictures, as often as each is used: bucket by bucket, or as they came without settings."""
        places = range(len(self.kept)) if settings is None else indices_by_bucket(self.result, settings)
        return [self.kept[place] for place in places for _ in range(self.result.uses[place])]


def sort_scenes(inputs: PictureInputs, scenes: Sequence[MeasuredScene], settings: BucketSettings) -> SortedScenes:
    """Plans all pictures but those that were left out, by a person or because nothing was found.

    Raises:
        ValueError: when none is left, or none could be placed.
    """
    reasons = [scene.left_out or (BY_HAND if left_out_crop(scene.records) else "") for scene in scenes]
    kept = [index for index, reason in enumerate(reasons) if not reason]
    if not kept and all(scene.left_out for scene in scenes):
        raise ValueError(f"nothing: every picture was left out: {scenes[0].left_out}")
    if not kept:
        raise ValueError("corrections: every picture was left out by hand; take one in again, or press Clear")
    names, sizes = [inputs.names[index] for index in kept], [inputs.sizes[index] for index in kept]
    result = sort_pictures(names, sizes, (scenes[index].records for index in kept), settings)
    others = [f"{name}: {reason}" for name, reason in zip(inputs.names, reasons, strict=True) if reason]
    result = replace(result, report=replace(result.report, left_out=[*result.report.left_out, *others]))
    records = {
        index: crop_for_bucket(scenes[index].records, bucket)
        for index, bucket in zip(kept, result.buckets, strict=True)
        if bucket is not None
    }
    if not records:
        most = settings.most_enlarged
        limit = "" if most is None else f"most_enlarged: enlarged at most {most:g} times, "
        raise ValueError(f"{limit}no picture could be placed in any bucket:\n{result.report.format_text()}")
    return SortedScenes(kept, result, records)


def cut_outputs(inputs: PictureInputs, index: int, record: CropRecord) -> tuple:
    """What one picture puts on the wires, in the order of the outputs."""
    bucket = record.bucket
    assert bucket is not None
    size = inputs.sizes[index]
    crop = Crop(
        Box(*record.box),
        Ratio.of(bucket),
        record.score,
        record.terms,
        record.kept,
        record.warnings,
        record.confidence,
    )
    return (
        to_host(cut_picture(inputs.pictures[index], crop.box, bucket)[None]),
        inputs.captions[index],
        to_host(cut_mask(inputs.masks[index], crop.box, size, bucket)[None]),
        format_size(bucket),
        index,
        make_bounding_box(crop, size, bucket, (index, len(inputs.sizes))),
        inputs.names[index],
    )


def show_buckets(
    inputs: PictureInputs, result: SortedPictures, records: Mapping[int, CropRecord], batch_size: int
) -> dict[str, list[Any]]:
    """The panel: a chart of the buckets, and every picture with its crop, bucket by bucket."""
    panel = Panel(max(2, len(records)))
    for index, record in records.items():
        assert record.bucket is not None
        name = f"{format_size(record.bucket)}   {inputs.names[index]}"
        warnings = [each.words for each in record.warnings]
        panel.add(replace(tile_of(inputs.pictures[index], Box(*record.box), name), warnings=warnings))
    planned, baseline = result.report.planned, result.report.baseline
    batches = f" in batches of {batch_size}" if batch_size > 1 else ""
    words = (
        f"{count_of(len(records), 'picture')} in {count_of(len(planned.counts), 'bucket')}{batches}: loses"
        f" {percent(planned.heat_lost)} of the interest, kohya's defaults (faint) {percent(baseline.heat_lost)}."
    )
    looks = [f"{panel.warned} of the crops to look at"] if panel.warned else []
    left_out = [f"left out: {each}" for each in result.report.left_out]
    return panel.show(words, [*looks, *left_out], bucket_bars(result.report))


def show_editor(inputs: PictureInputs, scenes: Sequence[MeasuredScene], plan: SortedScenes) -> dict[str, list[Any]]:
    """The items of the editor, in the order in which the pictures came."""
    editor = Editor(len(scenes))
    reasons = {plan.kept[place]: reason for place, reason in plan.result.plan.left_out.items()}
    for index, scene in enumerate(scenes):
        record, reason = plan.records.get(index) or left_out_crop(scene.records), reasons.get(index)
        picture = sketch_of_tensor(inputs.pictures[index])
        common = scene.digest, inputs.names[index], inputs.sizes[index], picture, scene.analysis
        if record is None or record.bucket is None:
            told = scene.left_out or (describe_left_out(reason) if reason else "")
            editor.add(Item(*common, scene.constraint, reason=told))
            continue
        editor.add(
            Item(
                *common,
                replace(scene.constraint, ratios=(Ratio.of(record.bucket),)),
                scene.objective,
                scene.on_cut,
                box=Box(*record.box),
                ratio=record.ratio,
                bucket=record.bucket,
                confidence=record.confidence,
                warnings=record.warnings,
                is_corrected=record.correction is not None,
            )
        )
    return editor.show()


def write_report(inputs: PictureInputs, result: SortedPictures, records: Mapping[int, CropRecord]) -> str:
    """The report of the plan, and a line for each crop with warnings that the plan's report does not hold."""
    lines = [result.report.format_text()]
    for index, record in sorted(records.items()):
        others = [each for each in record.warnings if each.code not in (HEAD_CUT, SUBJECT_LEFT_OUT)]
        if others:
            lines.append(f"check the crop: {inputs.names[index]}: {summarise_warnings(others)}")
    return "\n".join(lines)
