"""What pictures and masks have in common: values in 0..1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...cropping.checks import show
from ...images.header import MAX_PIXELS

HIGHEST, LOWEST = 2.0, -1.0
"""Filters overshoot 0..1 a little, and such values are accepted. Beyond these limits the values have another range."""


def require_plain_tensor(value: Any, name: str, shape: str) -> Tensor:
    """The value, after a check that it is a tensor of numbers that can be read.

    Args:
        value: from a wire.
        name: of the socket.
        shape: that is expected, in words.

    Raises:
        ValueError: when it is none.
    """
    is_plain = isinstance(value, Tensor) and value.layout == torch.strided and not value.is_meta
    if not is_plain or value.is_complex() or value.is_quantized:
        raise ValueError(f"{name}: expected {shape}, got {show(value)}")
    return value


def require_pixel_count(shape: Sequence[int], name: str) -> None:
    """Checks that a picture of so many rows and columns is no larger than a file may be; a tensor may repeat one pixel.

    Raises:
        ValueError: when it is.
    """
    rows, columns = shape
    if rows * columns > MAX_PIXELS:
        raise ValueError(f"{name}: {columns}×{rows} pixels, over the limit of {MAX_PIXELS:,}")


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
