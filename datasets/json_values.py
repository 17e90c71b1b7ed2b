"""Lines of JSON, and strict reading of its values from files of others: every type is checked, errors name the place.

A reader is a function that takes a JSON value and returns what it stands for, or raises `MalformedValue`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import PurePath, PurePosixPath
from typing import Any, TypeVar

from ..printable import replace_unprintable

T = TypeVar("T")

DIGEST_DIGITS = 32
_REQUIRED: Any = object()
_DEEPEST = 50  # lists or objects within others; no record has ten. What is read may be gone through recursively
_TOO_DEEP = "lists or objects within too many others"
_LARGEST = 2**53  # whole numbers up to it are exact as floats; no picture has as many pixels


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text; of bytes, in UTF-8.

    Raises:
        ValueError: when it is none, or nested too deeply.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if _is_too_deep(value):
        raise ValueError(_TOO_DEEP)
    return value


def format_json(value: Any) -> str:
    """The value as one line of JSON without its newline: readable, and with escapes for what `printable` escapes.

    So every reader agrees on where the line ends (Python's own `splitlines` ends it at U+2028, which JSON allows), and
    a name that is no valid Unicode survives.

    >>> print(format_json(["ü", "\\u2028"]))
    ["ü", "\\u2028"]
    """
    return replace_unprintable(json.dumps(value, ensure_ascii=False), lambda sign: json.dumps(sign)[1:-1])


class MalformedValue(ValueError):
    """A value of another type or range than is expected.

    Attributes:
        message: what is wrong with it.
        place: where it lies: `.box` is a field, `[2]` an item; empty for the value itself.
    """

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(f"{place.removeprefix('.')}: {message}" if place else message)
        self.message, self.place = message, place

    def inside(self, place: str) -> MalformedValue:
        """The same error, seen from the object or list that has the value at `place`."""
        return MalformedValue(self.message, place + self.place)


def read_field(value: Any, name: str, read: Callable[[Any], T], default: T = _REQUIRED) -> T:
    """One field of an object; `default` where it is absent, an error where none is given."""
    if not isinstance(value, dict):
        raise MalformedValue(f"must be an object, got {show_value(value)}")
    if name not in value:
        if default is _REQUIRED:
            raise MalformedValue("is missing", f".{name}")
        return default
    try:
        return read(value[name])
    except MalformedValue as error:
        raise error.inside(f".{name}") from None


def optional(read: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """The reader of a value that may be null."""
    return lambda value: None if value is None else read(value)


def list_of(read: Callable[[Any], T], count: int | None = None) -> Callable[[Any], tuple[T, ...]]:
    """The reader of a list, of `count` items if that is given."""

    def read_items(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list) or count not in (None, len(value)):
            wanted = "a list" if count is None else f"a list of {count}"
            raise MalformedValue(f"must be {wanted}, got {show_value(value)}")
        items = []
        for index, item in enumerate(value):
            try:
                items.append(read(item))
            except MalformedValue as error:
                raise error.inside(f"[{index}]") from None
        return tuple(items)

    return read_items


def read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise MalformedValue(f"must be a text, got {show_value(value)}")
    return value


def read_whole(value: Any) -> int:
    if type(value) is not int:  # JSON's true and 1.0 are none
        raise MalformedValue(f"must be a whole number, got {show_value(value)}")
    if abs(value) > _LARGEST:
        raise MalformedValue(f"must be at most {_LARGEST:,}, got {show_value(value)}")
    return value


def read_positive(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise MalformedValue(f"must be a whole number of at least 1, got {show_value(value)}")
    return read_whole(value)


def read_number(value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:  # nor is NaN
        raise MalformedValue(f"must be a finite number, got {show_value(value)}")
    return value


def read_digest(value: Any) -> str:
    """The hash of a file, as `hash_stream` writes it."""
    text = read_text(value)
    if len(text) != DIGEST_DIGITS or not set(text) <= set("0123456789abcdef"):
        raise MalformedValue(f"must be {DIGEST_DIGITS} hexadecimal digits, got {text[:60]!r}")
    return text


def read_relative_path(value: Any) -> str:
    """A path that stays in its folder: a run reads sources, and replaces and removes files, by what others wrote."""
    path = PurePath(read_text(value))
    leads_out = path.anchor or ".." in path.parts or PurePosixPath(value).is_absolute()
    if not path.parts or leads_out or not _is_file_name(value):
        raise MalformedValue(f"must be a path inside its folder, got {show_value(value)}")
    return value


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        lists = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = [item for each in lists for item in each]
        if not level:
            return False
    return True


def _is_file_name(text: str) -> bool:
    """Whether a file may be called so: names have no NUL, and half characters only for bytes that are no Unicode."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def show_value(value: Any) -> str:
    """The value as JSON, cut off where it is long."""
    try:
        text = json.dumps(value)
    except RecursionError:  # it could be read: that takes less of the stack
        return "a list or an object within hundreds of others"
    return text if len(text) <= 60 else f"{text[:57]}..."
