"""What must stay whole: a box with a weight and a kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .checks import check_number

KINDS = ("face", "person", "object", "prompt")


@dataclass(frozen=True, slots=True)
class Subject:
    """A box in relative coordinates (0..1 of the picture, which it may leave) with a weight, as a rule in 0..1.

    The kind `face` means the whole head: hair, forehead and chin included.

    Raises:
        TypeError: when a coordinate or the weight is no number.
        ValueError: when one is NaN or infinite, the box empty, the weight negative or the kind unknown.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    weight: float = 1.0
    kind: str = "object"

    def __post_init__(self) -> None:
        for name in ("x1", "y1", "x2", "y2", "weight"):
            check_number(f"a subject's {name}", getattr(self, name))
        if not (self.x2 > self.x1 and self.y2 > self.y1):
            raise ValueError(f"a subject needs x1 < x2 and y1 < y2, got {self.region}")
        if not self.weight >= 0:
            raise ValueError(f"a subject's weight must be 0 or more, got {self.weight}")
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of subject; use one of {', '.join(KINDS)}")

    @property
    def region(self) -> tuple[float, float, float, float]:
        """The box, relative x1, y1, x2, y2."""
        return self.x1, self.y1, self.x2, self.y2


def stack_subjects(subjects: Sequence[Sequence[Subject]]) -> Tensor:
    """Stacks each picture's subjects into `[B, M, 5]` (x1, y1, x2, y2, weight), float64.

    Shorter lists are filled up with boxes of weight 0, which no score counts.
    """
    most = max((len(each) for each in subjects), default=0)
    empty = (0.0, 0.0, 1.0, 1.0, 0.0)
    rows = [[(*each.region, each.weight) for each in listed] + [empty] * (most - len(listed)) for listed in subjects]
    return torch.tensor(rows, dtype=torch.float64).view(len(subjects), most, 5)
