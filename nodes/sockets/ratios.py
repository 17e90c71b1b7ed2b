"""Ratios as users type them into a text widget."""

from __future__ import annotations

import re

from ...cropping.checks import show
from ...cropping.model_sizes import MAX_LIST, Shape, parse_shape


def parse_ratios(text: str, name: str = "ratio") -> tuple[Shape, ...]:
    """The ratios and models in `2:3` or `1:1, sdxl`; an empty tuple where the text is empty.

    Raises:
        ValueError: naming the socket, when a part is no ratio. A whole number is none: `2;3` would mean 2:1 and 3:1.
    """
    if len(text) > MAX_LIST:
        raise ValueError(f"{name}: {show(text)} has more than {MAX_LIST} characters")
    parts = [part for part in re.split(r"[,;\s]+", re.sub(r"(?<=\d)\s*([:x×/])\s*(?=\d)", r"\1", text)) if part]
    for part in parts:
        if part.isdecimal():
            raise ValueError(f"{name}: {show(part)} in {show(text)} is half a ratio; write width:height, such as 2:3")
    try:
        return tuple(dict.fromkeys(parse_shape(part) for part in parts))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
