"""The boxes among which a choice is modelled: of one ratio, around one region, in 26 sizes and a few places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor

from ...cropping.checks import Region, Size
from ...cropping.ratio import Ratio
from ..size_prior.prior import SCALES, smallest_scale

GAP = 0.05  # between places along an axis, at most, as a share of the picture's side
MOST_PLACES = 7  # along an axis, beside the one nearest to the middle
NEARLY = 0.005  # a scale so little above the smallest stands for it
EVEN = 1e-6


@dataclass(frozen=True)
class Places:
    """K boxes that hold a region; where no box of the ratio does, they hold its middle.

    Attributes:
        boxes: `[K, 4]` relative x1, y1, x2, y2, float64.
        scale: `[K]`, the sides as shares of the largest box's.
        play: `[K, 2]`, how far boxes of this scale can move across and down.
        moved: `[K, 2]`, how far the box is from the least and uppermost place.
        centred: `[K, 2]`, how far that place is, which is nearest to the picture's middle.
        count: `[K]`, how many places boxes of this scale have.
    """

    boxes: Tensor
    scale: Tensor
    play: Tensor
    moved: Tensor
    centred: Tensor
    count: Tensor

    @classmethod
    def around(cls, size: Size, ratio: Ratio, region: Region) -> Places:
        """Those around a relative region of a picture of (width, height) `size`."""
        largest = [side / whole for side, whole in zip(ratio.largest_in(size), size, strict=True)]
        rows = [row for scale in _scales(size, ratio, region) for row in _place(scale, largest, region)]
        boxes, scale, play, moved, centred, count = torch.tensor(rows, dtype=torch.float64).split((4, 1, 2, 2, 2, 1), 1)
        return cls(boxes, scale[:, 0], play, moved, centred, count[:, 0])

    def __getitem__(self, chosen: Tensor) -> Places:
        """Some of them, by index."""
        return Places(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def __len__(self) -> int:
        return len(self.boxes)


def _scales(size: Size, ratio: Ratio, region: Region) -> list[float]:
    smallest = smallest_scale(size, ratio, region)
    scales = [each for each in SCALES.tolist() if each >= smallest - 1e-9]
    return scales if scales and scales[0] - smallest <= NEARLY else [smallest, *scales]


def _place(scale: float, largest: list[float], region: Region) -> Iterator[tuple[float, ...]]:
    """The rows of one scale: box, scale, play, moved, centred, count."""
    width, height = largest[0] * scale, largest[1] * scale
    across, down = _Axis.of(region[0], region[2], width), _Axis.of(region[1], region[3], height)
    count = len(across.starts) * len(down.starts)
    for x in across.starts:
        for y in down.starts:
            yield (
                *(x, y, x + width, y + height),
                scale,
                *(across.high - across.low, down.high - down.low),
                *(x - across.low, y - down.low),
                *(across.centred - across.low, down.centred - down.low),
                count,
            )


@dataclass(frozen=True)
class _Axis:
    """Where a box can begin along one axis: from `low` to `high`, best centred at `centred`; and at which `starts`."""

    low: float
    high: float
    centred: float
    starts: list[float]

    @classmethod
    def of(cls, first: float, last: float, length: float) -> _Axis:
        """For a box of this length that holds what lies from `first` to `last`."""
        low, high = max(0.0, last - length), min(1 - length, first)
        if high - low < EVEN:
            only = min(max((low + high) / 2, 0.0), 1 - length)
            return cls(only, only, only, [only])
        centred = min(max((1 - length) / 2, low), high)
        steps = min(MOST_PLACES - 1, ceil((high - low) / GAP - EVEN))
        starts = [low + (high - low) * step / steps for step in range(steps + 1)]
        between = all(abs(each - centred) > EVEN for each in starts)
        return cls(low, high, centred, sorted([*starts, centred]) if between else starts)
