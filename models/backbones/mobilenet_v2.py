"""MobileNetV2 ("Inverted Residuals and Linear Bottlenecks", Sandler et al., 2018)."""

from __future__ import annotations

from torch import Tensor, nn

from .base import Backbone, conv_norm


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution, projection; added to the input where the shapes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        expand = [] if expansion == 1 else [*conv_norm(inputs, wide, 1), nn.ReLU6(inplace=True)]
        depthwise = [*conv_norm(wide, wide, 3, stride, groups=wide), nn.ReLU6(inplace=True)]
        self.conv = nn.Sequential(*expand, *depthwise, *conv_norm(wide, outputs, 1))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(Backbone):
    channels = (32, 96, 320)

    def __init__(self) -> None:
        super().__init__()
        stem = nn.Sequential(*conv_norm(3, 32, 3, 2), nn.ReLU6(inplace=True))
        self.stage3 = nn.Sequential(
            stem, *_residuals(32, 16, 1, 1, expansion=1), *_residuals(16, 24, 2, 2), *_residuals(24, 32, 3, 2)
        )
        self.stage4 = nn.Sequential(*_residuals(32, 64, 4, 2), *_residuals(64, 96, 3, 1))
        self.stage5 = nn.Sequential(*_residuals(96, 160, 3, 2), *_residuals(160, 320, 1, 1))


def _residuals(inputs: int, outputs: int, count: int, stride: int, expansion: int = 6) -> list[nn.Module]:
    first = InvertedResidual(inputs, outputs, stride, expansion)
    return [first, *(InvertedResidual(outputs, outputs, 1, expansion) for _ in range(count - 1))]
