"""Subjects from BOUNDING_BOX values: what detectors found, told by their labels, or what a person drew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ...cropping.labels import kind_of_label
from ...cropping.parts import join_heads
from ...cropping.subject import Subject
from . import Size
from .boxes import read_labelled_boxes, relative_region
from .pictures import size_of


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
    return [Subject(*region, kind=kind_of_label(label), label=label) for region, label in found if region is not None]
