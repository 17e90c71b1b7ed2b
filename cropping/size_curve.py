"""How people frame: how large they like a crop, and how they rate where it lies. Both are learned elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .ratio import Ratio
from .subject import Subject
from .text_region import Region


@dataclass(frozen=True, slots=True)
class SizeCurve:
    """What each scale is worth, in 0..1: a box's side as a share of the side of the largest box of its ratio.

    Attributes:
        worths: at scales evenly spaced from `smallest` to 1; linear between, and falling with the area below.
        smallest: the first scale.
    """

    worths: tuple[float, ...]
    smallest: float = 0.5

    def at(self, share: Tensor) -> Tensor:
        """The worth of boxes whose areas are `share` of the largest box's, of any shape."""
        worths = share.new_tensor(self.worths)
        scale = share.clamp(0, 1).sqrt()
        place = (scale - self.smallest).clamp_min(0) * ((len(worths) - 1) / (1 - self.smallest))
        index = place.floor().long().clamp(max=len(worths) - 2)
        worth = torch.lerp(worths[index], worths[index + 1], place - index)
        return worth * (scale / self.smallest).clamp_max(1).square()


class SizeModel(Protocol):
    """Knows how large people would make a crop."""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, in hex."""

    def curve(self, size: tuple[int, int], ratio: Ratio, held: Region | None) -> SizeCurve:
        """The curve for crops of a ratio.

        Args:
            size: (width, height) of the picture.
            ratio: of the crop.
            held: the relative region that the crop is to hold, or None.
        """


Ratings = Callable[[Tensor], Tensor]
"""Boxes `[B, N, 4]` (relative x1, y1, x2, y2) of B pictures → how people would rate them, `[B, N]` in 0..1."""


class CropRater(Protocol):
    """Knows how people rate crops, from where the subjects lie; a smooth function of the box."""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, in hex."""

    def ratings(self, subjects: Sequence[Sequence[Subject]], size: tuple[int, int]) -> Ratings:
        """The ratings of pictures of (width, height) `size` with these subjects."""
