"""The heatmap-based approach of "Image Cropping under Design Constraints" (Nishiyasu, Shimoda, Sato; MM Asia 2023).

A network predicts a heatmap of a picture's value once; after that any number of boxes is scored from the heatmap. The
paper adapts the heatmap branch of HCIC ("Human-centric Image Cropping with Partition-aware and Content-preserving
Features", Zhang et al., ECCV 2022), which is implemented here: VGG16, its three maps projected to 256 channels and
summed, reduced to 32, passed through a graph layer, and decoded to a 64 × 64 map in 0..1. HCIC's partition-aware branch
(it needs a person's box) and its pixel-based crop head (it needs a pass for each box) are left out, because boxes are
scored from the map alone.

The targets are HCIC's pseudo-heatmaps: the sum of the crops that people rated above average
(`training/design_heatmap/losses.py`). The paper does not publish its losses; HCIC's are used: the map against its
target, and the crops' scores against the ratings by value and by order. Where HCIC scores with a head, `CropRating`
scores from box sums of the map, so that the ratings train the map that the search reads. The paper does not publish how
it scores a box from the map either; share of the heat, area, and contrast between inside and outside cover the forms
that its figures allow, and the weights of the three are learned.

The search is this project's; the paper's own is in `baselines/sampler.py`, for comparison.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..analysis import Analysis, measure_detail
from ..backbones.imagenet import standardise
from ..base import Cropper, validate_images
from ..runtime.network_pass import NetworkPass
from .network import CropRating, HeatmapNetwork

SIDE = 256  # pixels of the square that pictures are resized to, as HCIC does on CPC


class DesignHeatmapAnalysis(Analysis):
    """A predicted heatmap, which the search reads, and the learned rating of any box, which rankings read.

    Args:
        rating: from the network.
        values: `[h, w]` in 0..1, the output of the network.
        detail: as in `Analysis`.
    """

    def __init__(self, rating: CropRating, values: Tensor, detail: Tensor | None = None) -> None:
        self.rating, self.values = rating, values
        super().__init__(values, detail=detail)

    @torch.no_grad()
    def score(self, boxes: Tensor) -> Tensor:
        """`[N, 4]` relative boxes → `[N]` in 0..1: about the share of crops that people would rate lower."""
        weight = self.rating.weights.weight
        rated = self.rating(self.values.to(weight)[None], boxes.to(weight.device)[None])[0]
        return torch.special.ndtr(rated).to(boxes.device)


class DesignHeatmapCropper(Cropper):
    """The network with loaded weights.

    Args:
        network: with its weights.
        side: of the square that pictures are resized to, in pixels, divisible by 32; as in training.
    """

    name = "design-heatmap"
    network_pass: NetworkPass[Tensor]

    def __init__(self, network: HeatmapNetwork, side: int = SIDE) -> None:
        self.module = network.eval()
        self.network, self.side = network, side
        self.network_pass = NetworkPass(network, network)

    @torch.no_grad()
    def analyse(self, images: Tensor) -> list[Analysis]:
        """`[B, 3, H, W]` RGB in 0..1 of any size → B analyses with heatmaps `[64, 64]`."""
        images = validate_images(images).to(self.network.reduce.weight)
        heatmaps = self.network_pass(preprocess(images, self.side))
        return [
            DesignHeatmapAnalysis(self.network.rating, heatmap, detail)
            for heatmap, detail in zip(heatmaps, measure_detail(images), strict=True)
        ]


def preprocess(images: Tensor, side: int = SIDE) -> Tensor:
    """`[B, 3, H, W]` RGB in 0..1 → `[B, 3, side, side]`: resized to a square whatever their shape, and standardised."""
    return standardise(F.interpolate(images, (side, side), mode="bilinear", antialias=True))
