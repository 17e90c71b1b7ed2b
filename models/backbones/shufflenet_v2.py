"""ShuffleNetV2 1.0x ("Practical Guidelines for Efficient CNN Architecture Design", Ma et al., 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .base import Backbone, conv_norm


class ShuffleUnit(nn.Module):
    """One half of the channels is filtered, the other passed on; at stride 2, both halves are filtered from all."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        half = outputs // 2
        taken = inputs if stride == 2 else half
        self.branch1 = nn.Sequential()
        if stride == 2:
            self.branch1.extend(
                [*conv_norm(inputs, inputs, 3, 2, groups=inputs), *conv_norm(inputs, half, 1), nn.ReLU(inplace=True)]
            )
        self.branch2 = nn.Sequential(
            *conv_norm(taken, half, 1),
            nn.ReLU(inplace=True),
            *conv_norm(half, half, 3, stride, groups=half),
            *conv_norm(half, half, 1),
            nn.ReLU(inplace=True),
        )
        self.splits = stride == 1

    def forward(self, x: Tensor) -> Tensor:
        left, right = x.chunk(2, dim=1) if self.splits else (x, x)
        return F.channel_shuffle(torch.cat((self.branch1(left), self.branch2(right)), dim=1), 2)


class ShuffleNetV2(Backbone):
    channels = (116, 232, 464)

    def __init__(self) -> None:
        super().__init__()
        stem = nn.Sequential(*conv_norm(3, 24, 3, 2), nn.ReLU(inplace=True))
        self.stage3 = nn.Sequential(stem, nn.MaxPool2d(3, 2, 1), _units(24, 116, 4))
        self.stage4 = _units(116, 232, 8)
        self.stage5 = _units(232, 464, 4)


def _units(inputs: int, outputs: int, count: int) -> nn.Sequential:
    return nn.Sequential(ShuffleUnit(inputs, outputs, 2), *(ShuffleUnit(outputs, outputs, 1) for _ in range(count - 1)))
