"""The contract of a backbone, and the block that all of them are made of."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class Backbone(nn.Module):
    """An image classification network without its classifier, cut into the three stages that croppers read.

    It is built without weights: a checkpoint brings them. The names of submodules are the names of weights in
    checkpoints; they cannot change.

    Attributes:
        channels: of the three feature maps.
    """

    channels: ClassVar[tuple[int, int, int]]
    stage3: nn.Module
    stage4: nn.Module
    stage5: nn.Module

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`[B, 3, H, W]`, H and W divisible by 32 → three feature maps, at 1/8, 1/16 and 1/32 of the size."""
        eighth = self.stage3(images)
        sixteenth = self.stage4(eighth)
        return eighth, sixteenth, self.stage5(sixteenth)


def conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution that keeps the size at stride 1, and its batch normalisation."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(outputs)]
