"""Subjects from BOUNDING_BOX values: what detectors found, told by their labels, or what a person drew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from ...cropping.parts import join_heads
from ...cropping.subject import Subject
from . import Size
from .boxes import read_labelled_boxes, relative_region
from .pictures import size_of

_HEADS = ("head", "face")
_PEOPLE = ("person", "people", "human", "man", "woman", "boy", "girl", "child", "body")
# The animals among COCO's classes, and the word itself.
_ANIMALS = ("animal", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe")
KIND_OF_LABEL: Mapping[str, str] = {
    **dict.fromkeys(_HEADS, "face"),
    **dict.fromkeys(_PEOPLE, "person"),
    **dict.fromkeys(_ANIMALS, "animal"),
}


def read_subjects(values: Sequence[Any] | None, batches: Sequence[Tensor], name: str) -> list[list[Subject] | None]:
    """The subjects of every picture of the batches; None where nothing is connected.

    A box labelled head or face belongs to the person or animal whose box it lies in. A box with another label, or none,
    is an object.

    Raises:
        ValueError: when there are neither one value nor as many as batches, or its lists do not match a batch.
    """
    sizes = [size_of(picture) for batch in batches for picture in batch]
    if not values:
        return [None] * len(sizes)
    labelled = read_labelled_boxes(values, batches, name)
    return [join_heads(_subjects(boxes, size)) for boxes, size in zip(labelled, sizes, strict=True)]


def _subjects(boxes: Sequence[tuple[Any, str]], size: Size) -> list[Subject]:
    found = ((relative_region(box, size), label) for box, label in boxes)
    return [
        Subject(*region, kind=KIND_OF_LABEL.get(label.strip().lower(), "object"))
        for region, label in found
        if region is not None
    ]
