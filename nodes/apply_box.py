"""Apply Box: the crop of one picture, cut out of another."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io
from torch import Tensor

from ..cropping.box import Box
from .cutting import cut_mask, cut_picture
from .host import to_host, track_progress
from .panel import Panel, tile_of
from .sockets.boxes import box_input, fit_box, flatten_boxes
from .sockets.lists import pair_with_pictures
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
            " box from Crop & Resize (Smart) is scaled where the other picture has another size.",
            search_aliases=["crop by box", "same crop", "crop bounding box", "crop mask"],
            is_input_list=True,
            has_intermediate_output=True,
            inputs=[
                box_input("box", "One box for all pictures, or one for each.", optional=False),
                io.Image.Input("image", optional=True, tooltip="One picture, a batch, or a list."),
                io.Mask.Input("mask", optional=True, tooltip="A mask of each picture, or masks on their own."),
            ],
            outputs=[
                io.Image.Output("image", is_output_list=True, tooltip="One for each picture; grey without one."),
                io.Mask.Output("mask", is_output_list=True, tooltip="One for each picture; black without one."),
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
        boxes = pair_with_pictures(flatten_boxes(box, "box"), len(pictures), "box")
        panel, cut_images, cut_masks = Panel(len(pictures)), [], []
        for index, picture in enumerate(track_progress(pictures, len(pictures))):
            try:
                place = fit_box(boxes[index] or {}, size_of(picture))
                cut_image, cut_mask = cut_box(picture, masks[index], place)
            except ValueError as error:
                raise ValueError(f"picture {index}: {error}") from error
            cut_images.append(to_host(cut_image[None]))
            cut_masks.append(to_host(cut_mask[None]))
            shown = picture if image else mask_as_picture(masks[index], picture)
            panel.add(tile_of(shown, place, words=f"Cuts {place.width}×{place.height} pixels."))
        return io.NodeOutput(cut_images, cut_masks, ui=panel.show(""))


def cut_box(picture: Tensor, mask: Tensor | None, box: Box) -> tuple[Tensor, Tensor]:
    """The box out of a picture `[H, W, 3]` and its mask: `[h, w, 3]` and `[h, w]`."""
    return cut_picture(picture, box), cut_mask(mask, box, size_of(picture))


def mask_as_picture(mask: Tensor | None, blank: Tensor) -> Tensor:
    """A mask `[h, w]` that came without a picture, in grey: `[h, w, 3]`."""
    return blank if mask is None else mask[..., None].expand(-1, -1, 3)
