"""The heatmap-based approach of "Image Cropping under Design Constraints" (Nishiyasu, Shimoda, Sato; MM Asia 2023).

A network predicts once where the value of a picture lies; after that any number of boxes is judged without it. The
paper adapts the heatmap branch of HCIC ("Human-centric Image Cropping with Partition-aware and Content-preserving
Features", Zhang et al., ECCV 2022), which is what stands here: VGG16, its three maps brought to 256 channels and
summed, reduced to 32, related to each other by a graph layer, and read out as a 64 x 64 map in 0..1. HCIC's
partition-aware branch (it needs a person's box) and its pixel-based crop head (it needs a pass a box) are left out,
for the approach rests on judging boxes from the map alone.

The targets are HCIC's pseudo-heatmaps: crops that people rated above average vote for what they hold
(`pseudo_heatmap`). The paper does not publish its losses; HCIC's are used (`heatmap_loss`): the map against its
target, and the crops' scores against the ratings by value and by order. What HCIC scores with a head, `CropRating`
scores from box sums of the map, so that the ratings train the map that the search will read. The paper does not
publish how it scores a box from the map either; share of heat held, area, and contrast between inside and outside
cover the forms that its figures allow, and the weights of the three are learned.

The search is this project's (all boxes of the lattice); the paper's own sampler is in `sampled_boxes`, for comparison.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..cropping.ratio import Ratio
from ..cropping.table import read_points, summed_area
from .analysis import Analysis, detail_of
from .architecture import Architecture
from .backbones import Vgg16
from .cropper import Cropper, checked
from .named_weights import load_named
from .votes import stretched, votes

SIDE = 256  # pictures are squashed to a square, as HCIC does on CPC
HEAT_SIDE = 64
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
AREA_BONUS = 2.0
ENOUGH_CROPS = 10
SAMPLER_STEP = 32
SAMPLER_LONG_SIDE = 1024


# --- the network ------------------------------------------------------------------------------------------------------


class Relation(nn.Module):
    """Every cell becomes the mean of all, weighed by the softmax of their cosine similarity.

    [B, inputs, h, w] -> [B, outputs, h, w].
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.phi = nn.Linear(inputs, inputs, bias=False)
        self.theta = nn.Linear(inputs, inputs, bias=False)
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(inputs, outputs)))

    def forward(self, x: Tensor) -> Tensor:
        cells = x.flatten(2).transpose(1, 2)
        alike = F.normalize(self.phi(cells), dim=-1) @ F.normalize(self.theta(cells), dim=-1).transpose(1, 2)
        related = torch.softmax(alike, dim=-1) @ cells @ self.weight
        return F.relu(related).transpose(1, 2).unflatten(2, x.shape[-2:])


class CropRating(nn.Module):
    """How people would rate a box, from the map alone: a weighted sum of three box sums."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Linear(3, 1)

    def forward(self, heat: Tensor, boxes: Tensor) -> Tensor:
        """[B, h, w] maps in 0..1 and [B, N, 4] relative boxes -> [B, N] ratings, around 0 with deviation 1."""
        return self.weights(box_features(heat, boxes).to(heat.dtype))[..., 0]


class HeatmapNetwork(nn.Module):
    """[B, 3, H, W] normalised pictures (H and W divisible by 32) -> [B, 64, 64] maps in 0..1."""

    def __init__(self, lateral: int = 256, reduced: int = 32, related: int = 8) -> None:
        super().__init__()
        self.backbone = Vgg16()
        self.lateral = nn.ModuleList(nn.Conv2d(depth, lateral, 1) for depth in self.backbone.channels)
        self.reduce = nn.Conv2d(lateral, reduced, 1)
        self.relate = Relation(reduced, related)
        self.readout = nn.Sequential(
            nn.Upsample(size=(HEAT_SIDE, HEAT_SIDE), mode="bilinear", align_corners=True),
            nn.Conv2d(related, related, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(related, 1, 1),
            nn.Sigmoid(),
        )
        self.rating = CropRating()

    def forward(self, images: Tensor) -> Tensor:
        maps = self.backbone(images)
        shape = maps[1].shape[-2:]
        levels = [layer(_brought_to(each, shape)) for layer, each in zip(self.lateral, maps, strict=True)]
        return self.readout(self.relate(self.reduce(levels[0] + levels[1] + levels[2])))[:, 0]


def _brought_to(x: Tensor, shape: torch.Size) -> Tensor:
    return x if x.shape[-2:] == shape else F.interpolate(x, size=shape, mode="bilinear", align_corners=True)


# --- box sums ---------------------------------------------------------------------------------------------------------


def box_features(heat: Tensor, boxes: Tensor) -> Tensor:
    """Share of heat held, share of area, and mean inside minus mean outside.

    heat: [B, h, w] in 0..1. boxes: [B, N, 4] relative. Returns float64 [B, N, 3]; differentiable in `heat`.
    """
    heat = heat.double()
    table = summed_area(heat)
    x1, y1, x2, y2 = boxes.double().unbind(-1)
    inside = (
        read_points(table, x2, y2)
        - read_points(table, x1, y2)
        - read_points(table, x2, y1)
        + read_points(table, x1, y1)
    )
    cells = heat.shape[-1] * heat.shape[-2]
    total = heat.sum((-2, -1))[:, None]
    area = ((x2 - x1) * (y2 - y1)).clamp(0, 1)
    # The whole picture has no outside; an outside of less than a cell says nothing.
    contrast = inside / (area * cells).clamp(min=1) - (total - inside) / ((1 - area) * cells).clamp(min=1)
    return torch.stack((inside / total.clamp_min(1e-9), area, contrast), dim=-1)


# --- targets and losses -----------------------------------------------------------------------------------------------


def pseudo_heatmap(boxes: Tensor, ratings: Tensor, mean_rating: float, side: int = HEAT_SIDE) -> Tensor:
    """HCIC's target: crops rated above the data set's mean vote for what they hold, the better and larger the louder.

    boxes: [N, 4] relative. ratings: [N]. Returns [side, side] with values from 0 to 1. With ten crops or fewer all of
    them vote, and so they do where none is above the mean. HCIC draws whole pixels and resizes; here a cell that is
    covered in part counts in part.
    """
    if len(ratings) > ENOUGH_CROPS and (ratings > mean_rating).any():
        boxes, ratings = boxes[ratings > mean_rating], ratings[ratings > mean_rating]
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    weights = torch.softmax(ratings + AREA_BONUS * area, dim=0)
    return stretched(votes(boxes, weights, (side, side)))


def heatmap_loss(heat: Tensor, target: Tensor, rated: Tensor, ratings: Tensor) -> Tensor:
    """L1 between the maps, smooth L1 between the ratings, and the ranking loss, summed.

    heat, target: [B, h, w]. rated, ratings: [B, N], predicted and given (standardised over the data set).
    """
    return F.l1_loss(heat, target) + F.smooth_l1_loss(rated, ratings) + rank_loss(rated, ratings)


def rank_loss(rated: Tensor, ratings: Tensor) -> Tensor:
    """Mean over all pairs of crops of one picture of how far the predicted difference falls short of the given one.

    HCIC's code takes the sine of the given difference where its paper has the sign; the sign is used here, and pairs
    are formed within a picture. rated, ratings: [B, N]. Returns a scalar, 0 for a single crop.
    """
    predicted = rated.unsqueeze(-1) - rated.unsqueeze(-2)
    given = ratings.unsqueeze(-1) - ratings.unsqueeze(-2)
    short = (given.sign() * (given - predicted)).clamp(min=0)
    pairs = rated.shape[0] * rated.shape[1] * (rated.shape[1] - 1) / 2
    return short.sum() / max(pairs, 1.0)


# --- the paper's sampler ----------------------------------------------------------------------------------------------


def sampled_boxes(ratio: Ratio, size: tuple[int, int], iterations: int, seed: int) -> Tensor:
    """Random boxes of one ratio: float64 [N, 4] relative, N at most `iterations`, the same for the same seed.

    The paper describes its search as iterations over random boxes (500 took it 20 s) and does not publish it. The
    predictions that the authors released lie, without exception, on left and top edges that are multiples of 32
    pixels with one side a multiple of 32 too, the long side of a picture being 1024; so does this sampler. Draws that
    leave the picture are dropped, as a box that small pictures or long ratios have no room for.
    """
    generator = torch.Generator().manual_seed(seed)
    scale = SAMPLER_LONG_SIDE / max(size)
    width, height = size[0] * scale, size[1] * scale
    columns, rows = max(1, int(width // SAMPLER_STEP)), max(1, int(height // SAMPLER_STEP))
    x, y, steps = (
        torch.randint(low, high, (iterations,), generator=generator).double() * SAMPLER_STEP
        for low, high in ((0, columns), (0, rows), (1, max(columns, rows) + 1))
    )
    wide = torch.rand(iterations, generator=generator) < 0.5
    w = torch.where(wide, steps, steps * ratio.value)
    h = torch.where(wide, steps / ratio.value, steps)
    boxes = torch.stack((x / width, y / height, (x + w) / width, (y + h) / height), dim=-1)
    return boxes[(boxes <= 1 + 1e-9).all(dim=-1)].clamp(max=1)


# --- the cropper ------------------------------------------------------------------------------------------------------


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
        images = checked(images).to(self.network.reduce.weight)
        heats = self.network(prepared(images, self.side))
        return [
            DesignHeatmapAnalysis(self.network.rating, heat, detail)
            for heat, detail in zip(heats, detail_of(images), strict=True)
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
