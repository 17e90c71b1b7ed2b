"""Crop Rules: all that a crop must obey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from comfy_api.latest import io
from torch import Tensor

from ..cropping.checks import LIMIT, check_count
from ..cropping.constraint import POLICIES, Constraint
from ..cropping.margin import Margin
from ..cropping.model_sizes import ModelSizes, Shape
from ..cropping.objective import Objective, ObjectiveWeights
from ..cropping.text_names import SIZED_NAMES, TEXT_REGION_PRESETS, parse_text_regions
from ..cropping.text_region import FRAMES, TextRegion
from ..jobs.analyse import sketch_of_tensor
from ..jobs.defaults import AS_PEOPLE, FRAMINGS, KEEP_MOST
from ..models.size_prior.framing import as_people_crop, leave_size_open
from .panel import AVOID, KEPT, TEXT, Marked, Panel, Tile, count_of
from .sockets import Region, Size
from .sockets.boxes import box_input
from .sockets.constraints import CropConstraintType, PendingConstraint, PendingText, box_regions, mask_regions
from .sockets.painted import name_regions, painted_input, pending_regions, pending_texts, read_painted
from .sockets.pictures import read_batches, size_of
from .sockets.ratios import parse_ratios

DEFAULT_RATIO = 3, 2
"""Of the empty picture that regions are drawn on, where none is connected."""

NONE, DRAWN = "none", "drawn region"


class CropConstraint(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_Constraint",
            display_name="Crop Rules",
            category="Salient Crop",
            description="What a crop must obey: ratio, smallest size, what to keep, what to leave out, and where room"
            " for text or a logo is needed. Chain several to add them up.",
            has_intermediate_output=True,
            search_aliases=[
                "crop constraint",
                "aspect ratio",
                "layout",
                "text space",
                "copy space",
                "banner",
                "keep region",
                "padding",
            ],
            inputs=[
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The picture that regions are painted on and boxes are measured on. Without it boxes are"
                    " pixels of whichever picture is cropped.",
                ),
                CropConstraintType.Input(
                    "constraint", optional=True, tooltip="Another constraint, which this one adds to."
                ),
                io.String.Input(
                    "ratio",
                    default="",
                    tooltip="Width : height, such as 2:3 or 832x1216. Of several (1:1, 2:3, 3:2) the best-scoring crop"
                    " wins. Empty: left to the node that crops, or to the constraint before.",
                ),
                io.Float.Input(
                    "min_share",
                    default=0.6,
                    min=0.01,
                    max=1.0,
                    step=0.01,
                    tooltip="The smallest crop, as a share of the area of the largest one of that ratio. 1: as large as"
                    " possible, only its place is chosen.",
                ),
                io.Combo.Input(
                    "policy",
                    options=list(POLICIES),
                    default=POLICIES[0],
                    tooltip="When no crop can obey. shrink: give up the smallest size, then as little of the keep"
                    " regions as must be. pad: extend the canvas, for a layout in the crop on its side. error: stop and"
                    " name the conflict.",
                ),
                io.Combo.Input(
                    "framing",
                    options=list(FRAMINGS),
                    default=KEEP_MOST,
                    tooltip="keep the most: the larger the better, for data sets. as people crop: as close as people"
                    " go when they crop to this ratio; then min_share, left at 0.6, sets no limit.",
                ),
                io.Combo.Input(
                    "layout",
                    options=[NONE, *TEXT_REGION_PRESETS, *SIZED_NAMES, DRAWN],
                    default=NONE,
                    tooltip="A region that stays free for text or a logo: a part of the picture, or without a size a"
                    " small one. For other sizes, and several at once, see `layouts`, or paint them. drawn region: the"
                    " box that is connected to `region`.",
                ),
                box_input("region", "For the layout 'drawn region': this box. `layout_boxes` takes several."),
                io.Combo.Input(
                    "layout_frame",
                    options=list(FRAMES),
                    default=FRAMES[0],
                    tooltip="source: the layout is a place in the picture, which the crop has to hold. crop: it is a"
                    " place in the crop, which stays free: no head or subject in it, little of interest and detail.",
                ),
                io.Boolean.Input(
                    "layout_hard",
                    default=False,
                    advanced=True,
                    tooltip="On: a crop that breaks the layout is none. Off: the layout is weighed with the rest.",
                ),
                io.Float.Input(
                    "layout_weight",
                    default=ObjectiveWeights().layout,
                    min=0.0,
                    max=10.0,
                    step=0.05,
                    advanced=True,
                    tooltip="How much the layout weighs against what the crop shows, which weighs 1.",
                ),
                io.Int.Input(
                    "min_width", default=0, min=0, max=65536, advanced=True, tooltip="In pixels; 0: no limit."
                ),
                io.Int.Input(
                    "min_height", default=0, min=0, max=65536, advanced=True, tooltip="In pixels; 0: no limit."
                ),
                io.Mask.Input("keep", optional=True, tooltip="The crop must hold all that is white here."),
                box_input("keep_boxes", "The crop must hold these boxes, such as a detector's."),
                io.Mask.Input("avoid", optional=True, tooltip="The crop should leave out the white part."),
                box_input("avoid_boxes", "The crop should leave out these boxes."),
                io.Mask.Input("layout_mask", optional=True, tooltip="A further layout: around all that is white here."),
                box_input("layout_boxes", "Further layouts: each of these boxes."),
                # At the end, because saved workflows know widgets by their place.
                io.String.Input(
                    "layouts",
                    default="",
                    optional=True,
                    tooltip="Further layouts by name and size, with semicolons between: left 40%; top quarter; bottom"
                    " right third; or x1,y1,x2,y2 in 0..1.",
                ),
                io.String.Input(
                    "margin",
                    default="",
                    optional=True,
                    tooltip="Room around all that is to be kept: a share of its own size, such as 10%, or pixels, such"
                    " as 24px. Empty: none.",
                ),
                painted_input(),
            ],
            outputs=[CropConstraintType.Output("constraint", tooltip="For Crop/Resize, or for more Crop Rules.")],
        )

    @classmethod
    def execute(
        cls,
        ratio: str,
        min_share: float,
        policy: str,
        framing: str,
        layout: str,
        layout_frame: str,
        layout_hard: bool,
        layout_weight: float,
        min_width: int,
        min_height: int,
        region: Any = None,
        image: Tensor | None = None,
        constraint: PendingConstraint | None = None,
        keep: Tensor | None = None,
        keep_boxes: Any = None,
        avoid: Tensor | None = None,
        avoid_boxes: Any = None,
        layout_mask: Tensor | None = None,
        layout_boxes: Any = None,
        layouts: str = "",
        margin: str = "",
        regions: Any = None,
    ) -> io.NodeOutput:
        before = constraint or PendingConstraint()
        for name, side in (("min_width", min_width), ("min_height", min_height)):
            check_count(name, side, LIMIT, 0)
        size = None if image is None else size_of(read_batches([image])[0][0])
        drawn = box_regions(region, "region", size) if layout == DRAWN else ()
        further = mask_regions(layout_mask, "layout_mask") + box_regions(layout_boxes, "layout_boxes", size)
        room = Margin.parse(margin)
        painted = read_painted(regions)
        try:
            named = parse_text_regions(layouts if layout in (NONE, DRAWN) else f"{layout}; {layouts}")
        except ValueError as error:
            raise ValueError(f"layouts: {error}") from None
        base = Constraint(
            ratios=parse_ratios(ratio) or before.base.ratios,
            min_share=min_share,
            min_size=(max(1, min_width), max(1, min_height)) if min_width or min_height else None,
            policy=policy,
            text_regions=tuple(TextRegion(each, layout_frame, layout_hard) for each in named),
        )
        objective = Objective(replace(before.objective.weights, layout=layout_weight))
        people = framing == AS_PEOPLE or before.objective.size_model is not None
        own = PendingConstraint(
            base=leave_size_open(base) if people else base,
            objective=as_people_crop(objective) if people else objective,
            keep=mask_regions(keep, "keep", room)
            + box_regions(keep_boxes, "keep_boxes", size, room)
            + pending_regions(painted, KEPT, size, room),
            avoid=mask_regions(avoid, "avoid")
            + box_regions(avoid_boxes, "avoid_boxes", size)
            + pending_regions(painted, AVOID, size),
            text_regions=tuple(PendingText(each, layout_frame, layout_hard) for each in drawn + further)
            + pending_texts(painted, size, layout_hard),
        )
        whole = own if constraint is None else merge(before, own)
        picture = None if image is None else read_batches([image])[0]
        names = name_regions(painted, size or DEFAULT_RATIO, room)
        problems = [] if layout == DRAWN or not region else [f"region: does nothing unless layout is {DRAWN}"]
        if layout == DRAWN and not any(any(each.frames) for each in drawn):
            problems.append(f"layout: {DRAWN}, but no box has arrived at region")
        return io.NodeOutput(whole, ui=draw_constraint(whole, picture, names, [*problems, *list_outside(own, size)]))


def list_outside(value: PendingConstraint, size: Size | None) -> list[str]:
    """What a person should know of boxes that lie outside the picture, where that is known."""
    every = {"keep": value.keep, "avoid": value.avoid, "text": [each.regions for each in value.text_regions]}
    counts = {kind: 0 if size is None else sum(each.count_outside(size) for each in every[kind]) for kind in every}
    return [
        f"{count_of(count, 'box', 'boxes')} for {kind} outside the picture {'does' if count == 1 else 'do'} nothing"
        for kind, count in counts.items()
        if count
    ]


def merge(first: PendingConstraint, second: PendingConstraint) -> PendingConstraint:
    """Both constraints at once: all their regions and the larger of their smallest sizes; the rest is the second's."""
    sizes = [each.base.min_size for each in (first, second) if each.base.min_size]
    base = replace(
        second.base,
        min_share=max(first.base.min_share, second.base.min_share),
        min_size=(max(size[0] for size in sizes), max(size[1] for size in sizes)) if sizes else None,
        keep=first.base.keep + second.base.keep,
        avoid=first.base.avoid + second.base.avoid,
        text_regions=first.base.text_regions + second.base.text_regions,
    )
    return replace(
        second,
        base=base,
        keep=first.keep + second.keep,
        avoid=first.avoid + second.avoid,
        text_regions=first.text_regions + second.text_regions,
    )


def draw_constraint(
    value: PendingConstraint, pictures: Tensor | None, names: Mapping[Region, str], problems: Sequence[str]
) -> dict[str, list[Any]]:
    """The panel: the regions on the picture, or on an empty one, and those of the crop on a frame of its ratio.

    Args:
        names: of regions that have one.
        problems: what else a person should know.
    """
    size = DEFAULT_RATIO if pictures is None else size_of(pictures[0])
    unplaced = pictures is None and value.depends_on_size
    constraint = (value.relative_part() if unplaced else value).for_picture(0, value.frame_count, size)

    def marked(kind: str, regions: Iterable[Region]) -> list[Marked]:
        return [Marked(kind, each, names.get(each, "")) for each in regions]

    def texts(frame: str) -> list[Marked]:
        return marked(TEXT, [each.region for each in constraint.text_regions if each.frame == frame])

    on_picture = marked(KEPT, constraint.keep) + marked(AVOID, constraint.avoid) + texts("source")
    in_crop = texts("crop")
    draw = None if pictures is None else partial(sketch_of_tensor, pictures[0])
    ratio = frame_of(constraint.ratios[0], size) if constraint.ratios else size
    tiles = [Tile(size, draw, regions=on_picture, name="in the picture")] if on_picture else []
    if in_crop or not tiles or constraint.ratios:
        tiles.append(Tile(ratio, regions=in_crop, name="the crop"))
    panel = Panel(1)
    for tile in tiles:
        panel.add(tile)
    in_pixels = "boxes, and margins in pixels, wait for the picture that is cropped: connect it as image to see them"
    words = describe_constraint(constraint, value.objective.size_model is not None)
    return panel.show(words, [*([in_pixels] if unplaced else []), *problems])


def frame_of(shape: Shape, size: Size) -> Size:
    """Width and height of the frame of a crop of this shape, of a picture of `size`."""
    return shape.nearest(size) if isinstance(shape, ModelSizes) else (shape.width, shape.height)


def describe_constraint(constraint: Constraint, as_people: bool = False) -> str:
    """What a crop has to obey, in one line."""
    ratios = " or ".join(map(str, constraint.ratios)) or "Any ratio"
    size = "as close as people crop" if as_people else f"at least {constraint.min_share:.0%} of the largest crop"
    parts = [f"{ratios}, {size}"]
    if constraint.min_size:
        parts.append(f"at least {constraint.min_size[0]}×{constraint.min_size[1]} pixels")
    named = {"to keep": constraint.keep, "to avoid": constraint.avoid, "for text": constraint.text_regions}
    parts += [f"{count_of(len(regions), 'region')} {what}" for what, regions in named.items() if regions]
    return "; ".join(parts) + "."
