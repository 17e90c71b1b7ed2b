"""The network that finds five points of a face: gradients in eight directions, pooled, normalised, then three layers.

The first part is fixed: it is that of histograms of oriented gradients (Dalal and Triggs, 2005) with soft bins. So the
rest is learned in minutes, from a thousand faces. The names of submodules are the names of weights in checkpoints; they
cannot change.
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIDE = 64
"""Pixels a side of the input."""

VIEW, VIEW_CENTRE = 1.9, (0.5, 0.46)
"""Of an aligned face, in sides of the unit square of the mean face: how much the input shows, and what lies in its
middle."""

POINTS = 5
_DIRECTIONS, _CELL = 8, 4  # of gradients; pixels a side of what is pooled
_HIDDEN = (192, 128)
_LUMA = (0.299, 0.587, 0.114)
_FAINT = 0.02  # of gradients: what is less is noise


class Landmarks(NamedTuple):
    """What is found in `[B, 3, 64, 64]`.

    Attributes:
        points: `[B, 5, 2]` x, y in sides of the input, 0..1 inside it; see `cropping.face.Points`.
        spread: `[B]` the error that is to be expected of a coordinate, in sides of the input.
        certainty: `[B]` how sure it is that there is a face, 0..1.
    """

    points: Tensor
    spread: Tensor
    certainty: Tensor


class LandmarkNetwork(nn.Module):
    """`[B, 3, 64, 64]` RGB in 0..1 → `[B, 12]`: five points, the logarithm of the spread, the logit of a face.

    Args:
        dropout: of the gradients and of hidden units, while it is trained.
    """

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        first, second = _HIDDEN
        self.dropout = nn.Dropout(dropout)
        self.first = nn.Linear(_DIRECTIONS * (SIDE // _CELL) ** 2, first)
        self.second = nn.Linear(first, second)
        self.out = nn.Linear(second, 2 * POINTS + 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.judge(oriented_gradients(images))

    def judge(self, gradients: Tensor) -> Tensor:
        """The outputs for what `oriented_gradients` gives."""
        x = self.dropout(F.relu(self.first(self.dropout(gradients))))
        return self.out(F.relu(self.second(x)))


def oriented_gradients(images: Tensor) -> Tensor:
    """How strong the gradients of `[B, 3, 64, 64]` are in eight directions, in cells of 4 pixels: `[B, 2048]`, 0..1.

    Each cell is measured against its neighbours, so that light and contrast do not matter.
    """
    luma = torch.einsum("bchw,c->bhw", images, images.new_tensor(_LUMA))[:, None]
    padded = F.pad(luma, (1, 1, 1, 1), mode="replicate")
    across = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    turns = [2 * pi * each / _DIRECTIONS for each in range(_DIRECTIONS)]
    shares = torch.cat([F.relu(cos(each) * across + sin(each) * down) for each in turns], 1)
    cells = F.avg_pool2d(shares, _CELL)
    around = F.avg_pool2d(cells.square().sum(1, keepdim=True), 3, 1, 1, count_include_pad=False)
    return (cells / (around + _FAINT**2).sqrt()).clamp(max=1).flatten(1)


def read_outputs(outputs: Tensor) -> Landmarks:
    """What the outputs `[B, 12]` say."""
    points = 0.5 + outputs[:, : 2 * POINTS].view(-1, POINTS, 2)
    return Landmarks(points, outputs[:, -2].exp(), outputs[:, -1].sigmoid())
