"""Corrections as JSON values, in manifests and workflows: read strictly, since they may come from anybody."""

from __future__ import annotations

from typing import Any

from ..cropping.box import Box
from ..cropping.correction import DECISIONS, Correction
from .json_values import MalformedValue, list_of, read_field, read_whole, show_value

_read_four = list_of(read_whole, 4)


def format_correction(correction: Correction) -> dict[str, Any]:
    """As `read_correction` reads it: the decision, and x, y, width and height of its box.

    >>> format_correction(Correction("drop", Box(0, 0, 20, 30)))
    {'decision': 'drop', 'box': [0, 0, 20, 30]}
    """
    return {"decision": correction.decision, "box": correction.box.as_list()}


def read_correction(value: Any) -> Correction:
    """The correction of a JSON value.

    Raises:
        MalformedValue: naming the field that is missing or malformed.
    """
    return Correction(read_field(value, "decision", _read_decision), read_field(value, "box", read_box))


def read_box(value: Any) -> Box:
    """A box of a list x, y, width, height."""
    x, y, width, height = _read_four(value)
    if width < 1 or height < 1:
        raise MalformedValue(f"width and height must be at least 1, got {width} and {height}")
    return Box(x, y, width, height)


def _read_decision(value: Any) -> str:
    if value not in DECISIONS:
        raise MalformedValue(f"must be one of {', '.join(DECISIONS)}, got {show_value(value)}")
    return value
