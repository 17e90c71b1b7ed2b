"""What is asked of every picture of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor, log, sqrt

from ..cropping.constraint import Constraint
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.ratio import Ratio
from ..images.colour import RGB, WHITE
from ..images.encode import FORMATS, WITH_ALPHA

STEP = 8  # what the sides of resized crops are multiples of: a latent's pixel
_AREA_SLACK = 0.25


@dataclass(frozen=True)
class CropRequest:
    """What is asked of every picture.

    Attributes:
        constraint: the ratios and all else that a crop must obey.
        objective: how crops are compared.
        each: one crop for every ratio, instead of the best of them.
        resolution: crops are resized to about resolution² pixels, see `target_size`; None leaves them as they are.
        enlarge: whether a crop with fewer pixels than that is enlarged or keeps its own.
        format: jpg, png or webp.
        background: what transparent pixels and padding become; None keeps them transparent.

    Raises:
        ValueError: naming what cannot be.
    """

    constraint: Constraint
    each: bool = False
    resolution: int | None = None
    enlarge: bool = True
    format: str = "jpg"
    background: RGB | None = WHITE
    objective: Objective = DEFAULT_OBJECTIVE

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"{self.format!r} is no format for crops; use one of {', '.join(FORMATS)}")
        if self.background is None and self.format not in WITH_ALPHA:
            raise ValueError(
                f"a {self.format} cannot keep transparency; use {' or '.join(WITH_ALPHA)}, or a background"
            )
        if self.resolution is not None and self.resolution < STEP:
            raise ValueError(f"resolution must be at least {STEP}, got {self.resolution}")

    def constraints(self) -> list[Constraint]:
        """One constraint for every crop that a picture will have."""
        if not self.each:
            return [self.constraint]
        return [replace(self.constraint, ratios=(ratio,)) for ratio in self.constraint.ratios]

    def files(self, name: str) -> list[str]:
        """Where the crops of the picture of that name go, relative to the output; with `each`, a folder a ratio."""
        if not self.each:
            return [f"{name}.{self.format}"]
        return [f"{ratio.width}x{ratio.height}/{name}.{self.format}" for ratio in self.constraint.ratios]

    def size_of(self, box_size: tuple[int, int], ratio: Ratio) -> tuple[int, int]:
        """Width and height that a crop of `box_size` source pixels is written at."""
        if self.resolution is None:
            return box_size
        target = target_size(ratio, self.resolution)
        too_small = box_size[0] < target[0] or box_size[1] < target[1]
        return box_size if too_small and not self.enlarge else target


def target_size(ratio: Ratio, resolution: int) -> tuple[int, int]:
    """The size nearest to resolution² pixels whose sides are multiples of 8 in exactly this ratio.

    Where no such size comes within a quarter of the area (1000:667, say), each side is rounded to its nearest multiple.

    >>> target_size(Ratio(2, 3), 1024)
    (832, 1248)
    """
    exact = resolution / STEP / sqrt(ratio.width * ratio.height)
    multiples = [each for each in (floor(exact), ceil(exact)) if each >= 1]
    nearest = min(multiples, key=lambda each: abs(log(each / exact)))
    if abs((nearest / exact) ** 2 - 1) <= _AREA_SLACK:
        return ratio.width * nearest * STEP, ratio.height * nearest * STEP
    root = sqrt(ratio.width / ratio.height)
    return _multiple(resolution * root), _multiple(resolution / root)


def _multiple(length: float) -> int:
    return max(1, round(length / STEP)) * STEP
