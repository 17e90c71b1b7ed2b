"""What pictures and masks have in common: values in 0..1."""

from __future__ import annotations

import math

from torch import Tensor

HIGHEST, LOWEST = 2.0, -1.0
"""Filters overshoot 0..1 a little, and such values are accepted. Beyond these limits the values have another range."""


def require_unit_range(values: Tensor, name: str) -> None:
    """Checks that float values are finite and roughly in 0..1.

    Raises:
        ValueError: when some are NaN or infinite, or so far outside that they must have another range, such as 0..255.
    """
    lowest, highest = (float(each) for each in values.aminmax())
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise ValueError(
            f"{name}: some values are NaN or infinite; the node before failed, often for lack of precision (try it in"
            " fp32)"
        )
    if highest > HIGHEST or lowest < LOWEST:
        raise ValueError(
            f"{name}: values from {lowest:.4g} to {highest:.4g}, but 0 to 1 is expected; values of 0 to 255 have to be"
            " divided by 255 first"
        )
