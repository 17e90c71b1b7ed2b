"""What learned models of people's taste give the score: a value for each size, ratings of boxes, and choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .checks import Region, check_number, check_tuple
from .ratio import Ratio
from .subject import Subject


@dataclass(frozen=True, slots=True)
class SizeCurve:
    """A value in 0..1 for each scale: the side of a box as a share of the side of the largest box of its ratio.

    Attributes:
        values: at scales evenly spaced from `smallest` to 1, linear between; below `smallest` the first value falls in
            proportion to the area.
        smallest: the scale of the first value, in (0, 1).

    Raises:
        TypeError: when one is no number.
        ValueError: when there are fewer than two values, one is not finite, or `smallest` is out of range.
    """

    values: tuple[float, ...]
    smallest: float = 0.5

    def __post_init__(self) -> None:
        values = tuple(check_number("values", each) for each in check_tuple("values", self.values, object))
        if len(values) < 2:
            raise ValueError(f"values: a curve needs at least two, got {len(values)}")
        object.__setattr__(self, "values", values)
        if not 0 < check_number("smallest", self.smallest) < 1:
            raise ValueError(f"smallest must lie in (0, 1), got {self.smallest}")

    def at(self, share: Tensor) -> Tensor:
        """The value of boxes `[*]` that have this share of the largest box's area, `[*]` in 0..1."""
        values = share.new_tensor(self.values)
        scale = share.clamp(0, 1).sqrt()
        position = (scale - self.smallest).clamp_min(0) * ((len(values) - 1) / (1 - self.smallest))
        index = position.floor().long().clamp(max=len(values) - 2)
        value = torch.lerp(values[index], values[index + 1], position - index)
        return value * (scale / self.smallest).clamp_max(1).square()


class SizeModel(Protocol):
    """Predicts how large people would make a crop."""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, in hex."""

    def curve(self, size: tuple[int, int], ratio: Ratio, requested: Region | None) -> SizeCurve:
        """The curve for crops of a ratio.

        Args:
            size: (width, height) of the picture.
            ratio: of the crop.
            requested: the relative region that the crop is asked to hold, or None.
        """


Ratings = Callable[[Tensor], Tensor]
"""Boxes `[B, N, 4]` (relative x1, y1, x2, y2) of B pictures → the ratings that people would give, `[B, N]` in 0..1."""


Choices = Callable[[Ratio, Region | None], Ratings | None]
"""A ratio, and the relative region that a crop is asked to hold or None → how much boxes would overlap people's crops;
None where nothing can be said of such crops."""


class CropChooser(Protocol):
    """Predicts from what a cropper saw in a picture which crop people would choose."""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, in hex."""

    def choices(self, seen: Sequence[object], subjects: Sequence[Sequence[Subject]], size: tuple[int, int]) -> Choices:
        """How much boxes would overlap people's crops, in pictures of (width, height) `size`.

        Args:
            seen: what the cropper saw in each picture, in a form of its own.
            subjects: of each picture.

        Returns:
            None where it cannot judge by what was seen.
        """


class CropRater(Protocol):
    """Predicts how people rate crops from where the subjects lie; a smooth function of the box."""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, in hex."""

    def ratings(self, subjects: Sequence[Sequence[Subject]], size: tuple[int, int]) -> Ratings:
        """The ratings of pictures of (width, height) `size` with these subjects."""
