"""Ratios as users type them into a text widget."""

from __future__ import annotations

import re

from ...cropping.ratio import Ratio


def parse_ratios(text: str, name: str = "ratio") -> tuple[Ratio, ...]:
    """The ratios in `2:3` or `1:1, 2:3`; an empty tuple where the text is empty.

    Raises:
        ValueError: naming the socket, when a part is no ratio. A whole number is none: `2;3` would mean 2:1 and 3:1.
    """
    parts = [part for part in re.split(r"[,;\s]+", re.sub(r"\s*([:x×/])\s*", r"\1", text)) if part]
    for part in parts:
        if part.isdecimal():
            raise ValueError(f"{name}: {part!r} in {text!r} is half a ratio; write width:height, such as 2:3")
    try:
        return tuple(Ratio.parse(part) for part in parts)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
