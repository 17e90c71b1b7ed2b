"""Boxes as a file of annotations has them, and where they lie on their picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...cropping.checks import Region, Size
from ...cropping.regions import clip
from ...images.header import PictureInfo
from ...images.orientation import FloatBox, swap_sides, to_displayed_box
from ..json_values import MalformedValue, list_of, read_number, read_positive, show_value

MAX_BOXES = 1000
"""On one picture: each is a term of the score of every crop. Detectors find a hundred."""

MAX_WEIGHT = 1000.0
_LONGEST_LABEL = 200  # characters
_FARTHEST = 1e6  # of an edge, in pixels or sides of the picture
_THINNEST = 1e-6  # of a side of the picture
_SAME_RATIO = 0.02  # by what share the ratio of two sizes of one picture may differ: whole pixels of a thumbnail


@dataclass(frozen=True, slots=True)
class AnnotatedBox:
    """One box.

    Attributes:
        edges: left, top, right, bottom.
        is_relative: whether these are shares of the picture, or pixels.
        label: what it is; empty where nobody says.
        weight: how much it counts beside other boxes, 0 to `MAX_WEIGHT`.
        confidence: how sure it is that it is there, 0..1.
    """

    edges: FloatBox
    is_relative: bool
    label: str = ""
    weight: float = 1.0
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Annotation:
    """All boxes that a file has for one picture.

    Attributes:
        boxes: in the order of the file.
        size: width and height of the picture that they were measured on; None where the file does not say.
    """

    boxes: tuple[AnnotatedBox, ...] = ()
    size: Size | None = None


@dataclass(frozen=True, slots=True)
class LabelledRegion:
    """A box on its picture as it is displayed.

    Attributes:
        region: relative.
        label, weight, confidence: as in `AnnotatedBox`.
        kind: of the subject that it shows; empty where the label says it.
    """

    region: Region
    label: str = ""
    weight: float = 1.0
    confidence: float = 1.0
    kind: str = ""


def place_boxes(annotation: Annotation, info: PictureInfo) -> list[LabelledRegion]:
    """The boxes on their picture, as far as they lie on it; those wholly outside are left out.

    Boxes are taken to be drawn on the picture as it is displayed, as annotation tools show it. Where they were measured
    on the size of the stored picture, which the EXIF orientation turns on its side, they are turned with it; on a
    smaller or larger copy, they are scaled.

    Raises:
        MalformedValue: when they were measured on a picture of another shape.
    """
    size, is_stored = _measured_on(annotation, info)
    placed = []
    for box in annotation.boxes:
        x1, y1, x2, y2 = box.edges
        if not box.is_relative:
            x1, y1, x2, y2 = x1 / size[0], y1 / size[1], x2 / size[0], y2 / size[1]
        if is_stored:
            x1, y1, x2, y2 = to_displayed_box((x1, y1, x2, y2), (1, 1), info.orientation)
        region = lay_on_picture((x1, y1, x2, y2))
        if region is not None:
            placed.append(LabelledRegion(region, box.label, box.weight, box.confidence))
    return placed


def lay_on_picture(edges: FloatBox) -> Region | None:
    """The part of a relative box that lies on the picture; None where nothing of it is to be seen."""
    region = clip(edges)
    return region if min(region[2] - region[0], region[3] - region[1]) >= _THINNEST else None


def _measured_on(annotation: Annotation, info: PictureInfo) -> tuple[Size, bool]:
    """The size of the picture that boxes were measured on, and whether it is the stored one."""
    if annotation.size is None or has_shape(annotation.size, info.size):
        return annotation.size or info.size, False
    if has_shape(annotation.size, swap_sides(info.size, info.orientation)):
        return annotation.size, True
    (width, height), (own_width, own_height) = annotation.size, info.size
    raise MalformedValue(f"measured on {width}×{height}, but its picture has {own_width}×{own_height}")


def has_shape(size: Size, other: Size) -> bool:
    """Whether two sizes may be those of one picture, at two scales.

    >>> has_shape((400, 300), (4000, 3001)), has_shape((300, 400), (4000, 3000))
    (True, False)
    """
    scale = max(size) / max(other)
    return all(abs(a - b * scale) <= max(1.0, _SAME_RATIO * a) for a, b in zip(size, other, strict=True))


def bounds(points: Iterable[Sequence[float]]) -> FloatBox:
    """The smallest box around points x, y; there is at least one."""
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def has_area(box: AnnotatedBox) -> bool:
    """Whether a box covers anything: detectors write boxes without area."""
    x1, y1, x2, y2 = box.edges
    return x2 > x1 and y2 > y1


def make_annotation(boxes: Iterable[AnnotatedBox], size: Size | None) -> Annotation:
    """An annotation of the boxes that have an area.

    Raises:
        MalformedValue: when there are more than `MAX_BOXES`.
    """
    kept = tuple(filter(has_area, boxes))
    if len(kept) > MAX_BOXES:
        raise MalformedValue(f"{len(kept)} boxes on one picture, over the limit of {MAX_BOXES}")
    return Annotation(kept, size)


def unite(annotations: Sequence[Annotation]) -> Annotation:
    """Annotations of one picture, measured on one size, as one."""
    return replace(annotations[0], boxes=tuple(box for each in annotations for box in each.boxes))


def read_label(value: Any) -> str:
    """The reader of a label: a text; of a class by its number, the number."""
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str) or len(value) > _LONGEST_LABEL:
        raise MalformedValue(f"must be a text of at most {_LONGEST_LABEL} characters, got {show_value(value)}")
    return value.strip()


def read_weight(value: Any) -> float:
    return _within(value, 0.0, MAX_WEIGHT)


def read_confidence(value: Any) -> float:
    return _within(value, 0.0, 1.0)


def read_coordinate(value: Any) -> float:
    return _within(value, -_FARTHEST, _FARTHEST)


read_point: Callable[[Any], tuple[float, ...]] = list_of(read_coordinate, 2)


def read_xywh(value: Any) -> FloatBox:
    """The reader of a box x, y, width, height; its edges."""
    x, y, width, height = list_of(read_coordinate, 4)(value)
    if width < 0 or height < 0:
        raise MalformedValue(f"must have a width and a height of 0 or more, got {show_value(value)}")
    return x, y, x + width, y + height


def read_pixel_size(value: Any) -> Size:
    """The reader of width and height."""
    width, height = list_of(read_positive, 2)(value)
    return width, height


def _within(value: Any, least: float, most: float) -> float:
    number = float(read_number(value))
    if not least <= number <= most:
        raise MalformedValue(f"must lie in {least:g} to {most:g}, got {show_value(value)}")
    return number
