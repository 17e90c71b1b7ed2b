"""GAIC: rates crops from what lies inside them and what they discard, with one pass over the picture for all of them.

"Grid Anchor based Image Cropping: A New Benchmark and An Efficient Model" (Zeng, Li, Cao, Zhang; TPAMI 2020,
"GAICv2"). It also rates the crops in the proposal-based approach of "Image Cropping under Design Constraints"
(Nishiyasu et al., 2023).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..analysis import Analysis, measure_detail
from ..base import Cropper, validate_images
from ..runtime.network_pass import NetworkPass
from .analysis import GaicAnalysis
from .network import GaicNetwork
from .preprocess import preprocess, working_size
from .variant import AUTHORS, GaicVariant


class GaicCropper(Cropper):
    """GAIC with loaded weights."""

    name = "gaic"
    network_pass: NetworkPass[Tensor]

    def __init__(self, network: GaicNetwork, variant: GaicVariant = AUTHORS) -> None:
        self.module = network.eval()
        self.network, self.variant = network, variant
        self.network_pass = NetworkPass(network, network.features)

    @torch.no_grad()
    def analyse(self, images: Tensor) -> list[Analysis]:
        """`[B, 3, H, W]` RGB in 0..1 of any size → B analyses."""
        images = validate_images(images).to(self.network.reduce.weight)
        size = working_size((images.shape[-1], images.shape[-2]))
        maps = self.network_pass(preprocess(images, size, self.variant))
        return [
            GaicAnalysis(self.network, features, size, self.variant, detail)
            for features, detail in zip(maps, measure_detail(images), strict=True)
        ]
