"""ResNet-50 ("Deep Residual Learning for Image Recognition", He et al., 2015)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from .base import Backbone, conv_norm


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


class ResNet50(Backbone):
    channels = (512, 1024, 2048)

    def __init__(self) -> None:
        super().__init__()
        stem = (*conv_norm(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        self.stage3 = nn.Sequential(*stem, bottlenecks(64, 64, 3, 1), bottlenecks(256, 128, 4, 2))
        self.stage4 = bottlenecks(512, 256, 6, 2)
        self.stage5 = bottlenecks(1024, 512, 3, 2)


def bottlenecks(inputs: int, width: int, count: int, stride: int) -> nn.Sequential:
    """One of the four layers of a ResNet with bottlenecks."""
    first = Bottleneck(inputs, width, stride)
    return nn.Sequential(first, *(Bottleneck(width * 4, width, 1) for _ in range(count - 1)))
