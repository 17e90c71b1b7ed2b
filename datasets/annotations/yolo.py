"""YOLO's labels (github.com/ultralytics/ultralytics): one text file for each picture, one line a box.

A line is `class x y width height` with the middle of the box, all as shares of the picture; a prediction adds its
confidence. A longer line is `class x1 y1 x2 y2 …`, the points of a polygon. Names of classes come from `classes.txt`
(LabelImg, Label Studio) or `obj.names` (darknet), one a line, or from `names` in Ultralytics' `data.yaml`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from ...images.orientation import FloatBox
from ..json_values import MalformedValue
from .boxes import AnnotatedBox, Annotation, bounds, make_annotation, read_label

CLASS_FILES = ("classes.txt", "obj.names", "data.yaml", "dataset.yaml")
MAX_CLASSES = 100_000
_BEYOND = 0.01  # by how much a share may leave 0..1: rounding
_ENTRY = re.compile(r"^\s*(?:-|(\d{1,6})\s*:)\s+(.+)$")


def read_yolo(text: str, classes: Sequence[str] | None = None) -> Annotation:
    """The boxes of a picture's file.

    Args:
        text: of the file.
        classes: names of the classes; None where they are not known, and labels are numbers.

    Raises:
        MalformedValue: naming the line.
    """
    boxes = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                boxes.append(_read_box(line.split(), classes))
            except MalformedValue as error:
                raise MalformedValue(f"line {number}: {error}") from None
    return make_annotation(boxes, None)


def read_classes(file: Path, text: str) -> list[str]:
    """The names of classes in one of `CLASS_FILES`.

    Raises:
        MalformedValue: when it is none.
    """
    names = _read_yaml_names(text) if file.suffix == ".yaml" else [each.strip() for each in text.split("\n")]
    while names and not names[-1]:
        names.pop()
    if len(names) > MAX_CLASSES:
        raise MalformedValue(f"{len(names)} classes, over the limit of {MAX_CLASSES}")
    return [read_label(each) for each in names]


def _read_box(words: Sequence[str], classes: Sequence[str] | None) -> AnnotatedBox:
    label = _read_class(words[0], classes)
    numbers = [_read_share(each) for each in words[1:]]
    if len(numbers) in (4, 5):
        x, y, width, height = numbers[:4]
        if min(width, height) < 0:
            raise MalformedValue("a width and a height are 0 or more")
        confidence = min(1.0, max(0.0, numbers[4])) if len(numbers) == 5 else 1.0
        return AnnotatedBox(_around(x, y, width, height), True, label, confidence=confidence)
    if len(numbers) >= 6 and len(numbers) % 2 == 0:
        return AnnotatedBox(bounds(zip(numbers[::2], numbers[1::2], strict=True)), True, label)
    raise MalformedValue(f"expected a class and x, y, width, height, got {len(words)} words")


def _around(x: float, y: float, width: float, height: float) -> FloatBox:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _read_class(word: str, classes: Sequence[str] | None) -> str:
    if not (word.isascii() and word.isdecimal() and len(word) <= 6):
        raise MalformedValue(f"a class is a whole number, got {word[:40]!r}")
    if classes is None:
        return str(int(word))
    if int(word) >= len(classes):
        raise MalformedValue(f"class {int(word)}, but there are names of {len(classes)}")
    return classes[int(word)]


def _read_share(word: str) -> float:
    try:
        number = float(word) if word.isascii() and "_" not in word else math.nan
    except ValueError:
        number = math.nan
    if not -_BEYOND <= number <= 1 + _BEYOND:
        raise MalformedValue(f"expected shares of the picture in 0..1, got {word[:40]!r}")
    return number


def _read_yaml_names(text: str) -> list[str]:
    """The value of `names` in the few ways that data sets write it: a list in one line or in several, or numbered."""
    lines = text.splitlines()
    start = next((index for index, line in enumerate(lines) if re.match(r"names\s*:", line)), None)
    if start is None:
        raise MalformedValue("has no names of classes")
    here = lines[start].partition(":")[2].partition(" #")[0].strip()
    if here:
        found = re.fullmatch(r"\[(.*)\]", here)
        if found is None:
            raise MalformedValue("names: must be a list of names")
        return [_unquote(each) for each in found[1].split(",")]
    names: list[str] = []
    for line in lines[start + 1 :]:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry = _ENTRY.match(line)
        if entry is None:
            break
        if entry[1] is not None and int(entry[1]) != len(names):
            raise MalformedValue(f"names: expected number {len(names)}, got {entry[1]}")
        names.append(_unquote(entry[2].partition(" #")[0]))
    return names


def _unquote(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"" else text
