"""Saliency Heatmap: where the value of a picture lies, steered by hand where wanted."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from comfy_api.latest import io
from torch import Tensor

from ..cropping.reweight import combine_focus, reweight_heatmap
from ..jobs.warnings import describe_place, percent
from .analyse import analyse_batches
from .drawing import draw_heat, heatmap_as_mask
from .host import is_connected, to_host, track_progress
from .hosted_cropper import HostedCropper
from .panel import Panel, Tile, count_of
from .sockets.boxes import box_input, read_boxes, relative_regions
from .sockets.croppers import cropper_input
from .sockets.lists import require_single
from .sockets.masks import read_masks
from .sockets.pictures import read_batches, size_of

OVERLAY = 1
"""The number of the output `overlay`."""


class Heatmap(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_Heatmap",
            display_name="Saliency Heatmap",
            category="Salient Crop",
            description="Shows where a cropper sees the value of each picture. A focus raises the heat, a mask of what"
            " to avoid takes it away; Crop/Resize follows the result.",
            search_aliases=["saliency", "attention map", "importance map", "focus"],
            is_input_list=True,
            has_intermediate_output=True,
            hidden=[io.Hidden.unique_id],
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
    def fingerprint_inputs(cls, **_: object) -> bool:
        return is_connected(cls.hidden.unique_id, OVERLAY)

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
        drawn = is_connected(cls.hidden.unique_id, OVERLAY)
        overlays = [torch.empty(batch.shape) if drawn else None for batch in batches]
        places = [(index, row) for index, batch in enumerate(batches) for row in range(len(batch))]
        pictures = zip(
            places,
            track_progress(analyse_batches(batches, cropper, None), len(places)),
            read_masks(focus, batches, "focus"),
            read_boxes(focus_boxes, batches, "focus_boxes"),
            read_masks(avoid, batches, "avoid"),
            strict=True,
        )
        panel = Panel(len(places), heat=True)
        for (index, row), analysed, mask, boxes, unwanted in pictures:
            size, heatmap = size_of(analysed.picture), analysed.analysis.heatmap
            wanted = combine_focus(mask, relative_regions(boxes, size), heatmap.shape)
            steered = reweight_heatmap(heatmap, wanted, unwanted, share)
            heat = heatmap_as_mask(steered, size)
            heatmaps[index][row] = heat
            overlay = overlays[index]
            if overlay is not None:
                draw_heat(analysed.picture.cpu(), heat, out=overlay[row])
            sketch = partial(getattr, analysed, "sketch")
            panel.add(Tile(size, sketch, heat=steered, words=describe_heat(steered)))
        shown = panel.show("" if panel.count == 1 else count_of(panel.count, "heatmap"))
        return io.NodeOutput(
            [to_host(each) for each in heatmaps],
            [None if each is None else to_host(each) for each in overlays],
            ui=shown,
        )


def describe_heat(heatmap: Tensor) -> str:
    """How much of the picture holds half of the heat `[h, w]`, and where that half lies, in words."""
    heat = heatmap.double().cpu()
    if heat.min() == heat.max():
        return "No place is worth more than another."
    values = heat.flatten().sort(descending=True).values
    count = int((values.cumsum(0) < values.sum() / 2).sum()) + 1
    hot = heat * (heat >= values[count - 1])
    x, y = _middle(hot.sum(0)), _middle(hot.sum(1))
    return (
        f"Half of the interest lies on {percent(count / len(values))} of the picture, {describe_place((x, y, x, y))}."
    )


def _middle(values: Tensor) -> float:
    """Where the centre of mass of a row of values lies, 0..1."""
    places = (torch.arange(len(values), dtype=values.dtype) + 0.5) / len(values)
    return float((values * places).sum() / values.sum())
