"""Crop/Resize: the best crop of every picture under a constraint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from comfy_api.latest import io
from torch import Tensor

from ..cropping.canvas import AUTO, CROP, Canvas
from ..cropping.constraint import MULTIPLES, Constraint
from ..cropping.crop import Crop
from ..cropping.objective import Objective
from ..cropping.ratio import Ratio
from ..cropping.regions import region_in_picture
from ..cropping.sequence import EACH, EVEN, with_even_sides
from ..images.scenes import find_scenes
from ..jobs.clip import choose_clip_crops
from ..jobs.corrections import BY_HAND
from ..jobs.crop_words import describe_crop
from ..jobs.on_cut import KEEP, is_dropped
from ..jobs.output_size import fit_size
from ..jobs.settings import refuse_mirrored_text
from ..jobs.stages import choose_crops
from ..jobs.warnings import summarise_warnings
from ..jobs.words import AS_WITHOUT, SKIP
from .analyse import AnalysedPicture, analyse_batches, naming_picture
from .canvas import WHITE, AddedCanvas, canvas_inputs, read_fill
from .cutting import cut_mask, cut_picture, mark_outside
from .drawing import draw_crop
from .editor import Editor, Item
from .frames import (
    ClipCrops,
    Frame,
    choose_shown,
    describe_motion,
    describe_warnings,
    frames_input,
    split_clips,
)
from .heads import focus_input, nothing_input, on_cut_input, subjects_input
from .host import is_connected, to_host, track_progress
from .hosted_cropper import HostedCropper
from .panel import AVOID, FEW, KEPT, LOST, TEXT, Marked, Panel, Tile, count_of
from .sockets import Region, Size
from .sockets.boxes import make_bounding_box
from .sockets.constraints import CropConstraintType, PendingConstraint, resolve_constraints, resolve_objectives
from .sockets.corrections import corrections_input, digest_of_tensor, read_corrections
from .sockets.croppers import cropper_input
from .sockets.lists import require_single, single_or
from .sockets.masks import read_masks
from .sockets.pictures import read_batches, size_of
from .sockets.ratios import parse_ratios

PREVIEW = 4
"""The number of the output `preview`."""


class ConstrainedCrop(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_ConstrainedCrop",
            display_name="Crop/Resize",
            category="Salient Crop",
            description="Smart crop: finds the best crop of every picture at exactly the ratio or size asked for, and"
            " cuts it out. A cropper finds where the value of the picture lies (the bundled one, if none is connected)."
            " A heatmap sets this by hand; with a cropper beside it, the cropper still finds the subjects.",
            search_aliases=[
                "smart crop",
                "smartcrop",
                "auto crop",
                "face crop",
                "portrait",
                "resize",
                "crop to aspect ratio",
                "center crop",
                "subject crop",
                "saliency crop",
                "reframe",
                "outpaint",
                "video crop",
                "constrained crop",
            ],
            is_input_list=True,
            has_intermediate_output=True,
            hidden=[io.Hidden.unique_id],
            inputs=[
                io.Image.Input("image", tooltip="One picture, a batch, or a list of pictures of any size."),
                cropper_input(),
                io.Mask.Input(
                    "heatmap", optional=True, tooltip="From Saliency Heatmap, or any mask: white is valuable."
                ),
                CropConstraintType.Input("constraint", optional=True, tooltip="From Crop Rules."),
                io.Mask.Input("mask", optional=True, tooltip="Cropped along with the picture."),
                io.String.Input(
                    "ratio",
                    default="2:3",
                    tooltip="Width : height, such as 2:3 or 832x1216. Of several (1:1, 2:3, 3:2) the best-scoring crop"
                    " wins. A model (sdxl, flux, qwen-image, wan, wan-480p, wan-5b): its size nearest to the picture,"
                    " in exact pixels. Empty: the picture's own. A ratio in the constraint goes first.",
                ),
                *size_inputs(),
                subjects_input(),
                on_cut_input(),
                multiple_of_input(),
                frames_input(),
                *canvas_inputs(),
                io.Int.Input(
                    "feather",
                    default=0,
                    min=0,
                    max=4096,
                    optional=True,
                    advanced=True,
                    tooltip="Pixels of the picture beside added canvas over which `added` fades out, as in Pad Image"
                    " for Outpainting.",
                ),
                io.Int.Input(
                    "overlap",
                    default=0,
                    min=0,
                    max=4096,
                    optional=True,
                    advanced=True,
                    tooltip="Pixels of the picture beside added canvas that are white in `added` too, before it fades,"
                    " so that the seam is painted over.",
                ),
                corrections_input(),
                focus_input(),
                nothing_input(),
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
                    tooltip="White where the canvas was extended: ready for outpainting; see feather and overlap.",
                ),
                io.String.Output(
                    "warnings",
                    is_output_list=True,
                    tooltip="What a person should look at, in words, such as a head that is cut; empty where all is"
                    " well.",
                ),
                io.Int.Output(
                    "index", is_output_list=True, tooltip="Which of the pictures it was, from 0: some may be dropped."
                ),
                io.String.Output(
                    "framing",
                    is_output_list=True,
                    tooltip="How much of its main person the crop shows, for captions: close-up, portrait, half figure,"
                    " full figure or wide; empty without a person.",
                ),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **_: object) -> bool:
        return is_connected(cls.hidden.unique_id, PREVIEW)

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
        subjects: list[Any] | None = None,
        on_cut: list[str] | None = None,
        multiple_of: list[str] | None = None,
        frames: list[str] | None = None,
        fit: list[str] | None = None,
        fit_side: list[str] | None = None,
        fill: list[str] | None = None,
        feather: list[int] | None = None,
        overlap: list[int] | None = None,
        corrections: list[Any] | None = None,
        focus: list[Tensor] | None = None,
        nothing: list[str] | None = None,
    ) -> io.NodeOutput:
        batches = read_batches(image)
        sizes = [size_of(picture) for batch in batches for picture in batch]
        target = require_single(width, "width"), require_single(height, "height")
        output = OutputSize(target, int(single_or(multiple_of, "multiple_of", "1")))
        canvas = Canvas(single_or(fit, "fit", CROP), single_or(fit_side, "fit_side", AUTO))
        added = AddedCanvas(
            read_fill(single_or(fill, "fill", WHITE)),
            single_or(feather, "feather", 0),
            single_or(overlap, "overlap", 0),
        )
        constraints = constraints_with_ratios(require_single(ratio, "ratio"), target, constraint, sizes)
        for asked in constraints:
            refuse_mirrored_text(asked, added.fill, canvas.fit)
        objectives = resolve_objectives(constraint, len(sizes))
        masks = read_masks(mask, batches, "mask")
        reaction = single_or(on_cut, "on_cut", KEEP)
        drawn = is_connected(cls.hidden.unique_id, PREVIEW)
        decided = read_corrections(corrections)
        panel, editor, outputs, dropped = Panel(len(sizes)), Editor(len(sizes)), [], []
        mode = single_or(frames, "frames", EACH)
        clips = [] if mode == EACH else split_clips(batches, mode, reaction, canvas.fit)
        missing = single_or(nothing, "nothing", AS_WITHOUT)
        if clips and missing == SKIP:
            raise ValueError("nothing: skip is for pictures on their own; with frames, choose as without or error")
        seen = analyse_batches(batches, cropper, heatmap, subjects, focus, missing)
        pictures = track_progress(seen, len(sizes))
        if clips:
            even = output.with_even_sides(constraints[0])
            return crop_clips(clips, pictures, masks, constraints, objectives, even, mode, added, drawn)
        for index, analysed in enumerate(pictures):
            if analysed.left_out:
                dropped.append(f"picture {index}: {analysed.left_out}")
                continue
            with naming_picture(index, sizes[index]):
                asked = constraints[index]
                searched, digest = output.constraint_on_box(asked, sizes[index]), digest_of_tensor(analysed.picture)
                correction = decided.get(digest)
                (crop,) = choose_crops(
                    analysed.analysis, sizes[index], [searched], objectives[index], reaction, [correction], canvas
                )
                crop, size = output.of_crop(crop, asked, sizes[index])
            editor.add(item_of(analysed, crop, searched, objectives[index], reaction, canvas, digest, index))
            if is_dropped(crop, reaction):
                dropped.append(f"picture {index}: {BY_HAND if correction else summarise_warnings(crop.warnings)}")
            else:
                outputs.append(cut_outputs(analysed, masks[index], crop, size, added, (index, len(sizes)), drawn))
                # Its number among all: some may be left out.
                panel.add(replace(tile_of(analysed, crop, asked), name=str(index) if len(sizes) > 1 else ""))
        if not outputs:
            reason = "nothing" if missing == SKIP else "corrections" if decided else "on_cut"
            raise ValueError(f"{reason}: every picture was dropped:\n" + "\n".join(dropped))
        columns = (list(values) for values in zip(*outputs, strict=True))
        shown = panel.show(summarise_crops(panel), (f"left out: {each}" for each in dropped))
        return io.NodeOutput(*columns, ui={**shown, **editor.show()})


def crop_clips(
    clips: Sequence[range],
    pictures: Iterable[AnalysedPicture],
    masks: Sequence[Tensor | None],
    constraints: Sequence[Constraint],
    objectives: Sequence[Objective],
    output: OutputSize,
    mode: str,
    added: AddedCanvas,
    drawn: bool,
) -> io.NodeOutput:
    """What the node puts out for the frames of clips: a batch for each.

    Args:
        clips: the indices of the pictures of each, in order.
        pictures, masks, constraints, objectives: of all pictures.
        output, added, drawn: see `cut_outputs`.
        mode: see `choose_clip_crops`.
    """
    panel, words, warnings, outputs, coming = Panel(FEW), [], [], [], iter(pictures)
    for number, clip in enumerate(clips):
        frames, asked = [Frame.of(each) for each in islice(coming, len(clip))], constraints[clip.start : clip.stop]
        size, scenes = size_of(frames[0].picture), find_scenes([each.sign for each in frames])
        searched = [output.constraint_on_box(each, size) for each in asked]
        analyses = [each.analysis for each in frames]
        crops = choose_clip_crops(analyses, size, searched, mode, scenes, objectives[clip.start])
        named, sizes = zip(*map(output.of_crop, crops, asked, [size] * len(crops)), strict=True)
        cropped = ClipCrops(frames, named, masks[clip.start : clip.stop], sizes[0])
        outputs.append((*cropped.outputs(drawn, added), number, usual_framing(named)))
        words.append(describe_motion(named, scenes))
        warnings += describe_warnings(named)
        if number == 0:
            for index in choose_shown(len(clip)):
                panel.add(replace(tile_of(frames[index].analysed, named[index], asked[index]), name=str(index)))
    return io.NodeOutput(*map(list, zip(*outputs, strict=True)), ui=panel.show("; ".join(words), warnings))


def usual_framing(crops: Sequence[Crop]) -> str:
    """The framing that most of the crops of a clip have; empty where most show no person."""
    return Counter(each.framing or "" for each in crops).most_common(1)[0][0]


def tile_of(analysed: AnalysedPicture, crop: Crop, constraint: Constraint) -> Tile:
    """What the panel shows of one picture: where the crop lies, what it keeps, and what it costs."""
    size = size_of(analysed.picture)
    lost = [Marked(LOST, each.region) for each in crop.warnings if each.region is not None]
    kept = [Marked(KEPT, each) for each in constraint.keep]
    avoided = [Marked(AVOID, each) for each in constraint.avoid]
    return Tile(
        size,
        lambda: analysed.sketch,
        crop.box,
        [*kept, *avoided, *(Marked(TEXT, each) for each in text_regions_in_picture(constraint, crop, size)), *lost],
        analysed.analysis.heatmap,
        words=describe_crop(analysed.analysis, crop, size, constraint),
        warnings=[each.words for each in crop.warnings],
    )


def item_of(
    analysed: AnalysedPicture,
    crop: Crop,
    constraint: Constraint,
    objective: Objective,
    on_cut: str,
    canvas: Canvas,
    digest: str,
    index: int,
) -> Item:
    """What the editor is told of one picture; see `Item`."""
    return Item(
        digest,
        f"picture {index}",
        size_of(analysed.picture),
        analysed.sketch,
        analysed.analysis,
        constraint,
        objective,
        on_cut,
        canvas,
        crop.box,
        str(crop.ratio),
        confidence=crop.confidence,
        warnings=crop.warnings,
        is_corrected=crop.correction is not None,
    )


def text_regions_in_picture(constraint: Constraint, crop: Crop, size: Size) -> list[Region]:
    """The text regions under a crop, relative to the picture of `size`."""
    region = crop.box.relative(size)
    return [
        each.region if each.frame == "source" else region_in_picture(each.region, region)
        for each in constraint.text_regions
    ]


def summarise_crops(panel: Panel) -> str:
    """One line about all crops; empty where there is only one, which has a line of its own."""
    if panel.count == 1:
        return ""
    doubtful = f"{panel.warned} to look at" if panel.warned else "all is well"
    return f"{count_of(panel.count, 'crop')}: {doubtful}"


def constraints_with_ratios(
    ratio: str, target: Size, values: Sequence[PendingConstraint] | None, sizes: Sequence[Size]
) -> list[Constraint]:
    """The constraint on each picture. Its ratio is the target's, else the constraint's own, else the ratio widget's."""
    constraints = []
    for constraint in resolve_constraints(values, sizes, PendingConstraint()):
        ratios = (Ratio.of(target),) if all(target) else constraint.ratios or parse_ratios(ratio)
        constraints.append(replace(constraint, ratios=ratios))
    return constraints


def cut_outputs(
    analysed: AnalysedPicture,
    mask: Tensor | None,
    crop: Crop,
    size: Size,
    added: AddedCanvas,
    place: tuple[int, int],
    drawn: bool = True,
) -> tuple:
    """What one picture puts on the wires, in the order of the outputs.

    Args:
        mask: of the picture, `[h, w]`; None where none is connected.
        size: width and height of the results.
        added: how canvas is drawn and marked.
        place: index of the picture, and how many there are.
        drawn: whether anybody looks at `preview`; otherwise it is None.
    """
    picture_size = size_of(analysed.picture)
    return (
        to_host(cut_picture(analysed.picture, crop.box, size, added.fill)[None]),
        to_host(cut_mask(mask, crop.box, picture_size, size)[None]),
        make_bounding_box(crop, picture_size, size, place),
        crop.score,
        to_host(draw_crop(analysed.thumbnail, crop.box, picture_size)[None]) if drawn else None,
        to_host(mark_outside(crop.box, picture_size, size, added.feather, added.overlap)[None]),
        "\n".join(each.words for each in crop.warnings),
        place[0],
        crop.framing or "",
    )


@dataclass(frozen=True)
class OutputSize:
    """How large the crops come out.

    Attributes:
        target: width and height; 0 for what follows from the crop, see `fit_size`.
        multiple: of pixels, of both sides.

    Raises:
        ValueError: when a side of the target is no such multiple; names it.
    """

    target: Size
    multiple: int

    def __post_init__(self) -> None:
        fit_size((1, 1), self.target, self.multiple)

    def with_even_sides(self, constraint: Constraint) -> OutputSize:
        """The same for the frames of a video under a constraint: the sizes of models are even as they are."""
        least = EVEN if any(self.target) else with_even_sides(constraint).multiple_of
        return OutputSize(self.target, max(self.multiple, least))

    def constraint_on_box(self, constraint: Constraint, size: Size) -> Constraint:
        """The constraint on the box in a picture of `size`: where the crop is resized, in the ratio of the result."""
        if not any(self.target):
            return replace(constraint, multiple_of=self.multiple)
        ratios = tuple(map(self._searched, constraint.ratios_for(size)))
        return replace(constraint, ratios=ratios)

    def of_crop(self, crop: Crop, constraint: Constraint, size: Size) -> tuple[Crop, Size]:
        """A crop with the ratio that was asked for, and its width and height.

        Args:
            crop: chosen under `constraint_on_box`.
            constraint: that was asked for.
            size: of the picture.
        """
        asked = next((each for each in constraint.ratios_for(size) if self._searched(each) == crop.ratio), crop.ratio)
        exact = None if any(self.target) else constraint.exact_size(asked, size)
        return replace(crop, ratio=asked), exact or fit_size(crop.box.size, self.target, self.multiple)

    def _searched(self, ratio: Ratio) -> Ratio:
        if self.multiple == 1 or not any(self.target):
            return ratio
        long_side = max(self.target) * 64  # so that rounding to pixels is no matter
        return Ratio.of(fit_size(ratio.size_for(long_side), self.target, self.multiple))


def size_inputs() -> list[Any]:
    """How large crops come out."""
    return [
        io.Int.Input(
            "width",
            default=0,
            min=0,
            max=16384,
            tooltip="Resize the crops to this width; 0: keep their own pixels. With width and height both set, they are"
            " the ratio, and nothing is stretched.",
        ),
        io.Int.Input("height", default=0, min=0, max=16384, tooltip="Resize the crops to this height, see width."),
    ]


def multiple_of_input() -> io.Combo.Input:
    """What the sides of crops are multiples of, in pixels."""
    return io.Combo.Input(
        "multiple_of",
        options=[str(each) for each in MULTIPLES],
        default="1",
        optional=True,
        tooltip="The sides of the crops are multiples of so many pixels, as video encoders and models ask for it. The"
        " ratio is then exact to within one multiple.",
    )
