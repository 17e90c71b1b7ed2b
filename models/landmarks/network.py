"""The network that finds five points of a face: four steps of convolutions down to 4 × 4 cells, then two layers.

It sees brightness only, measured against the view's own mean and contrast, so that neither light nor colour matters.
The names of submodules are the names of weights in checkpoints; they cannot change.
"""

from __future__ import annotations

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
_WIDTHS = (16, 32, 64, 96)  # channels at 1/2, 1/4, 1/8 and 1/16
_HIDDEN = 160
_CELLS = (SIDE // 16) ** 2
_LUMA = (0.299, 0.587, 0.114)
_FAINT = 0.02  # of contrast: what is less is noise


class Landmarks(NamedTuple):
    """What is found in `[B, 1, 64, 64]`.

    Attributes:
        points: `[B, 5, 2]` x, y in sides of the input, 0..1 inside it; see `cropping.face.Points`.
        spread: `[B]` the error that is to be expected of a coordinate, in sides of the input.
        certainty: `[B]` how sure it is that there is a face, 0..1.
    """

    points: Tensor
    spread: Tensor
    certainty: Tensor


class LandmarkNetwork(nn.Module):
    """Brightness `[B, 1, 64, 64]`, on any scale → `[B, 12]`: five points, the logarithm of the spread, and the logit of
    a face.

    Args:
        dropout: of the last cells and of hidden units, while it is trained.
    """

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        half, quarter, eighth, last = _WIDTHS
        self.dropout = nn.Dropout(dropout)
        self.stem = nn.Conv2d(1, half, 5, 2, 2)
        self.down4 = nn.Conv2d(half, quarter, 3, 2, 1)
        self.mix4 = nn.Conv2d(quarter, quarter, 3, 1, 1)
        self.down8 = nn.Conv2d(quarter, eighth, 3, 2, 1)
        self.mix8 = nn.Conv2d(eighth, eighth, 3, 1, 1)
        self.down16 = nn.Conv2d(eighth, last, 3, 2, 1)
        self.hidden = nn.Linear(last * _CELLS, _HIDDEN)
        self.out = nn.Linear(_HIDDEN, 2 * POINTS + 2)

    def forward(self, luma: Tensor) -> Tensor:
        x = F.relu(self.stem(normalise_contrast(luma).contiguous(memory_format=torch.channels_last)))
        x = F.relu(self.down4(x))
        x = x + F.relu(self.mix4(x))
        x = F.relu(self.down8(x))
        x = x + F.relu(self.mix8(x))
        x = F.relu(self.down16(x))
        x = F.relu(self.hidden(self.dropout(x.flatten(1))))
        return self.out(self.dropout(x))


def brightness(pixels: Tensor) -> Tensor:
    """RGB `[..., 3]` → brightness `[...]`."""
    return pixels @ pixels.new_tensor(_LUMA)


def normalise_contrast(luma: Tensor) -> Tensor:
    """`[B, 1, h, w]` → the same with mean 0 and standard deviation 1; less where there is almost no contrast."""
    centred = luma - luma.mean((2, 3), keepdim=True)
    return centred / (centred.square().mean((2, 3), keepdim=True) + _FAINT**2).sqrt()


def read_outputs(outputs: Tensor) -> Landmarks:
    """What the outputs `[B, 12]` say."""
    points = 0.5 + outputs[:, : 2 * POINTS].view(-1, POINTS, 2)
    return Landmarks(points, outputs[:, -2].exp(), outputs[:, -1].sigmoid())
