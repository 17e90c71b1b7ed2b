"""The network of the heatmap-based approach: a heatmap of a picture, and the rating of boxes from the heatmap alone.

The names of submodules are the names of weights in checkpoints; they cannot change.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...cropping.box_sums import read_points, summed_area
from ..backbones import Vgg16

HEAT_SIDE = 64


class Relation(nn.Module):
    """HCIC's graph layer: every cell becomes the mean of all, weighted by the softmax of their cosine similarities.

    `[B, inputs, h, w]` → `[B, outputs, h, w]`.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.phi = nn.Linear(inputs, inputs, bias=False)
        self.theta = nn.Linear(inputs, inputs, bias=False)
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(inputs, outputs)))

    def forward(self, x: Tensor) -> Tensor:
        cells = x.flatten(2).transpose(1, 2)
        similarity = F.normalize(self.phi(cells), dim=-1) @ F.normalize(self.theta(cells), dim=-1).transpose(1, 2)
        related = torch.softmax(similarity, dim=-1) @ cells @ self.weight
        return F.relu(related).transpose(1, 2).unflatten(2, x.shape[-2:])


class CropRating(nn.Module):
    """How people would rate a box, from the map alone: a weighted sum of three box sums."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Linear(3, 1)

    def forward(self, heat: Tensor, boxes: Tensor) -> Tensor:
        """`[B, h, w]` maps in 0..1 and `[B, N, 4]` relative boxes → `[B, N]` ratings, around 0 with deviation 1."""
        return self.weights(box_features(heat, boxes).to(heat.dtype))[..., 0]


class HeatmapNetwork(nn.Module):
    """`[B, 3, H, W]` standardised pictures (H and W divisible by 32) → `[B, 64, 64]` maps in 0..1."""

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
        levels = [layer(_resize(each, shape)) for layer, each in zip(self.lateral, maps, strict=True)]
        return self.readout(self.relate(self.reduce(levels[0] + levels[1] + levels[2])))[:, 0]


def _resize(x: Tensor, shape: torch.Size) -> Tensor:
    return x if x.shape[-2:] == shape else F.interpolate(x, size=shape, mode="bilinear", align_corners=True)


def box_features(heat: Tensor, boxes: Tensor) -> Tensor:
    """Share of the heat, share of the area, and mean inside minus mean outside, of each box.

    Args:
        heat: `[B, h, w]` in 0..1.
        boxes: `[B, N, 4]` relative.

    Returns:
        float64 `[B, N, 3]`; differentiable in `heat`.
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
    # The whole picture has no outside; an outside smaller than a cell counts as one cell.
    contrast = inside / (area * cells).clamp(min=1) - (total - inside) / ((1 - area) * cells).clamp(min=1)
    return torch.stack((inside / total.clamp_min(1e-9), area, contrast), dim=-1)
