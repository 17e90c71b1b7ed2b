"""centre: the largest box of the ratio in the middle of the picture, the baseline of everyone. It reads no pixels."""

from __future__ import annotations

import torch
from torch import Tensor

from ...cropping.box import Box
from ...cropping.checks import Region
from ...cropping.ratio import Ratio
from ..analysis import Analysis
from ..base import Cropper, validate_images

CELLS = 64


class CentreAnalysis(Analysis):
    """An even heatmap, and one box for each ratio, in the middle. Only a region to keep moves the crop from there."""

    def propose_boxes(
        self, ratio: Ratio, min_share: float, size: tuple[int, int], requested: Region | None = None
    ) -> Tensor:
        width, height = ratio.largest_in(size)
        box = Box((size[0] - width) // 2, (size[1] - height) // 2, width, height)
        return torch.tensor([box.relative(size)], dtype=torch.float64, device=self.heatmap.device)


class CentreCropper(Cropper):
    """The same for every picture of a size. Of several ratios, the one that cuts off the smallest area wins."""

    name = "centre"
    reads_pixels = False

    def analyse(self, images: Tensor) -> list[Analysis]:
        images = validate_images(images)
        return [CentreAnalysis(torch.ones(CELLS, CELLS, device=images.device)) for _ in images]
