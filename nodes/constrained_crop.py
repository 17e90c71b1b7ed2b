"""Constrained Crop: the best crop of every picture under a constraint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from comfy_api.latest import io
from torch import Tensor

from ..cropping.constraint import Constraint
from ..cropping.crop import Crop
from ..cropping.objective import Objective
from ..cropping.ratio import Ratio
from ..models.analysis import Analysis, measure_detail
from ..models.selection import best_crops
from . import pixels, sockets
from .host import in_turn, to_host
from .hosted_cropper import HostedCropper, or_default
from .sockets import PendingConstraint, Size


class ConstrainedCrop(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_ConstrainedCrop",
            display_name="Constrained Crop",
            category="Salient Crop",
            description="Finds the best crop of every picture at exactly the ratio asked for, and cuts it out. A"
            " cropper judges the picture (the bundled one, if none is connected). A heatmap says by hand where the"
            " value lies; with a cropper beside it, the cropper still says what the subjects are.",
            search_aliases=[
                "smart crop",
                "auto crop",
                "crop to aspect ratio",
                "subject crop",
                "saliency crop",
                "reframe",
            ],
            is_input_list=True,
            inputs=[
                io.Image.Input("image", tooltip="One picture, a batch, or a list of pictures of any size."),
                sockets.cropper_input(),
                io.Mask.Input(
                    "heatmap", optional=True, tooltip="From Saliency Heatmap, or any mask: white is valuable."
                ),
                sockets.CropConstraint.Input("constraint", optional=True, tooltip="From Crop Constraint."),
                io.Mask.Input("mask", optional=True, tooltip="Cropped along with the picture."),
                io.String.Input(
                    "ratio",
                    default="2:3",
                    tooltip="Width : height, such as 2:3 or 832x1216. Of several (1:1, 2:3, 3:2) the best-scoring crop"
                    " wins. Empty: the picture's own. A ratio in the constraint goes first.",
                ),
                io.Int.Input(
                    "width",
                    default=0,
                    min=0,
                    max=16384,
                    tooltip="Resize the crops to this width; 0: keep their own pixels. With width and height both set,"
                    " they are the ratio, and nothing is stretched.",
                ),
                io.Int.Input(
                    "height", default=0, min=0, max=16384, tooltip="Resize the crops to this height, see width."
                ),
            ],
            outputs=[
                io.Image.Output("image", is_output_list=True, tooltip="The crops, one for each picture."),
                io.Mask.Output("mask", is_output_list=True, tooltip="The mask cropped along; black without one."),
                io.BoundingBox.Output("box", is_output_list=True, tooltip="Where the crop lies in its picture."),
                io.Float.Output("score", is_output_list=True, tooltip="Of the chosen crop; its terms are in the box."),
                io.Image.Output("preview", is_output_list=True, tooltip="The whole picture with the crop outlined."),
                io.Mask.Output(
                    "added",
                    is_output_list=True,
                    tooltip="White where the policy 'pad' extended the canvas: ready for outpainting.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: list[Tensor],
        ratio: list[str],
        width: list[int],
        height: list[int],
        cropper: list[HostedCropper] | None = None,
        heatmap: list[Tensor] | None = None,
        constraint: list[PendingConstraint] | None = None,
        mask: list[Tensor] | None = None,
    ) -> io.NodeOutput:
        batches = sockets.as_batches(image)
        sizes = [sockets.size_of(picture) for batch in batches for picture in batch]
        target = sockets.only(width, "width"), sockets.only(height, "height")
        constraints = constraints_for(sockets.only(ratio, "ratio"), target, constraint, sizes)
        objectives = sockets.objectives_for(constraint, len(sizes))
        masks = sockets.masks_of(mask, batches, "mask")
        outputs = []
        seen = looked_at(batches, cropper, heatmap)
        for index, (picture, analysis) in enumerate(in_turn(seen, len(sizes))):
            crop = best_crop(analysis, sizes[index], constraints[index], objectives[index], index)
            outputs.append(made(picture, masks[index], crop, target))
        return io.NodeOutput(*(list(values) for values in zip(*(output.wired() for output in outputs), strict=True)))


def constraints_for(
    ratio: str, target: Size, rules: Sequence[PendingConstraint] | None, sizes: Sequence[Size]
) -> list[Constraint]:
    """The constraint on each picture, its ratio from the target size, else the rule, else the ratio given."""
    constraints = []
    for index, (rule, size) in enumerate(zip(sockets.in_step(rules, len(sizes), "constraint"), sizes, strict=True)):
        place = (index, len(sizes)) if rules and len(rules) == 1 else (0, 1)
        constraint = (rule or PendingConstraint()).for_picture(*place, size)
        wanted = (Ratio.of(target),) if all(target) else constraint.ratios or sockets.parse_ratios(ratio)
        constraints.append(replace(constraint, ratios=wanted))
    return constraints


def looked_at(
    batches: Sequence[Tensor], cropper: Sequence[HostedCropper] | None, heatmap: Sequence[Tensor] | None
) -> Iterator[tuple[Tensor, Analysis]]:
    """Every picture `[H, W, 3]` with its analysis: by the cropper, the heatmap, both, or else the default cropper."""
    judge = sockets.only(cropper, "cropper") if cropper else None
    if not heatmap:
        judge = or_default(judge)
    heats = iter(sockets.masks_of(heatmap, batches, "heatmap"))
    for batch in batches:
        seen = judge.analyse(batch) if judge else [None] * len(batch)
        for picture, analysis in zip(batch, seen, strict=True):
            yield picture, merged(picture, analysis, next(heats))


def merged(picture: Tensor, analysis: Analysis | None, heat: Tensor | None) -> Analysis:
    """A heatmap's own analysis, or a cropper's, whose heat a connected heatmap replaces."""
    if analysis is None:
        assert heat is not None
        return Analysis(heat, detail=measure_detail(picture.movedim(-1, 0)[None])[0])
    return analysis if heat is None else analysis.replaced(heatmap=heat)


def best_crop(analysis: Analysis, size: Size, constraint: Constraint, objective: Objective, index: int) -> Crop:
    """The best crop of one picture; an error names the picture by its place among all of them."""
    try:
        return best_crops([analysis], [size], constraint, objective)[0]
    except ValueError as error:
        reason = str(error).removeprefix("picture 0: ")
        raise type(error)(f"picture {index} ({size[0]}×{size[1]}): {reason}") from error


@dataclass(frozen=True)
class Output:
    """What one picture puts on the wires: images `[h, w, 3]`, masks `[h, w]`."""

    image: Tensor
    mask: Tensor
    box: dict
    score: float
    preview: Tensor
    added: Tensor

    def wired(self) -> tuple:
        image, mask, preview, added = (
            to_host(each[None]) for each in (self.image, self.mask, self.preview, self.added)
        )
        return image, mask, self.box, self.score, preview, added


def made(picture: Tensor, mask: Tensor | None, crop: Crop, target: Size) -> Output:
    """The crop cut out of the picture and its mask, at the target size."""
    size = sockets.size_of(picture)
    final = final_size(crop.box.size, target)
    image = pixels.resized(pixels.cut(picture, crop.box), final)
    added = pixels.resized(pixels.outside(crop.box, size)[..., None], final)[..., 0]
    if mask is None:
        cut = added.new_zeros(added.shape)
    else:
        cut = pixels.resized(pixels.cut_mask(mask, crop.box, size)[..., None], final)[..., 0]
    return Output(
        image=image,
        mask=cut,
        box=sockets.box_dict(crop, size),
        score=crop.score,
        preview=pixels.framed(picture, crop.box),
        added=added,
    )


def final_size(size: Size, target: Size) -> Size:
    """The size of the result: the target, where 0 means by the ratio of `size`, and twice 0 means `size` itself."""
    width, height = target
    if not width and not height:
        return size
    return width or max(1, round(height * size[0] / size[1])), height or max(1, round(width * size[1] / size[0]))
