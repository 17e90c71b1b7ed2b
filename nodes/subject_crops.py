"""Subject Crops: a crop of each head, person, animal or object of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from comfy_api.latest import io
from torch import Tensor

from ..cropping.constraint import Constraint
from ..cropping.crop import Crop
from ..cropping.mask_regions import find_region
from ..cropping.objective import Objective
from ..cropping.subject import Subject
from ..cropping.subject_choice import HEAD, IMPORTANCE, ORDERS, PROMPT, SUBJECT_KINDS
from ..cropping.subject_framing import MOST_MARGIN, SUBJECT_FRAMINGS
from ..datasets.captions import add_words
from ..datasets.manifest import format_subject
from ..jobs.on_cut import KEEP
from ..jobs.per_subject import MAX_MOST, NEIGHBOURS, OUT, USUAL_MOST, PerSubject
from ..jobs.stages import choose_crops
from ..jobs.subject_crops import SubjectCrops as FoundCrops
from ..jobs.subject_crops import choose_subject_crops
from .analyse import AnalysedPicture, analyse_batches, fill_empty, naming_picture
from .constrained_crop import OutputSize, constraints_with_ratios, multiple_of_input, size_inputs
from .cutting import cut_mask, cut_picture
from .heads import on_cut_input
from .host import to_host, track_progress
from .hosted_cropper import HostedCropper
from .panel import KEPT, Marked, Panel, Tile, count_of
from .sockets import Size
from .sockets.boxes import box_input, make_bounding_box
from .sockets.constraints import CropConstraintType, PendingConstraint, resolve_objectives
from .sockets.croppers import cropper_input
from .sockets.lists import pair_with_pictures, require_single, single_or
from .sockets.masks import read_each_mask, read_masks
from .sockets.pictures import read_batches, size_of

USUAL = "usual"
SKIP, AS_WITHOUT, ERROR = "skip", "as without", "error"
NONE_FOUND = (SKIP, AS_WITHOUT, ERROR)


class SubjectCrops(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_SubjectCrops",
            display_name="Subject Crops",
            category="Salient Crop",
            description="Gives a crop of each head, person, animal or object of a picture: the best one that holds it"
            " and is hardly larger than it needs, with neighbours kept out or whole, and near duplicates left out.",
            search_aliases=[
                "face crop",
                "head crop",
                "crop faces",
                "crop people",
                "crop each subject",
                "portrait",
                "crop by detection",
                "segs to crops",
            ],
            is_input_list=True,
            has_intermediate_output=True,
            inputs=[
                io.Image.Input("image", tooltip="One picture, a batch, or a list of pictures of any size."),
                cropper_input(),
                box_input(
                    "subjects",
                    "Boxes of a detector, or drawn: what there is in each picture, told by their labels, instead of"
                    " what the cropper finds.",
                ),
                io.Mask.Input(
                    "subject_masks",
                    optional=True,
                    tooltip="A subject each, as an object: one for each picture, or all of a single picture's.",
                ),
                CropConstraintType.Input("constraint", optional=True, tooltip="From Crop Rules."),
                io.Mask.Input("mask", optional=True, tooltip="Cropped along with the picture."),
                io.String.Input("caption", optional=True, force_input=True, tooltip="One for each picture."),
                io.Combo.Input(
                    "kind",
                    options=list(SUBJECT_KINDS),
                    default=HEAD,
                    tooltip="Of the subjects. object: boxes whose label names no person or animal, and masks. prompt:"
                    " all boxes and masks that are connected.",
                ),
                io.Combo.Input(
                    "framing",
                    options=[USUAL, *SUBJECT_FRAMINGS],
                    default=USUAL,
                    tooltip="How much of a person or an animal a crop shows; usual: the head of a head, the whole of"
                    " all else.",
                ),
                io.Float.Input(
                    "margin",
                    default=-1.0,
                    min=-1.0,
                    max=MOST_MARGIN,
                    step=0.01,
                    tooltip="Air on each side, as a share of the longer side of what is shown; -1: the usual of the"
                    " framing.",
                ),
                io.String.Input(
                    "ratio",
                    default="1:1",
                    tooltip="Width : height, such as 2:3. Of several (1:1, 2:3, 3:2) each subject gets the one that"
                    " suits it. Empty: the picture's own. A ratio in the constraint goes first.",
                ),
                *size_inputs(),
                io.Combo.Input(
                    "neighbours",
                    options=list(NEIGHBOURS),
                    default=OUT,
                    tooltip="Heads of others, or other objects: out: kept out as far as can be; whole: whole where they"
                    " come into the crop.",
                ),
                io.Combo.Input(
                    "order",
                    options=list(ORDERS),
                    default=IMPORTANCE,
                    tooltip="Of the crops of a picture; importance: large and central first.",
                ),
                io.Int.Input(
                    "most",
                    default=USUAL_MOST,
                    min=1,
                    max=MAX_MOST,
                    tooltip="At most so many crops of a picture, those of the most important subjects.",
                ),
                io.Int.Input(
                    "smallest",
                    default=64,
                    min=1,
                    max=16384,
                    optional=True,
                    advanced=True,
                    tooltip="Crops whose shorter side has fewer pixels of the picture are left out.",
                ),
                io.Float.Input(
                    "most_enlarged",
                    default=0.0,
                    min=0.0,
                    max=100.0,
                    step=0.1,
                    optional=True,
                    advanced=True,
                    tooltip="Crops that would be enlarged more times are left out; 0: no limit.",
                ),
                io.Float.Input(
                    "overlap",
                    default=0.7,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    optional=True,
                    advanced=True,
                    tooltip="Of two crops that overlap more (intersection over union), the less important is left out.",
                ),
                io.Combo.Input(
                    "none_found",
                    options=list(NONE_FOUND),
                    default=SKIP,
                    optional=True,
                    tooltip="A picture without any such subject: skip it, give the crop of the picture as without"
                    " subjects, or stop with an error.",
                ),
                io.Boolean.Input(
                    "caption_framing",
                    default=False,
                    optional=True,
                    advanced=True,
                    tooltip="Put into each caption how much of its person the crop shows: close-up, portrait, half"
                    " figure, full figure or wide.",
                ),
                on_cut_input(),
                multiple_of_input(),
            ],
            outputs=[
                io.Image.Output("image", is_output_list=True, tooltip="The crops of all pictures, picture by picture."),
                io.Mask.Output("mask", is_output_list=True, tooltip="The mask cropped along; black without one."),
                io.BoundingBox.Output("box", is_output_list=True, tooltip="Where the crop lies in its picture."),
                io.Int.Output("index", is_output_list=True, tooltip="Which of the pictures it is of, from 0."),
                io.String.Output(
                    "label", is_output_list=True, tooltip="What the subject is called: its own label, or its kind."
                ),
                io.String.Output("caption", is_output_list=True, tooltip="Of its picture; empty without one."),
                io.String.Output(
                    "framing",
                    is_output_list=True,
                    tooltip="How much of the person the crop shows: close-up, portrait, half figure, full figure or"
                    " wide; empty without a person.",
                ),
                io.String.Output(
                    "warnings",
                    is_output_list=True,
                    tooltip="What a person should look at, in words; empty if all is well.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: list[Tensor],
        kind: list[str],
        framing: list[str],
        margin: list[float],
        ratio: list[str],
        width: list[int],
        height: list[int],
        neighbours: list[str],
        order: list[str],
        most: list[int],
        cropper: list[HostedCropper] | None = None,
        subjects: list[Any] | None = None,
        subject_masks: list[Tensor] | None = None,
        constraint: list[PendingConstraint] | None = None,
        mask: list[Tensor] | None = None,
        caption: list[str] | None = None,
        smallest: list[int] | None = None,
        most_enlarged: list[float] | None = None,
        overlap: list[float] | None = None,
        none_found: list[str] | None = None,
        caption_framing: list[bool] | None = None,
        on_cut: list[str] | None = None,
        multiple_of: list[str] | None = None,
    ) -> io.NodeOutput:
        batches = read_batches(image)
        sizes = [size_of(picture) for batch in batches for picture in batch]
        air, shown = require_single(margin, "margin"), require_single(framing, "framing")
        asked = PerSubject(
            require_single(kind, "kind"),
            None if shown == USUAL else shown,
            None if air < 0 else air,
            require_single(neighbours, "neighbours"),
            require_single(order, "order"),
            require_single(most, "most"),
            single_or(overlap, "overlap", 0.7),
            single_or(smallest, "smallest", 64),
            single_or(most_enlarged, "most_enlarged", 0.0) or None,
        )
        target = require_single(width, "width"), require_single(height, "height")
        chosen = _Choice(
            asked,
            OutputSize(target, int(single_or(multiple_of, "multiple_of", "1"))),
            single_or(on_cut, "on_cut", KEEP),
            single_or(none_found, "none_found", SKIP),
        )
        if chosen.none_found not in NONE_FOUND:
            raise ValueError(f"none_found: must be one of {', '.join(NONE_FOUND)}, got {chosen.none_found!r}")
        constraints = constraints_with_ratios(require_single(ratio, "ratio"), target, constraint, sizes)
        objectives = resolve_objectives(constraint, len(sizes))
        masks = read_masks(mask, batches, "mask")
        captions = [each or "" for each in pair_with_pictures(caption, len(sizes), "caption")]
        given = read_each_mask(fill_empty(subject_masks), batches, "subject_masks")
        with_framing = single_or(caption_framing, "caption_framing", False)
        # Where only masks say what there is, the cropper's own subjects are others beside them.
        pictures = track_progress(analyse_batches(batches, cropper, None, subjects, nothing=SKIP), len(sizes))
        panel, outputs, without = Panel(len(sizes)), [], []
        for index, seen in enumerate(pictures):
            with naming_picture(index, sizes[index]):
                seen = with_subjects(seen, given[index], asked.kind, told=bool(subjects))
                found, crops = chosen.crops_of(seen, constraints[index], objectives[index])
            if found.left_out or not found.found:
                without.append(f"picture {index}: {found.describe_left_out()}")
            for crop, size in crops:
                words = add_words(captions[index], crop.framing if with_framing else None)
                cut = cut_outputs(seen, masks[index], crop, size, (index, len(sizes)))
                outputs.append((*cut, words, crop.framing or "", warning_words(crop)))
                panel.add(tile_of(seen, crop, index))
        if not outputs:
            raise ValueError("image: no picture has a crop:\n" + "\n".join(without))
        columns = (list(values) for values in zip(*outputs, strict=True))
        words = f"{count_of(len(outputs), 'crop')} of {count_of(len(sizes), 'picture')}."
        return io.NodeOutput(*columns, ui=panel.show(words, without))


@dataclass(frozen=True)
class _Choice:
    """How the crops of each picture are chosen.

    Attributes:
        asked: of each subject.
        output: how large crops come out.
        on_cut: see `choose_crop`.
        none_found: one of `NONE_FOUND`.
    """

    asked: PerSubject
    output: OutputSize
    on_cut: str
    none_found: str

    def crops_of(
        self, seen: AnalysedPicture, constraint: Constraint, objective: Objective
    ) -> tuple[FoundCrops, list[tuple[Crop, Size]]]:
        """What was found in a picture, and its crops with the size of each.

        Raises:
            ValueError: when nothing was found and that is an error.
        """
        size = size_of(seen.picture)
        searched = self.output.constraint_on_box(constraint, size)

        def enlargement(crop: Crop, place: int) -> float:
            _, (width, height) = self.output.of_crop(crop, constraint, size)
            return max(width / crop.box.width, height / crop.box.height)

        found = choose_subject_crops(
            seen.analysis, size, [searched], self.asked, objective, self.on_cut, (), enlargement
        )
        crops: Iterable[Crop | None] = (each.crops[0] for each in found.found)
        if not found.found:
            if found.unsatisfiable is not None:
                raise found.unsatisfiable
            if self.none_found == ERROR:
                raise ValueError(f"none_found: {found.describe_left_out()}")
            if self.none_found == AS_WITHOUT:
                crops = choose_crops(seen.analysis, size, [searched], objective, self.on_cut)
        return found, [self.output.of_crop(each, constraint, size) for each in crops if each is not None]


def with_subjects(seen: AnalysedPicture, masks: Sequence[Tensor], kind: str, told: bool) -> AnalysedPicture:
    """A picture with the subjects that are asked about.

    Args:
        seen: the picture, with those of its boxes or its cropper.
        masks: `[h, w]` each, of a subject.
        kind: that is asked for; of a `prompt`, all that is connected is one.
        told: whether its subjects are those of boxes that are connected.
    """
    regions = (find_region(each) for each in masks)
    drawn = [Subject(*each, label="mask") for each in regions if each is not None]
    known = [] if seen.left_out else list(seen.analysis.subjects)  # boxes are connected, and there is none
    if kind == PROMPT:
        drawn = [_as_prompt(each) for each in drawn]
        known = [_as_prompt(each) for each in known] if told else known
    if not drawn and not seen.left_out and not (told and kind == PROMPT):
        return seen
    if masks and not told:  # what the cropper finds are people and animals beside them, and no objects
        known = [each for each in known if each.kind != "object"]
    return replace(seen, analysis=seen.analysis.replace(subjects=[*known, *drawn]))


def _as_prompt(subject: Subject) -> Subject:
    """The same, as something that was asked for; of a `face`, which is a head alone, the box is all that is known."""
    return replace(subject, kind="prompt")


def warning_words(crop: Crop) -> str:
    """The warnings of a crop, one a line."""
    return "\n".join(each.words for each in crop.warnings)


def cut_outputs(
    seen: AnalysedPicture, mask: Tensor | None, crop: Crop, size: Size, place: tuple[int, int]
) -> tuple[Any, ...]:
    """What a crop puts on the wires, in the order of the outputs, up to its label.

    Args:
        mask: of the picture, `[h, w]`; None where none is connected.
        size: width and height of the result.
        place: index of the picture, and how many there are.
    """
    picture_size = size_of(seen.picture)
    told = {} if crop.subject is None else {"subject": format_subject(crop.subject)}
    return (
        to_host(cut_picture(seen.picture, crop.box, size)[None]),
        to_host(cut_mask(mask, crop.box, picture_size, size)[None]),
        make_bounding_box(crop, picture_size, size, place, **told),
        place[0],
        "" if crop.subject is None else crop.subject.label,
    )


def tile_of(seen: AnalysedPicture, crop: Crop, index: int) -> Tile:
    """What the panel shows of a crop: where it lies in its picture, and whom it is of."""
    size, about = size_of(seen.picture), crop.subject
    parts = ["the picture" if about is None else about.label, crop.framing or "", f"{crop.box.width}×{crop.box.height}"]
    return Tile(
        size,
        lambda: seen.sketch,
        crop.box,
        [] if about is None else [Marked(KEPT, about.box.relative(size))],
        name=f"{index}",
        words=", ".join(each for each in parts if each),
        warnings=[each.words for each in crop.warnings],
    )
