"""What is asked of the crops of single subjects, in one frozen dataclass: part of `CropSettings`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..cropping.checks import MAX_SIDE, check_count, check_number, check_share, show
from ..cropping.crop import SUBJECT_KINDS
from ..cropping.subject_choice import HEAD, IMPORTANCE, ORDERS
from ..cropping.subject_framing import MARGINS, SUBJECT_FRAMINGS, WHOLE, check_margin

OUT, KEPT_WHOLE = "out", "whole"
NEIGHBOURS = (OUT, KEPT_WHOLE)

USUAL_MOST, MAX_MOST = 10, 100
"""Crops of one picture."""


@dataclass(frozen=True)
class PerSubject:
    """A crop of each subject of a picture.

    Attributes:
        kind: of the subjects, one of `SUBJECT_KINDS`.
        framing: how much of the subject a crop shows, one of `SUBJECT_FRAMINGS`; None for the head of a `head`, and
            the whole of all others.
        margin: air on each side, as a share of the longer side of what is shown; None for the usual of the framing, see
            `MARGINS`.
        neighbours: what becomes of the heads, or the boxes, of other subjects: kept `out` as far as can be, or `whole`
            where they come into the crop.
        order: of the crops of a picture, one of `ORDERS`.
        most: crops of one picture, 1..`MAX_MOST`. Of more subjects, the most important ones are taken; under the order
            `size`, the largest.
        most_overlap: of two crops whose intersection over union is more than this, 0..1, the less important is left
            out.
        smallest: of the crop's shorter side in source pixels; smaller ones are left out.
        most_enlarged: crops that would be enlarged more times are left out; None for no limit.

    Raises:
        TypeError: naming the field that is of another type.
        ValueError: naming the field that is out of range.
    """

    kind: str = HEAD
    framing: str | None = None
    margin: float | None = None
    neighbours: str = OUT
    order: str = IMPORTANCE
    most: int = USUAL_MOST
    most_overlap: float = 0.7
    smallest: int = 64
    most_enlarged: float | None = None

    def __post_init__(self) -> None:
        _check_one_of("kind", self.kind, SUBJECT_KINDS)
        if self.framing is not None:
            _check_one_of("framing", self.framing, SUBJECT_FRAMINGS)
        _check_one_of("neighbours", self.neighbours, NEIGHBOURS)
        _check_one_of("order", self.order, ORDERS)
        check_count("most", self.most, MAX_MOST)
        check_count("smallest", self.smallest, MAX_SIDE)
        check_share("most_overlap", self.most_overlap)
        if self.margin is not None:
            check_margin(self.margin)
        if self.most_enlarged is not None and not check_number("most_enlarged", self.most_enlarged) > 0:
            raise ValueError(f"most_enlarged must be above 0, got {self.most_enlarged}")

    @property
    def shown(self) -> str:
        """The framing, or the usual one of the kind."""
        return self.framing or (HEAD if self.kind == HEAD else WHOLE)

    @property
    def air(self) -> float:
        """The margin, or the usual one of the framing."""
        return MARGINS[self.shown] if self.margin is None else self.margin


def _check_one_of(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {show(value)}")
