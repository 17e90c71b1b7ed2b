"""VGG16 ("Very Deep Convolutional Networks", Simonyan & Zisserman, 2014)."""

from __future__ import annotations

from torch import nn

from .base import Backbone


class Vgg16(Backbone):
    """Each stage ends before the pooling that the next begins with, so `stage5` is the last pooling alone."""

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


def _convolutions(inputs: int, outputs: int, count: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for k in range(count):
        layers += [nn.Conv2d(outputs if k else inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
    return layers
