"""The outcome: a box, why it won, and how much of the picture's value it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .box import Box
from .ratio import Ratio


@dataclass(frozen=True, slots=True)
class Crop:
    """One chosen crop.

    Attributes:
        box: in source pixels; reaches outside the picture only under the policy `pad`.
        ratio: the ratio asked for; the box meets it to within one pixel.
        score: the weighted sum of `terms`; far below 0 where a hard layout could not be kept.
        terms: each term by name, in 0..1.
        kept: share of the picture's heat inside the box, 0..1.
    """

    box: Box
    ratio: Ratio
    score: float
    terms: Mapping[str, float] = field(default_factory=dict)
    kept: float = 1.0
