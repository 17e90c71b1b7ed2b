"""Boxes as JSON lines, one line a picture: the format of our own, which a script can write with one `json.dumps`.

    {"source": "trip/a.jpg", "boxes": [{"region": [0.1, 0.2, 0.4, 0.8], "label": "necklace", "weight": 2}]}
    {"source": "b.jpg", "size": [4000, 3000], "boxes": [{"box": [400, 600, 1200, 1800], "confidence": 0.9}]}

`source` is the picture, relative to its folder. A box is a `region`: left, top, right, bottom in 0..1; or, in pixels, a
`box`: x, y, width, height. `size` is the width and height that pixels were measured on, where that is not the
picture's own. `label`, `weight` (0 to 1000, 1 where it is not there) and `confidence` (0..1) are as they please.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...images.orientation import FloatBox
from ..json_values import MalformedValue, list_of, optional, parse_json, read_field, read_text, show_value
from .boxes import (
    AnnotatedBox,
    Annotation,
    make_annotation,
    read_confidence,
    read_label,
    read_pixel_size,
    read_weight,
    read_xywh,
)
from .index import AnnotationIndex, Entry

_NAMED_FAULTS = 3


def is_line(value: Any) -> bool:
    """Whether a JSON value looks like a line of ours."""
    return isinstance(value, dict) and "boxes" in value


def read_lines(file: Path, content: str) -> AnnotationIndex:
    """The boxes of every picture. What is wrong with a line is told of its picture alone."""
    faults: list[str] = []
    entries = list(_read_entries(content, faults))
    if len(faults) > _NAMED_FAULTS:
        faults[_NAMED_FAULTS:] = [f"{len(faults) - _NAMED_FAULTS} more lines"]
    return AnnotationIndex(file, entries, faults)


def _read_entries(content: str, faults: list[str]) -> Iterator[Entry]:
    """Adds what is wrong with lines that name no picture to `faults`."""
    for number, line in enumerate(content.split("\n"), 1):  # U+2028 within a text ends none
        if not line.strip():
            continue
        try:
            value = parse_json(line)
            source = read_field(value, "source", read_text)
        except ValueError as error:
            faults.append(f"line {number}: {error}")
            continue
        try:
            yield Entry(source, read_line(value))
        except MalformedValue as error:
            yield Entry(source, None, f"line {number}: {error}")


def read_line(value: Any) -> Annotation:
    """The boxes of one line.

    Raises:
        MalformedValue: naming the place.
    """
    boxes = read_field(value, "boxes", list_of(_read_box))
    return make_annotation(boxes, read_field(value, "size", optional(read_pixel_size), None))


def _read_box(value: Any) -> AnnotatedBox:
    region = read_field(value, "region", optional(_read_region), None)
    box = read_field(value, "box", optional(read_xywh), None)
    if (region is None) == (box is None):
        raise MalformedValue(
            f"needs a region (left, top, right, bottom in 0..1) or a box (x, y, width, height in pixels),"
            f" got {show_value(value)}"
        )
    return AnnotatedBox(
        region or box or (0.0, 0.0, 0.0, 0.0),
        region is not None,
        read_field(value, "label", optional(read_label), None) or "",
        read_field(value, "weight", read_weight, 1.0),
        read_field(value, "confidence", read_confidence, 1.0),
    )


def _read_region(value: Any) -> FloatBox:
    x1, y1, x2, y2 = list_of(read_confidence, 4)(value)
    if x2 < x1 or y2 < y1:
        raise MalformedValue(f"must be left, top, right, bottom, got {show_value(value)}")
    return x1, y1, x2, y2
