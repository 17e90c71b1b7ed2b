"""The two backbones of TranSalNet, ResNet-50 and DenseNet-161, as its checkpoints name and number their layers.

The names of submodules are the names of weights in checkpoints; they cannot change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..backbones import bottlenecks, conv_norm


class DenseLayer(nn.Module):
    """Adds `growth` channels, computed from all that came before."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, growth * 4, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(growth * 4)
        self.conv2 = nn.Conv2d(growth * 4, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv1(F.relu(self.norm1(x)))
        return torch.cat((x, self.conv2(F.relu(self.norm2(new)))), dim=1)


def _dense_block(inputs: int, count: int, growth: int = 48) -> nn.Sequential:
    block = nn.Sequential()
    for k in range(count):
        block.add_module(f"denselayer{k + 1}", DenseLayer(inputs + k * growth, growth))
    return block


def _transition(inputs: int) -> nn.Sequential:
    block = nn.Sequential()
    block.add_module("norm", nn.BatchNorm2d(inputs))
    block.add_module("relu", nn.ReLU(inplace=True))
    block.add_module("conv", nn.Conv2d(inputs, inputs // 2, 1, bias=False))
    block.add_module("pool", nn.AvgPool2d(2))
    return block


def _resnet() -> list[nn.Module]:
    stem = [*conv_norm(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    return [
        *stem,
        bottlenecks(64, 64, 3, 1),
        bottlenecks(256, 128, 4, 2),
        bottlenecks(512, 256, 6, 2),
        bottlenecks(1024, 512, 3, 2),
    ]


def _densenet() -> list[nn.Module]:
    stem = [*conv_norm(3, 96, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    return [
        *stem,
        _dense_block(96, 6),
        _transition(384),
        _dense_block(192, 12),
        _transition(768),
        _dense_block(384, 36),
        _transition(2112),
        _dense_block(1056, 24),
    ]


@dataclass(frozen=True)
class Variant:
    """One of the two published backbones.

    Attributes:
        name: as in TranSalNet_Res and TranSalNet_Dense.
        make_layers: its layers in sequence, without weights.
        output_layers: indices of the layers whose output is read, at 1/8, 1/16 and 1/32 of the picture.
        channels: of those outputs.
    """

    name: str
    make_layers: Callable[[], list[nn.Module]]
    output_layers: tuple[int, int, int]
    channels: tuple[int, int, int]


RES = Variant("res", _resnet, (5, 6, 7), (512, 1024, 2048))
DENSE = Variant("dense", _densenet, (6, 8, 10), (768, 2112, 2208))


class Encoder(nn.Module):
    """`[B, 3, H, W]` → the three maps at 1/8, 1/16 and 1/32."""

    def __init__(self, variant: Variant) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(variant.make_layers())
        self.output_layers = variant.output_layers

    def forward(self, images: Tensor) -> list[Tensor]:
        maps, x = [], images
        for number, layer in enumerate(self.encoder):
            x = layer(x)
            if number in self.output_layers:
                maps.append(x)
        return maps
