"""The heatmap-based approach of "Image Cropping under Design Constraints" (Nishiyasu, Shimoda, Sato; MM Asia 2023).

A network predicts once where the value of a picture lies; after that any number of boxes is judged without it. The
paper adapts the heatmap branch of HCIC ("Human-centric Image Cropping with Partition-aware and Content-preserving
Features", Zhang et al., ECCV 2022), which is what stands here: VGG16, its three maps brought to 256 channels and
summed, reduced to 32, related to each other by a graph layer, and read out as a 64 x 64 map in 0..1. HCIC's
partition-aware branch (it needs a person's box) and its pixel-based crop head (it needs a pass a box) are left out,
for the approach rests on judging boxes from the map alone.

The targets are HCIC's pseudo-heatmaps: crops that people rated above average vote for what they hold
(`training/design_heatmap/losses.py`). The paper does not publish its losses; HCIC's are used: the map against its
target, and the crops' scores against the ratings by value and by order. What HCIC scores with a head, `CropRating`
scores from box sums of the map, so that the ratings train the map that the search will read. The paper does not
publish how it scores a box from the map either; share of heat held, area, and contrast between inside and outside
cover the forms that its figures allow, and the weights of the three are learned.

The search is this project's (all boxes of the lattice); the paper's own is in `sampler.py`, for comparison.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from ..analysis import Analysis, measure_detail
from ..base import Architecture, Cropper, validate_images
from ..state_dict import load_named
from .network import CropRating, HeatmapNetwork

SIDE = 256  # pictures are squashed to a square, as HCIC does on CPC
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class DesignHeatmapAnalysis(Analysis):
    """A predicted heatmap, which the search reads, and the learned rating of any box, which rankings read."""

    def __init__(self, rating: CropRating, heat: Tensor, detail: Tensor | None = None) -> None:
        """heat: [h, w] in 0..1, as the network gives it. detail: as in `Analysis`."""
        self.rating, self.raw = rating, heat
        super().__init__(heat, detail=detail)

    @torch.no_grad()
    def score(self, boxes: Tensor) -> Tensor:
        """[N, 4] relative boxes -> [N] in 0..1: about the share of crops that people would rate lower."""
        weight = self.rating.weights.weight
        rated = self.rating(self.raw.to(weight)[None], boxes.to(weight.device)[None])[0]
        return torch.special.ndtr(rated).to(boxes.device)


class DesignHeatmapCropper(Cropper):
    """The network with loaded weights."""

    name = "design-heatmap"

    def __init__(self, network: HeatmapNetwork, side: int = SIDE) -> None:
        """side: of the square that pictures are squashed to, in pixels, divisible by 32; as in training."""
        self.module = network.eval()
        self.network, self.side = network, side

    @torch.no_grad()
    def analyse(self, images: Tensor) -> list[Analysis]:
        """[B, 3, H, W] RGB in 0..1 of any size -> B analyses with heatmaps [64, 64]."""
        images = validate_images(images).to(self.network.reduce.weight)
        heats = self.network(prepared(images, self.side))
        return [
            DesignHeatmapAnalysis(self.network.rating, heat, detail)
            for heat, detail in zip(heats, measure_detail(images), strict=True)
        ]


def prepared(images: Tensor, side: int = SIDE) -> Tensor:
    """[B, 3, H, W] RGB in 0..1 -> [B, 3, side, side], squashed and normalised as ImageNet's networks expect it."""
    square = F.interpolate(images, (side, side), mode="bilinear", antialias=True)
    mean, deviation = (images.new_tensor(each)[:, None, None] for each in (MEAN, DEVIATION))
    return (square - mean) / deviation


# --- checkpoints ------------------------------------------------------------------------------------------------------

_STAGE = re.compile(r"backbone\.feature([345])\.0\.(\d+)\.(.+)")
_SLICED_AT = {"3": 0, "4": 23, "5": 30}
_BRANCH = {
    "f3_layer.": "lateral.0.",
    "f4_layer.": "lateral.1.",
    "f5_layer.": "lateral.2.",
    "feat_ext.": "reduce.",
    "content_preserve.relation_encoder.": "relate.",
    "content_preserve.preserve_predict.": "readout.",
}


def detect(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of this network or of a whole HCIC model, whose heatmap branch is then used."""
    return {"relate.phi.weight", "readout.1.weight"} <= state.keys() or (
        "content_preserve.relation_encoder.phi.weight" in state
    )


def load(state: Mapping[str, Tensor]) -> DesignHeatmapCropper:
    """A cropper from `training/design_heatmap`'s state dict, or from HCIC's.

    HCIC has no `CropRating`; there a box is rated by the heat it holds.

    Raises:
        ValueError: when a tensor is missing or of the wrong shape.
    """
    if "relate.phi.weight" not in state:
        state = _from_hcic(state)
    lateral, reduced = state["reduce.weight"].shape[1], state["reduce.weight"].shape[0]
    network = HeatmapNetwork(lateral, reduced, related=state["relate.weight"].shape[1])
    load_named(network, state, "a design-heatmap checkpoint")
    return DesignHeatmapCropper(network)


def _from_hcic(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    renamed = {"rating.weights.weight": torch.tensor([[1.0, 0.0, 0.0]]), "rating.weights.bias": torch.zeros(1)}
    for name, value in state.items():
        stage = _STAGE.fullmatch(name)
        if stage:
            layer = int(stage[2]) - _SLICED_AT[stage[1]]
            renamed[f"backbone.stage{stage[1]}.{layer}.{stage[3]}"] = value
        for prefix, ours in _BRANCH.items():
            if name.startswith(prefix):
                renamed[ours + name[len(prefix) :]] = value
    return renamed


ARCHITECTURE = Architecture("design-heatmap", detect, load)
