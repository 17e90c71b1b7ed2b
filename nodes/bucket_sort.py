"""Bucket Sort: every picture cropped for the bucket that a plan over all of them gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from comfy_api.latest import io
from torch import Tensor

from ..bucketing.chart import draw_chart
from ..bucketing.sizes import format_size
from ..cropping.box import Box
from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.crop import Crop
from ..cropping.objective import Objective
from ..cropping.ratio import Ratio
from ..datasets.manifest import CropRecord
from ..jobs.bucket_stages import Sorted, SortRequest, measure, option_for, ordered, sort_pictures
from . import pixels, sockets
from .bucketing import bucket_inputs, sort_request
from .constrained_crop import looked_at
from .host import in_turn, to_host
from .hosted_cropper import HostedCropper
from .sockets import PendingConstraint, Size

ORDERS = ("bucket", "source")


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
            inputs=[
                io.Image.Input("image", tooltip="One picture, a batch, or a list of pictures of any size."),
                sockets.cropper_input(),
                io.Mask.Input("heatmap", optional=True, tooltip="Any mask: white is valuable. Replaces the cropper's."),
                sockets.CropConstraint.Input(
                    "constraint", optional=True, tooltip="From Crop Constraint; its ratio gives way to the bucket's."
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
    ) -> io.NodeOutput:
        batches = sockets.as_batches(image)
        pictures = [picture for batch in batches for picture in batch]
        sizes = [sockets.size_of(picture) for picture in pictures]
        count = len(pictures)
        request = sort_request(
            sockets.only(buckets, "buckets"),
            sockets.only(resolution, "resolution"),
            sockets.only(batch_size, "batch_size"),
            sockets.only(remainder, "remainder"),
            sockets.only(smallest, "smallest"),
            sockets.only(most_enlarged, "most_enlarged"),
            sizes,
        )
        sidecars = PictureInputs(
            [each or "" for each in sockets.in_step(caption, count, "caption")],
            sockets.masks_of(mask, batches, "mask"),
            [str(index) if each is None else each for index, each in enumerate(sockets.in_step(name, count, "name"))],
        )
        constraints, objectives = constraints_for(constraint, sizes), sockets.objectives_for(constraint, count)
        seen = enumerate(in_turn(looked_at(batches, cropper, heatmap), count))
        options = [
            measured(analysis, sizes[at], constraints[at], objectives[at], request, at) for at, (_, analysis) in seen
        ]
        result = sort_pictures(sidecars.names, sizes, options, request)
        indices = list(ordered(result, request.grid)) if sockets.only(order, "order") == "bucket" else range(count)
        places = [index for index in indices for _ in range(result.times[index])]
        if not places:
            raise ValueError("no picture could be placed in any bucket:\n" + result.report.format_text())
        made = [output(pictures[at], sizes[at], option(options[at], result, at), sidecars, at) for at in places]
        chart = torch.from_numpy(draw_chart(result.report).copy()).float()[None] / 255
        columns = (list(values) for values in zip(*made, strict=True))
        return io.NodeOutput(*columns, result.report.format_text(), to_host(chart))


@dataclass(frozen=True)
class PictureInputs:
    """What stays in step with the pictures."""

    captions: list[str]
    masks: list[Tensor | None]
    names: list[str]


def constraints_for(rules: Sequence[PendingConstraint] | None, sizes: Sequence[Size]) -> list[Constraint]:
    """The constraint on each picture; without one, a crop is the largest box of its bucket's ratio."""
    constraints = []
    for index, (rule, size) in enumerate(zip(sockets.in_step(rules, len(sizes), "constraint"), sizes, strict=True)):
        place = (index, len(sizes)) if rules and len(rules) == 1 else (0, 1)
        constraints.append(Constraint(min_share=1.0) if rule is None else rule.for_picture(*place, size))
    return constraints


def measured(
    analysis: object, size: Size, constraint: Constraint, objective: Objective, request: SortRequest, index: int
) -> list:
    """The picture's best crop for each bucket; an error names it by its place among all of them."""
    try:
        return measure(analysis, size, constraint, request, objective)  # type: ignore[arg-type]
    except UnsatisfiableError as error:
        reason = str(error).removeprefix("picture 0: ")
        raise UnsatisfiableError(f"picture {index} ({size[0]}×{size[1]}): {reason}") from error


def option(options: Sequence[CropRecord], result: Sorted, index: int) -> CropRecord:
    bucket = result.buckets[index]
    assert bucket is not None
    return option_for(options, bucket)


def output(picture: Tensor, size: Size, record: CropRecord, sidecars: PictureInputs, index: int) -> tuple:
    """What one picture puts on the wires, in the order of the sockets."""
    bucket = record.bucket
    assert bucket is not None
    crop = Crop(Box(*record.box), Ratio.parse(record.ratio), record.score, record.terms, record.kept)
    image = pixels.resized(pixels.cut(picture, crop.box), bucket)
    mask = sidecars.masks[index]
    if mask is None:
        cut = torch.zeros(bucket[1], bucket[0])
    else:
        cut = pixels.resized(pixels.cut_mask(mask, crop.box, size)[..., None], bucket)[..., 0]
    return (
        to_host(image[None]),
        sidecars.captions[index],
        to_host(cut[None]),
        format_size(bucket),
        index,
        sockets.box_dict(replace(crop, ratio=Ratio.of(bucket)), size),
        sidecars.names[index],
    )
