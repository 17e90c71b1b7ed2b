"""Which subjects of a picture get a crop of their own, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from .box import Box
from .checks import Region, show
from .crop import SUBJECT_KINDS
from .heads import SURE_CONFIDENCE, importance_of
from .regions import area_of, clip
from .subject import Subject

HEAD, PERSON, ANIMAL, OBJECT, PROMPT = SUBJECT_KINDS

_KINDS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        HEAD: ("person", "face"),
        PERSON: ("person", "face"),
        ANIMAL: ("animal",),
        OBJECT: ("object",),
        PROMPT: ("prompt",),
    }
)
_PLURALS = {PERSON: "people"}

IMPORTANCE, LEFT_TO_RIGHT, SIZE = "importance", "left to right", "size"
ORDERS = (IMPORTANCE, LEFT_TO_RIGHT, SIZE)

T = TypeVar("T")


def choose_subjects(subjects: Iterable[Subject], kind: str) -> list[Subject]:
    """The subjects of a kind that are certainly there, on the picture, in the order in which they were found.

    Args:
        subjects: of a picture.
        kind: one of `SUBJECT_KINDS`.

    Raises:
        ValueError: when the kind is none.
    """
    if kind not in SUBJECT_KINDS:
        raise ValueError(f"{show(kind)} is no kind of subject; use one of {', '.join(SUBJECT_KINDS)}")
    return [
        each
        for each in subjects
        if each.kind in _KINDS_OF[kind]
        and each.confidence >= SURE_CONFIDENCE
        and (kind != HEAD or each.head_region is not None)
        and area_of(clip(region_of(each, kind))) > 0
    ]


def region_of(subject: Subject, kind: str) -> Region:
    """What of a subject is meant by a kind: its head, or all of it."""
    if kind == HEAD:
        return subject.essence
    return subject.body_region


def sort_subjects(items: Sequence[T], order: str, kind: str, subject_of: Callable[[T], Subject]) -> list[T]:
    """Items in an order of their subjects; those that are equal keep their places.

    Args:
        items: to be sorted.
        order: `importance`, the most important first, see `importance_of`; `left to right`, by the middle of the head,
            or of the box where no head is known; `size`, the largest first.
        kind: one of `SUBJECT_KINDS`: the size is that of the head, or of all of the subject.
        subject_of: an item.

    Raises:
        ValueError: when the order is none.
    """

    def place(item: T) -> float:
        subject = subject_of(item)
        if order == LEFT_TO_RIGHT:
            return subject.essence[0] + subject.essence[2]
        return -importance_of(subject) if order == IMPORTANCE else -area_of(clip(region_of(subject, kind)))

    if order not in ORDERS:
        raise ValueError(f"{show(order)} is no order of subjects; use one of {', '.join(ORDERS)}")
    return sorted(items, key=place)


def overlap_of(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0..1.

    >>> overlap_of(Box(0, 0, 10, 10), Box(5, 0, 10, 10))
    0.3333333333333333
    """
    across = min(one.right, other.right) - max(one.x, other.x)
    down = min(one.bottom, other.bottom) - max(one.y, other.y)
    shared = max(0, across) * max(0, down)
    return shared / (one.area + other.area - shared)


def count_subjects(number: int, kind: str) -> str:
    """`1 head`, `2 people`."""
    return f"{number} {kind if number == 1 else _PLURALS.get(kind, kind + 's')}"
