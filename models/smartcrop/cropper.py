"""smartcrop: the content-aware cropper of smartcrop.js. It has no weights."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..analysis import Analysis, measure_detail
from ..base import Cropper, validate_images
from .analysis import SmartcropAnalysis, pool_heatmap
from .boxes import working_size
from .maps import feature_maps, reduce_to_cells, round_to_byte, weigh_maps


class SmartcropCropper(Cropper):
    """smartcrop.js as a cropper: detail, skin and saturated colour near the middle and the thirds of the crop.

    It proposes its own boxes. It finds no faces; `SmartcropAnalysis.boost` takes those of a detector.
    """

    name = "smartcrop"

    def analyse(self, images: Tensor) -> list[Analysis]:
        pictures = resize_to_working_size(validate_images(images))
        maps = feature_maps(pictures)
        maps = torch.cat((maps, torch.zeros_like(maps[:, :1])), dim=1)
        work = pictures.shape[-1], pictures.shape[-2]
        found = zip(reduce_to_cells(maps).to(torch.uint8), _heatmaps(maps), measure_detail(pictures / 255), strict=True)
        return [SmartcropAnalysis(cells, heatmap, work, detail=detail) for cells, heatmap, detail in found]


def resize_to_working_size(images: Tensor) -> Tensor:
    """float32 `[B, 3, H, W]` in 0..1 → uint8 at the working size, antialiased; not resampled where they have it."""
    # Apple's GPU has no float64.
    images = images.cpu() if images.device.type == "mps" else images
    width, height = working_size((images.shape[-1], images.shape[-2]))
    if images.shape[-2:] != (height, width):
        images = images.contiguous()  # faster than interleaved pixels, to the same values
        images = F.interpolate(images, size=(height, width), mode="bilinear", antialias=True)
    return round_to_byte(images * 255).to(torch.uint8)


def _heatmaps(maps: Tensor) -> Tensor:
    """Maps `[B, 4, H, W]` → heatmaps `[B, h', w']` of any scale."""
    heat = weigh_maps(maps)
    if min(heat.shape[-2:]) > 2:
        # The outermost pixels' detail is their lightness, see `feature_maps`: it would frame every picture in heat.
        heat = F.pad(heat[None, :, 1:-1, 1:-1], (1, 1, 1, 1), mode="replicate")[0]
    return pool_heatmap(heat)
