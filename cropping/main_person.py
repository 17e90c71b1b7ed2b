"""The person whom a crop is about, and how much of that person it shows."""

from __future__ import annotations

from collections.abc import Sequence

from .checks import Region
from .framing import name_framing
from .heads import SURE_CONFIDENCE, TOUCHED, share_of_head
from .regions import area_of, clip
from .subject import Subject

PEOPLE = ("person", "face")


def label_framing(subjects: Sequence[Subject], region: Region) -> str | None:
    """How much of its main person a crop shows: one of `FRAMINGS`, or None where it shows the head of nobody.

    >>> label_framing([Subject(0.4, 0.1, 0.6, 0.3, kind="face")], (0.0, 0.0, 1.0, 1.0))
    'full figure'

    Args:
        subjects: of the picture.
        region: of the crop, relative x1, y1, x2, y2; it may reach beyond the picture.
    """
    main = find_main_person(subjects, region)
    return None if main is None else label_person(main, region)


def find_main_person(subjects: Sequence[Subject], region: Region) -> Subject | None:
    """The person of whose head a crop shows most; None where it shows nobody's.

    A head that is hardly certain does not count.
    """
    people = (
        each
        for each in subjects
        if each.kind in PEOPLE and each.head_region is not None and each.confidence >= SURE_CONFIDENCE
    )
    shown = ((area_of(clip(each.essence)) * share_of_head(each, region), each) for each in people)
    return max((each for each in shown if each[0] > 0), key=lambda each: each[0], default=(0.0, None))[1]


def label_person(subject: Subject, region: Region) -> str | None:
    """How much of a person or an animal a crop shows; None where the head is not known, or hardly in the crop."""
    head = subject.head_region
    if head is None or share_of_head(subject, region) <= TOUCHED:
        return None
    high = head[3] - head[1]
    return name_framing((region[3] - region[1]) / high, (region[3] - head[1]) / high)
