"""Heads and bodies that were found apart, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .regions import area_of, holds_centre
from .subject import Subject

WITH_HEADS = ("person", "animal")


def join_heads(subjects: Sequence[Subject]) -> list[Subject]:
    """Subjects in which each `face` that lies in a person or animal without a head has become that one's head.

    A face lies in a body where its centre does. Of several bodies it belongs to the smallest, and of several faces in
    one body the largest is the head; the others stay by themselves. The order is kept.
    """
    bodies = [index for index, each in enumerate(subjects) if each.kind in WITH_HEADS and each.head is None]
    heads: dict[int, int] = {}
    for face in sorted(_faces(subjects), key=lambda index: -area_of(subjects[index].region)):
        around = [
            each for each in bodies if each not in heads and holds_centre(subjects[each].region, subjects[face].region)
        ]
        if around:
            heads[min(around, key=lambda index: area_of(subjects[index].region))] = face
    taken = set(heads.values())
    joined = (
        replace(each, head=subjects[heads[index]].region) if index in heads else each
        for index, each in enumerate(subjects)
    )
    return [each for index, each in enumerate(joined) if index not in taken]


def _faces(subjects: Sequence[Subject]) -> list[int]:
    return [index for index, each in enumerate(subjects) if each.kind == "face"]
