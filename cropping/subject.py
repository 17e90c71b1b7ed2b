"""What must stay whole: a box with a weight and a kind, and its head where it has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .checks import Region, check_edges, check_kind, check_number, check_weight

KINDS = ("face", "person", "animal", "object", "prompt")
# A body whose extent is not known, in sides of its head: so wide, and so high with the head. Most of what a head's
# neighbourhood shows of its person: shoulders, arms and chest.
BODY_WIDTH, BODY_HEIGHT = 2.5, 4.0
# Beyond these, areas and sums of weights are no longer exact: the sides of a box and how far it is from the picture, in
# sides of the picture; and a weight.
NARROWEST, FARTHEST, HEAVIEST = 1e-9, 1e6, 1e6


@dataclass(frozen=True, slots=True)
class Subject:
    """A box in relative coordinates (0..1 of the picture, which it may leave) with a weight, as a rule in 0..1.

    A person or animal has two parts, body and head. The box is all of it, and `head` the whole head: hair, hat, ears
    and chin included. Of the kind `face`, the box itself is the whole head, and the body below it is not known.

    Attributes:
        x1, y1, x2, y2: left, top, right and bottom edge.
        weight: ≥ 0, how much it counts that the head is whole, or the box where no head is known.
        kind: one of `KINDS`.
        head: x1, y1, x2, y2 of the head, or None.
        confidence: 0..1, how sure it is that the subject is there; see `cropping/heads.py`.
        label: what a detector or a person called it; empty where nobody did.

    Raises:
        TypeError: when a number is none.
        ValueError: when one is NaN or infinite, a box empty or far away, the weight negative or above `HEAVIEST`, the
            confidence no share, the kind unknown, or when an object or a `face` has a head of its own.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    weight: float = 1.0
    kind: str = "object"
    head: Region | None = None
    confidence: float = 1.0
    label: str = ""

    def __post_init__(self) -> None:
        for name in ("x1", "y1", "x2", "y2", "confidence"):
            check_number(f"a subject's {name}", getattr(self, name))
        _check_box("a subject", self.region)
        check_weight("a subject's weight", self.weight, HEAVIEST)
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"a subject's confidence is a share in 0..1, got {self.confidence}")
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of subject; use one of {', '.join(KINDS)}")
        check_kind("a subject's label", self.label, str)
        if self.head is not None:
            object.__setattr__(self, "head", self._check_head(self.head))

    def _check_head(self, head: Sequence[float]) -> Region:
        if self.kind in ("face", "object"):
            raise ValueError(f"a subject of the kind {self.kind} has no head of its own")
        return _check_box("a subject's head", check_edges("a subject's head", head))

    @property
    def region(self) -> Region:
        """The box, relative x1, y1, x2, y2."""
        return self.x1, self.y1, self.x2, self.y2

    @property
    def head_region(self) -> Region | None:
        """The whole head, or None where none is known."""
        return self.region if self.kind == "face" else self.head

    @property
    def body_region(self) -> Region:
        """All of the subject, its head included; where only that is known, head, shoulders and chest below it."""
        if self.kind != "face":
            return self._with_head()
        across, down = self.x2 - self.x1, self.y2 - self.y1
        beside = (BODY_WIDTH - 1) / 2 * across
        return self.x1 - beside, self.y1, self.x2 + beside, self.y1 + BODY_HEIGHT * down

    def _with_head(self) -> Region:
        x1, y1, x2, y2 = self.head or self.region
        return min(self.x1, x1), min(self.y1, y1), max(self.x2, x2), max(self.y2, y2)

    @property
    def essence(self) -> Region:
        """What the weight is about: the head, or the box where no head is known."""
        return self.head_region or self.region


def _check_box(name: str, box: Region) -> Region:
    x1, y1, x2, y2 = box
    if not (x2 > x1 and y2 > y1):
        raise ValueError(f"{name} needs x1 < x2 and y1 < y2, got {box}")
    if min(x2 - x1, y2 - y1) < NARROWEST or max(map(abs, box)) > FARTHEST:
        raise ValueError(f"{name} lies within {FARTHEST:g} sides of the picture and has sides, got {box}")
    return box


def stack_subjects(subjects: Sequence[Sequence[Subject]]) -> Tensor:
    """Stacks the essence of each picture's subjects into `[B, M, 5]` (x1, y1, x2, y2, weight), float64.

    Shorter lists are filled up with boxes of weight 0, which no score counts.
    """
    return stack_rows([[(*each.essence, each.weight) for each in listed] for listed in subjects], boxes=1)


def stack_rows(rows: Sequence[Sequence[Sequence[float]]], boxes: int) -> Tensor:
    """Rows of each of B pictures, each of so many boxes and one number, as `[B, most, 4 · boxes + 1]` float64.

    Where a picture has fewer than the most, rows follow whose boxes are the whole picture and whose number is 0.
    """
    most = max((len(each) for each in rows), default=0)
    empty = (*(0.0, 0.0, 1.0, 1.0) * boxes, 0.0)
    filled = [[*each, *[empty] * (most - len(each))] for each in rows]
    return torch.tensor(filled, dtype=torch.float64).view(len(rows), most, len(empty))
