"""COCO's object annotations: one JSON file with `images`, `annotations` and `categories` for a whole data set.

The format is that of https://cocodataset.org/#format-data, "Microsoft COCO: Common Objects in Context" (Lin et al.,
2014). A box is `bbox`, x, y, width, height in pixels; where there is none, the bounds of the polygons of
`segmentation`. Two fields that tools add are read too: `score` as the confidence, and `weight`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...images.orientation import FloatBox
from ..json_values import (
    MalformedValue,
    list_of,
    optional,
    read_field,
    read_positive,
    read_text,
    show_value,
)
from .boxes import AnnotatedBox, bounds, make_annotation, read_confidence, read_coordinate, read_label, read_weight
from .boxes import read_xywh as read_bbox
from .index import AnnotationIndex, Entry

_NAMED_FAULTS = 3


def is_coco(value: Any) -> bool:
    """Whether a JSON value looks like a file of COCO's."""
    return isinstance(value, dict) and isinstance(value.get("images"), list) and "annotations" in value


def read_coco(file: Path, value: Any) -> AnnotationIndex:
    """The boxes of every picture. What is wrong with an annotation is told of its picture alone.

    Raises:
        MalformedValue: when the whole is none of COCO's.
    """
    images = read_field(value, "images", _read_objects)
    annotations = read_field(value, "annotations", _read_objects)
    labels = _read_categories(read_field(value, "categories", _read_objects, default=()))
    faults: list[str] = []
    boxes: dict[Any, list[AnnotatedBox]] = defaultdict(list)
    broken: dict[Any, str] = {}
    ids = {_key(each.get("id")) for each in images} - {None}
    for index, each in enumerate(annotations):
        image = _key(each.get("image_id"))
        try:
            if image not in ids:
                raise MalformedValue(f"no image has it, got {show_value(each.get('image_id'))}", ".image_id")
            boxes[image].append(_read_box(each, labels))
        except MalformedValue as error:
            fault = str(error.inside(f"annotations[{index}]"))
            if image in ids:
                broken.setdefault(image, fault)
            else:
                faults.append(fault)
    entries = list(_entries(images, boxes, broken, faults))
    return AnnotationIndex(file, entries, _shorten(faults))


def _entries(
    images: tuple[dict[str, Any], ...],
    boxes: Mapping[Any, list[AnnotatedBox]],
    broken: Mapping[Any, str],
    faults: list[str],
) -> Iterator[Entry]:
    """One for each picture that the file names; adds the pictures without a name to `faults`."""
    counted: dict[Any, int] = defaultdict(int)
    for each in images:
        counted[_key(each.get("id"))] += 1
    for index, image in enumerate(images):
        place = f"images[{index}]"
        try:
            name = read_field(image, "file_name", read_text)
        except MalformedValue as error:
            faults.append(str(error.inside(place)))
            continue
        key = _key(image.get("id"))
        try:
            if key is None:
                raise MalformedValue(f"must be a number or a text, got {show_value(image.get('id'))}", ".id")
            if counted[key] > 1:
                raise MalformedValue(f"several images have it, {show_value(image.get('id'))}", ".id")
            if key in broken:
                yield Entry(name, None, broken[key])
                continue
            width = read_field(image, "width", optional(read_positive), None)
            height = read_field(image, "height", optional(read_positive), None)
            size = None if width is None or height is None else (width, height)
            yield Entry(name, make_annotation(boxes.get(key, ()), size))
        except MalformedValue as error:
            yield Entry(name, None, str(error.inside(place)))


def _read_box(value: Mapping[str, Any], labels: Mapping[Any, str]) -> AnnotatedBox:
    category = value.get("category_id")
    if category is not None and labels and _key(category) not in labels:
        raise MalformedValue(f"no category has it, got {show_value(category)}", ".category_id")
    label = labels.get(_key(category), "")
    if category is not None and not labels:
        label = read_field(value, "category_id", read_label)
    weight = read_field(value, "weight", read_weight, 1.0)
    confidence = read_field(value, "score", read_confidence, 1.0)
    return AnnotatedBox(_read_edges(value), False, label, weight, confidence)


def _read_edges(value: Mapping[str, Any]) -> FloatBox:
    if value.get("bbox") or not value.get("segmentation"):
        return read_field(value, "bbox", read_bbox)
    polygons = read_field(value, "segmentation", list_of(list_of(read_coordinate)))
    points = [each for polygon in polygons for each in zip(polygon[::2], polygon[1::2], strict=False)]
    if not points or any(len(each) % 2 for each in polygons):
        raise MalformedValue(
            "must hold the x and y of the points of polygons, or there must be a bbox", ".segmentation"
        )
    return bounds(points)


def _read_categories(categories: tuple[dict[str, Any], ...]) -> dict[Any, str]:
    labels = {}
    for index, each in enumerate(categories):
        try:
            labels[_key(each.get("id"))] = read_field(each, "name", read_label)
        except MalformedValue as error:
            raise error.inside(f".categories[{index}]") from None
    return labels


def _read_objects(value: Any) -> tuple[dict[str, Any], ...]:
    return list_of(_read_object)(value)


def _read_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedValue(f"must be an object, got {show_value(value)}")
    return value


def _key(value: Any) -> Any:
    """An id as COCO's own files and those of tools have it, whole number or text; anything else is nobody's."""
    return value if type(value) in (int, str) else None


def _shorten(faults: list[str]) -> list[str]:
    more = len(faults) - _NAMED_FAULTS
    return [*faults[:_NAMED_FAULTS], *([f"{more} more like these"] if more > 0 else [])]
