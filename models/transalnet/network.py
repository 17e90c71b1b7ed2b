"""TranSalNet's network: a convolutional backbone, transformers over three of its maps, and a decoder.

From "TranSalNet: Towards perceptually relevant visual saliency prediction" (Lou, Lin, Marshall, Saupe, Liu;
Neurocomputing 2022). The names of submodules are the names of weights in the published checkpoints; they cannot change.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .encoder import Encoder, Variant
from .transformer import MapTransformer

FRAME = (384, 288)  # (width, height); the position embeddings exist for this size only


class Decoder(nn.Module):
    """From the coarsest map to the finest, multiplying each with the next, up to the size of the picture."""

    def __init__(self, channels: tuple[int, int, int], cells: tuple[int, int, int]) -> None:
        super().__init__()
        widths = (768, 768, 512, 256, 128, 64, 32)
        for k in range(6):
            self.add_module(f"conv{k + 1}", nn.Conv2d(widths[k], widths[k + 1], 3, padding=1))
            self.add_module(f"batchnorm{k + 1}", nn.BatchNorm2d(widths[k + 1]))
        self.conv7 = nn.Conv2d(widths[6], 1, 3, padding=1)
        self.TransEncoder1 = MapTransformer(channels[2], cells[2], 768)
        self.TransEncoder2 = MapTransformer(channels[1], cells[1], 768)
        self.TransEncoder3 = MapTransformer(channels[0], cells[0], 512)

    def forward(self, maps: list[Tensor]) -> Tensor:
        eighth, sixteenth, last = maps
        x = self._step(1, self.TransEncoder1(last))
        x = self._step(2, F.relu(_double(x) * self.TransEncoder2(sixteenth)))
        x = self._step(3, F.relu(_double(x) * self.TransEncoder3(eighth)))
        for number in (4, 5, 6):
            x = self._step(number, _double(x))
        return torch.sigmoid(self.conv7(x))

    def _step(self, number: int, x: Tensor) -> Tensor:
        convolution, norm = self.get_submodule(f"conv{number}"), self.get_submodule(f"batchnorm{number}")
        return F.relu(norm(convolution(x)))


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


class TranSalNet(nn.Module):
    """`[B, 3, 288, 384]` RGB in 0..1 → `[B, 1, 288, 384]` saliency in 0..1.

    Args:
        variant: of the backbone.
        frame: another (width, height), divisible by 32, for which the position embeddings are made.
    """

    def __init__(self, variant: Variant, frame: tuple[int, int] = FRAME) -> None:
        super().__init__()
        eighth, sixteenth, last = (frame[0] // part * (frame[1] // part) for part in (8, 16, 32))
        self.encoder = Encoder(variant)
        self.decoder = Decoder(variant.channels, (eighth, sixteenth, last))

    def forward(self, images: Tensor) -> Tensor:
        return self.decoder(self.encoder(images))
