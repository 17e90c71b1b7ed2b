"""Paste Back: edited crops into the pictures that they were cut from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from comfy_api.latest import io
from torch import Tensor

from ..images.paste import WIDEST_FEATHER, paste
from ..images.warp import paste_square
from .host import to_host, track_progress
from .panel import KEPT, Marked, Panel, Tile, count_of, tile_of
from .sockets.boxes import Frame, box_input, cut_size_of, fit_box, group_boxes, share_boxes, told_places
from .sockets.faces import read_square
from .sockets.lists import require_single
from .sockets.masks import read_masks
from .sockets.pictures import read_batches, size_of

FEATHER = 16


class PasteBack(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_PasteBack",
            display_name="Paste Back",
            category="Salient Crop",
            description="Puts edited crops back into the pictures that they were cut from: resized to their boxes, with"
            " a soft seam. What was not changed stays as it was, to the pixel; padding is left out.",
            search_aliases=["uncrop", "stitch", "paste crop", "inpaint stitch", "crop and stitch", "composite crop"],
            is_input_list=True,
            has_intermediate_output=True,
            inputs=[
                io.Image.Input("image", tooltip="The original: one picture, a batch, or a list."),
                io.Image.Input(
                    "crop",
                    tooltip="The edited crops, of any size: one for each box. Several crops with one box on one picture"
                    " are variants, and give a picture each.",
                ),
                box_input(
                    "box",
                    "Where they were cut, from Crop/Resize: one for each picture, or one for all. Several on"
                    " one picture are all pasted into it.",
                    optional=False,
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Of the crops: white where they are pasted, such as what was inpainted. One for all, or one"
                    " for each crop. Not connected: all of the crop.",
                ),
                io.Int.Input(
                    "feather",
                    default=FEATHER,
                    min=0,
                    max=WIDEST_FEATHER,
                    tooltip="How soft the seam is, in pixels of the picture: along the edges of the box, and of the"
                    " mask. 0: hard.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    "image", is_output_list=True, tooltip="The pictures with their crops; batches stay batches."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: list[Tensor],
        crop: list[Tensor],
        box: list[Any],
        feather: list[int],
        mask: list[Tensor] | None = None,
    ) -> io.NodeOutput:
        batches, crop_batches = read_batches(image), read_batches(crop, "crop")
        crops = [each for batch in crop_batches for each in batch]
        masks = read_masks(mask, crop_batches, "mask")
        seam = require_single(feather, "feather")
        pairing = pair_crops(sum(map(len, batches)), len(crops), group_boxes(box, "box"))
        outputs = _copy_batches(batches, [len(batch) for batch in crop_batches] if pairing.variants else None)
        pictures = [picture for batch in outputs for picture in batch]
        for index, pastes in enumerate(track_progress(pairing.pastes, len(pairing.pastes))):
            for each, value in pastes:
                _paste_one(pictures[index], crops[each], masks[each], value, seam, f"picture {index}, crop {each}")
        panel = Panel(len(pictures))
        for picture, pastes in zip(pictures, pairing.pastes, strict=True):
            panel.add(pasted_tile(picture, [value for _, value in pastes]))
        pasted = count_of(sum(map(len, pairing.pastes)), "crop")
        words = f"{pasted} pasted into {count_of(len(pictures), 'picture')}."
        return io.NodeOutput([to_host(batch) for batch in outputs], ui=panel.show(words))


def pasted_tile(picture: Tensor, values: Sequence[Mapping[str, Any]]) -> Tile:
    """What the panel shows: a picture `[H, W, 3]`, and where crops were pasted into it."""
    size = size_of(picture)
    boxes = [fit_box(each, size).relative(size) for each in values]
    return replace(tile_of(picture), regions=[Marked(KEPT, each) for each in boxes])


@dataclass(frozen=True)
class Pairing:
    """Which crop goes where.

    Attributes:
        pastes: for every picture that comes out, the indices of its crops, with their boxes.
        variants: whether each crop has a copy of the one picture to itself.
    """

    pastes: list[list[tuple[int, Mapping[str, Any]]]]
    variants: bool = False


def pair_crops(pictures: int, crops: int, frames: Sequence[Frame]) -> Pairing:
    """Pairs crops with boxes and pictures.

    Args:
        pictures: how many there are.
        crops: how many there are: one for each box in the order of the boxes, or one for all.
        frames: the boxes of each picture; one entry serves all pictures.

    Raises:
        ValueError: when the counts do not match.
    """
    boxes = [box for frame in frames for box in frame]
    if not boxes:
        raise ValueError("box: no box arrived; the node before found none")
    if pictures == 1 and len(boxes) == 1:
        return Pairing([[(index, boxes[0])] for index in range(crops)], variants=True)
    told = told_places(boxes, pictures)
    if told is None:
        frames = share_boxes(frames, pictures, "box")
        boxes = [box for frame in frames for box in frame]
        order = iter(range(len(boxes)))
        told = [[next(order) for _ in frame] for frame in frames]
    if crops not in (1, len(boxes)):
        raise ValueError(f"crop: {crops} crops for {len(boxes)} boxes on {pictures} pictures; connect one for each box")
    return Pairing([[(each if crops > 1 else 0, boxes[each]) for each in indices] for indices in told])


def _copy_batches(batches: Sequence[Tensor], variants: Sequence[int] | None) -> list[Tensor]:
    """Copies of the batches to paste into; of the one picture, batches of so many copies where there are variants."""
    if variants is None:
        return [batch.clone() for batch in batches]
    return [batches[0].repeat(count, 1, 1, 1) for count in variants]


def _paste_one(
    picture: Tensor, crop: Tensor, mask: Tensor | None, value: Mapping[str, Any], feather: int, name: str
) -> None:
    try:
        square = read_square(value)
        if square is not None:
            matrix = square.matrix_on(size_of(picture))
            paste_square(picture, crop.to(picture), matrix, square.size, feather, mask, fill=square.fill)
            return
        paste(picture, crop, fit_box(value, size_of(picture)), cut_size_of(value), feather, mask)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
