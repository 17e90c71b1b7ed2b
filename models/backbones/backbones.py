"""Image classification networks cut into the three stages that croppers read: 1/8, 1/16 and 1/32 of the picture.

MobileNetV2 (Sandler et al., 2018), ShuffleNetV2 1.0x (Ma et al., 2018), VGG16 (Simonyan & Zisserman, 2014) and
ResNet-50 (He et al., 2015), without their classifiers. Every backbone maps [B, 3, H, W] (H, W divisible by 32) to
three feature maps and says in `channels` how deep they are. Built without weights: a checkpoint brings them.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Backbone(nn.Module):
    """Three stages in a row."""

    channels: ClassVar[tuple[int, int, int]]
    stage3: nn.Module
    stage4: nn.Module
    stage5: nn.Module

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        eighth = self.stage3(images)
        sixteenth = self.stage4(eighth)
        return eighth, sixteenth, self.stage5(sixteenth)


def conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution that keeps the size at stride 1, and its batch normalisation."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(outputs)]


# --- MobileNetV2 ------------------------------------------------------------------------------------------------------


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow; added to the input where the shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int, widening: int) -> None:
        super().__init__()
        wide = inputs * widening
        widen = [] if widening == 1 else [*conv_norm(inputs, wide, 1), nn.ReLU6(inplace=True)]
        depthwise = [*conv_norm(wide, wide, 3, stride, groups=wide), nn.ReLU6(inplace=True)]
        self.conv = nn.Sequential(*widen, *depthwise, *conv_norm(wide, outputs, 1))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.residual else self.conv(x)


def _residuals(inputs: int, outputs: int, count: int, stride: int, widening: int = 6) -> list[nn.Module]:
    first = InvertedResidual(inputs, outputs, stride, widening)
    return [first, *(InvertedResidual(outputs, outputs, 1, widening) for _ in range(count - 1))]


class MobileNetV2(Backbone):
    channels = (32, 96, 320)

    def __init__(self) -> None:
        super().__init__()
        stem = nn.Sequential(*conv_norm(3, 32, 3, 2), nn.ReLU6(inplace=True))
        self.stage3 = nn.Sequential(
            stem, *_residuals(32, 16, 1, 1, widening=1), *_residuals(16, 24, 2, 2), *_residuals(24, 32, 3, 2)
        )
        self.stage4 = nn.Sequential(*_residuals(32, 64, 4, 2), *_residuals(64, 96, 3, 1))
        self.stage5 = nn.Sequential(*_residuals(96, 160, 3, 2), *_residuals(160, 320, 1, 1))


# --- ShuffleNetV2 -----------------------------------------------------------------------------------------------------


class ShuffleUnit(nn.Module):
    """Half of the channels is filtered, half passed on; where the map shrinks, both halves are filtered from all."""

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


def _units(inputs: int, outputs: int, count: int) -> nn.Sequential:
    return nn.Sequential(ShuffleUnit(inputs, outputs, 2), *(ShuffleUnit(outputs, outputs, 1) for _ in range(count - 1)))


class ShuffleNetV2(Backbone):
    channels = (116, 232, 464)

    def __init__(self) -> None:
        super().__init__()
        stem = nn.Sequential(*conv_norm(3, 24, 3, 2), nn.ReLU(inplace=True))
        self.stage3 = nn.Sequential(stem, nn.MaxPool2d(3, 2, 1), _units(24, 116, 4))
        self.stage4 = _units(116, 232, 8)
        self.stage5 = _units(232, 464, 4)


# --- VGG16 ------------------------------------------------------------------------------------------------------------


def _convolutions(inputs: int, outputs: int, count: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for k in range(count):
        layers += [nn.Conv2d(outputs if k else inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
    return layers


class Vgg16(Backbone):
    """`stage5` is the last pooling alone; each stage ends before the pooling that the next begins with."""

    channels = (512, 512, 512)

    def __init__(self) -> None:
        super().__init__()
        self.stage3 = nn.Sequential(
            *_convolutions(3, 64, 2),
            nn.MaxPool2d(2),
            *_convolutions(64, 128, 2),
            nn.MaxPool2d(2),
            *_convolutions(128, 256, 3),
            nn.MaxPool2d(2),
            *_convolutions(256, 512, 3),
        )
        self.stage4 = nn.Sequential(nn.MaxPool2d(2), *_convolutions(512, 512, 3))
        self.stage5 = nn.Sequential(nn.MaxPool2d(2))


# --- ResNet-50 --------------------------------------------------------------------------------------------------------


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 beside a shortcut; the stride sits in the 3x3 ("v1.5")."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * 4
        self.conv1, self.bn1 = conv_norm(inputs, width, 1)
        self.conv2, self.bn2 = conv_norm(width, width, 3, stride)
        self.conv3, self.bn3 = conv_norm(width, outputs, 1)
        fits = stride == 1 and inputs == outputs
        self.downsample = None if fits else nn.Sequential(*conv_norm(inputs, outputs, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return F.relu(self.bn3(self.conv3(x)) + shortcut)


def bottlenecks(inputs: int, width: int, count: int, stride: int) -> nn.Sequential:
    first = Bottleneck(inputs, width, stride)
    return nn.Sequential(first, *(Bottleneck(width * 4, width, 1) for _ in range(count - 1)))


class ResNet50(Backbone):
    channels = (512, 1024, 2048)

    def __init__(self) -> None:
        super().__init__()
        stem = (*conv_norm(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        self.stage3 = nn.Sequential(*stem, bottlenecks(64, 64, 3, 1), bottlenecks(256, 128, 4, 2))
        self.stage4 = bottlenecks(512, 256, 6, 2)
        self.stage5 = bottlenecks(1024, 512, 3, 2)
