"""LabelMe's annotations (github.com/wkentaro/labelme): one JSON file for each picture, with `shapes` of points."""

from __future__ import annotations

from math import hypot
from typing import Any

from ...images.orientation import FloatBox
from ..json_values import MalformedValue, list_of, optional, read_field, read_positive, read_text, show_value
from .boxes import AnnotatedBox, Annotation, bounds, make_annotation, read_label, read_point

CIRCLE = "circle"


def is_labelme(value: Any) -> bool:
    """Whether a JSON value looks like a file of LabelMe's."""
    return isinstance(value, dict) and "shapes" in value


def read_labelme(value: Any) -> Annotation:
    """The bounds of every shape, with its label. Shapes without an area, such as points, are left out.

    Raises:
        MalformedValue: naming the place.
    """
    boxes = read_field(value, "shapes", list_of(_read_shape))
    width = read_field(value, "imageWidth", optional(read_positive), None)
    height = read_field(value, "imageHeight", optional(read_positive), None)
    return make_annotation(boxes, None if width is None or height is None else (width, height))


def _read_shape(value: Any) -> AnnotatedBox:
    points = read_field(value, "points", list_of(read_point))
    kind = read_field(value, "shape_type", read_text, "polygon")
    if not points:
        raise MalformedValue("must hold at least one point", ".points")
    label = read_field(value, "label", optional(read_label), None) or ""
    return AnnotatedBox(_circle(points) if kind == CIRCLE else bounds(points), False, label)


def _circle(points: tuple[tuple[float, ...], ...]) -> FloatBox:
    """Of a centre and a point on the circle."""
    if len(points) != 2:
        raise MalformedValue(f"a circle has a centre and a point on it, got {show_value(points)}", ".points")
    (x, y), (on_x, on_y) = points
    radius = hypot(on_x - x, on_y - y)
    return x - radius, y - radius, x + radius, y + radius
