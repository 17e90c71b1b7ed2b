"""Saliency Heatmap: where the value of a picture lies, steered by hand where wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from comfy_api.latest import io
from torch import Tensor

from ..cropping.boxes import rasterize_xyxy
from ..cropping.reweight import reweight_heatmap
from .analyse import analyse_batches
from .drawing import draw_heat, heatmap_as_mask
from .host import to_host, track_progress
from .hosted_cropper import HostedCropper
from .sockets.boxes import box_input, read_boxes, relative_regions
from .sockets.croppers import cropper_input
from .sockets.lists import require_single
from .sockets.masks import read_masks
from .sockets.pictures import read_batches, size_of


class Heatmap(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_Heatmap",
            display_name="Saliency Heatmap",
            category="Salient Crop",
            description="Shows where a cropper sees the value of each picture. A focus raises the heat, a mask of what"
            " to avoid takes it away; Constrained Crop follows the result.",
            search_aliases=["saliency", "attention map", "importance map", "focus"],
            is_input_list=True,
            inputs=[
                io.Image.Input("image", tooltip="One picture, a batch, or a list of pictures of any size."),
                cropper_input(),
                io.Float.Input(
                    "strength",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="The share of all heat that the focus takes. 1: nothing else counts.",
                ),
                io.Mask.Input("focus", optional=True, tooltip="Heat is raised where this is white."),
                box_input("focus_boxes", "Heat is raised in these boxes, such as a face detector's."),
                io.Mask.Input("avoid", optional=True, tooltip="Heat is taken away where this is white."),
            ],
            outputs=[
                io.Mask.Output("heatmap", is_output_list=True, tooltip="As large as the picture; 1 at its hottest."),
                io.Image.Output(
                    "overlay", is_output_list=True, tooltip="The picture in grey, glowing where it is hot."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: list[Tensor],
        strength: list[float],
        cropper: list[HostedCropper] | None = None,
        focus: list[Tensor] | None = None,
        focus_boxes: list[Any] | None = None,
        avoid: list[Tensor] | None = None,
    ) -> io.NodeOutput:
        share = require_single(strength, "strength")
        batches = read_batches(image)
        heatmaps = [torch.empty(batch.shape[:3]) for batch in batches]
        overlays = [torch.empty(batch.shape) for batch in batches]
        places = [(index, row) for index, batch in enumerate(batches) for row in range(len(batch))]
        pictures = zip(
            places,
            track_progress(analyse_batches(batches, cropper, None), len(places)),
            read_masks(focus, batches, "focus"),
            read_boxes(focus_boxes, batches, "focus_boxes"),
            read_masks(avoid, batches, "avoid"),
            strict=True,
        )
        for (index, row), analysed, mask, boxes, unwanted in pictures:
            size, heatmap = size_of(analysed.picture), analysed.analysis.heatmap
            wanted = combine_focus(mask, relative_regions(boxes, size), heatmap.shape)
            heat = heatmap_as_mask(reweight_heatmap(heatmap, wanted, unwanted, share), size)
            heatmaps[index][row] = heat
            draw_heat(analysed.picture.cpu(), heat, out=overlays[index][row])
        return io.NodeOutput([to_host(each) for each in heatmaps], [to_host(each) for each in overlays])


def combine_focus(mask: Tensor | None, regions: Tensor, shape: Sequence[int]) -> Tensor | None:
    """A mask `[h, w]` and relative regions `[N, 4]` as one mask; None where there is neither.

    Args:
        shape: rows and columns of the result where there is no mask.
    """
    if not len(regions):
        return mask
    rows, columns = shape if mask is None else mask.shape
    covered = rasterize_xyxy(regions, rows, columns)
    return covered if mask is None else torch.maximum(covered.to(mask), mask)
