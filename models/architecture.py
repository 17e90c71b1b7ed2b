"""What the registry needs to know of a kind of checkpoint (in spandrel's way: recognised by its keys)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from .base import Cropper


@dataclass(frozen=True)
class Architecture:
    """A kind of checkpoint.

    Attributes:
        name: of the cropper.
        detect: whether a state dict is of this kind.
        load: the cropper from such a state dict. Raises ValueError, saying what is wrong with it.
    """

    name: str
    detect: Callable[[Mapping[str, Tensor]], bool]
    load: Callable[[Mapping[str, Tensor]], Cropper]
