"""GAIC's network: features of the whole picture once, then any number of boxes from what lies inside and outside.

From "Grid Anchor based Image Cropping: A New Benchmark and An Efficient Model" (Zeng, Li, Cao, Zhang; TPAMI 2020).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..backbones import Backbone
from .roi_align import rod_align, roi_align

CELL = 16  # pixels of the picture that a cell of the feature map covers along each side


class GaicNetwork(nn.Module):
    """Backbone, reduction to a few channels, RoIAlign and RoDAlign, and a small head.

    The names of submodules are the names of weights in checkpoints; they cannot change.

    Args:
        backbone: its three maps are resized to 1/16 and stacked.
        reduced: channels of the reduced map.
        side: of the grid that a box is sampled on.
        hidden: channels of the head's two hidden layers.
        multi_scale: False reads only the map at 1/16.
    """

    def __init__(
        self,
        backbone: Backbone,
        reduced: int = 8,
        side: int = 9,
        hidden: tuple[int, int] = (768, 128),
        multi_scale: bool = True,
    ) -> None:
        super().__init__()
        self.side = side
        self.multi_scale = multi_scale
        self.backbone = backbone
        self.reduce = nn.Conv2d(sum(backbone.channels) if multi_scale else backbone.channels[1], reduced, 1)
        self.head = nn.Sequential(
            nn.Conv2d(reduced * 2, hidden[0], side),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden[0], hidden[1], 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden[1], 1, 1),
        )

    def features(self, images: Tensor) -> Tensor:
        """[B, 3, H, W] normalised pictures, H and W divisible by 32 -> [B, reduced, H / 16, W / 16]."""
        eighth, sixteenth, last = self.backbone(images)
        if not self.multi_scale:
            return self.reduce(sixteenth)
        eighth, last = (
            F.interpolate(each, size=sixteenth.shape[-2:], mode="bilinear", align_corners=True)
            for each in (eighth, last)
        )
        return self.reduce(torch.cat((eighth, sixteenth, 0.5 * last), dim=1))

    def rate(self, features: Tensor, boxes: Tensor) -> Tensor:
        """[B, C, h, w] features and [B, N, 4] boxes (x1, y1, x2, y2 in pixels of the pictures) -> [B, N] ratings."""
        boxes = boxes / CELL
        sampled = torch.cat((roi_align(features, boxes, self.side), rod_align(features, boxes, self.side)), dim=2)
        return self.head(sampled.flatten(0, 1)).view(boxes.shape[:2])

    def forward(self, images: Tensor, boxes: Tensor) -> Tensor:
        """[B, 3, H, W] and [B, N, 4] pixels -> [B, N]."""
        return self.rate(self.features(images), boxes)
