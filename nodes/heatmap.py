"""Saliency Heatmap: where the value of a picture lies, steered by hand where wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from comfy_api.latest import io
from torch import Tensor

from ..cropping.boxes import rasterize_xyxy
from ..cropping.reweight import reweight_heatmap
from . import pixels, sockets
from .host import in_turn, to_host
from .hosted_cropper import HostedCropper, or_default


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
                sockets.cropper_input(),
                io.Float.Input(
                    "strength",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="The share of all heat that the focus takes. 1: nothing else counts.",
                ),
                io.Mask.Input("focus", optional=True, tooltip="Heat is raised where this is white."),
                sockets.box_input("focus_boxes", "Heat is raised in these boxes, such as a face detector's."),
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
        judge = or_default(sockets.only(cropper, "cropper") if cropper else None)
        share = sockets.only(strength, "strength")
        batches = sockets.as_batches(image)
        steered = zip(
            sockets.masks_of(focus, batches, "focus"),
            sockets.boxes_of(focus_boxes, batches, "focus_boxes"),
            sockets.masks_of(avoid, batches, "avoid"),
            strict=True,
        )
        heatmaps, overlays = [], []
        for batch in in_turn(batches, len(batches)):
            size = sockets.size_of(batch[0])
            heat = []
            for analysis in judge.analyse(batch):
                mask, boxes, unwanted = next(steered)
                wanted = focus_mask(mask, sockets.boxes_as_regions(boxes, size), analysis.heatmap.shape)
                heat.append(pixels.as_mask(reweight_heatmap(analysis.heatmap, wanted, unwanted, share), size))
            heatmaps.append(to_host(torch.stack(heat)))
            glowing = [pixels.overlay(picture.cpu(), each) for picture, each in zip(batch, heat, strict=True)]
            overlays.append(to_host(torch.stack(glowing)))
        return io.NodeOutput(heatmaps, overlays)


def focus_mask(mask: Tensor | None, regions: Tensor, shape: Sequence[int]) -> Tensor | None:
    """A mask and regions `[N, 4]` as one mask; None where there is neither."""
    if not len(regions):
        return mask
    rows, columns = shape if mask is None else mask.shape
    covered = rasterize_xyxy(regions, rows, columns)
    return covered if mask is None else torch.maximum(covered.to(mask), mask)
