"""Apply Box: the crop of one picture, cut out of another."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io
from torch import Tensor

from ..cropping.box import Box
from .cutting import cut_mask, cut_picture
from .host import to_host, track_progress
from .panel import Panel, tile_of
from .sockets.boxes import box_input, fit_box, group_boxes, share_boxes
from .sockets.masks import blank_pictures, read_masks
from .sockets.pictures import read_batches, size_of


class ApplyBox(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_ApplyBox",
            display_name="Apply Box",
            category="Salient Crop",
            description="Cuts the same crop out of another picture or mask: a depth map, an edit, a larger version. A"
            " box from Crop/Resize is scaled where the other picture has another size. Several boxes of one"
            " picture give a crop each.",
            search_aliases=["crop by box", "same crop", "crop bounding box", "crop mask"],
            is_input_list=True,
            has_intermediate_output=True,
            inputs=[
                box_input(
                    "box",
                    "One box for all pictures, or one for each; or lists of boxes, of which each is cut out.",
                    optional=False,
                ),
                io.Image.Input("image", optional=True, tooltip="One picture, a batch, or a list."),
                io.Mask.Input("mask", optional=True, tooltip="A mask of each picture, or masks on their own."),
            ],
            outputs=[
                io.Image.Output("image", is_output_list=True, tooltip="One for each box; grey without a picture."),
                io.Mask.Output("mask", is_output_list=True, tooltip="One for each box; black without a mask."),
                io.Int.Output("index", is_output_list=True, tooltip="Which of the pictures it was, from 0."),
            ],
        )

    @classmethod
    def execute(
        cls, box: list[Any], image: list[Tensor] | None = None, mask: list[Tensor] | None = None
    ) -> io.NodeOutput:
        if not image and not mask:
            raise ValueError("image, mask: connect at least one of them to cut the box out of")
        batches = read_batches(image) if image else blank_pictures(mask or [], "mask")
        pictures = [picture for batch in batches for picture in batch]
        masks = read_masks(mask, batches, "mask")
        boxes = share_boxes(group_boxes(box, "box"), len(pictures), "box")
        panel, outputs, without = Panel(sum(map(len, boxes))), [], []
        for index, picture in enumerate(track_progress(pictures, len(pictures))):
            if not boxes[index]:
                without.append(index)
            for value in boxes[index]:
                try:
                    place = fit_box(value, size_of(picture))
                    cut_image, cut_mask = cut_box(picture, masks[index], place)
                except ValueError as error:
                    raise ValueError(f"picture {index}: {error}") from error
                outputs.append((to_host(cut_image[None]), to_host(cut_mask[None]), index))
                shown = picture if image else mask_as_picture(masks[index], picture)
                panel.add(tile_of(shown, place, words=f"Cuts {place.width}×{place.height} pixels."))
        if not outputs:
            raise ValueError("picture 0: box: no box arrived for this picture; the node before found none")
        columns = (list(values) for values in zip(*outputs, strict=True))
        return io.NodeOutput(*columns, ui=panel.show("", (f"picture {index}: no box" for index in without)))


def cut_box(picture: Tensor, mask: Tensor | None, box: Box) -> tuple[Tensor, Tensor]:
    """The box out of a picture `[H, W, 3]` and its mask: `[h, w, 3]` and `[h, w]`."""
    return cut_picture(picture, box), cut_mask(mask, box, size_of(picture))


def mask_as_picture(mask: Tensor | None, blank: Tensor) -> Tensor:
    """A mask `[h, w]` that came without a picture, in grey: `[h, w, 3]`."""
    return blank if mask is None else mask[..., None].expand(-1, -1, 3)
