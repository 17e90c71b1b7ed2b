"""`framing: as people crop`: size and composition as people choose them, instead of keeping as much as possible."""

from __future__ import annotations

from dataclasses import replace

from ...cropping.constraint import Constraint
from ...cropping.size_curve import CropRater, SizeModel
from ..composition.head import bundled_composition
from .prior import bundled_size_prior

# The size prior against the heat that a smaller crop gives up; above 4 its exact value hardly matters.
SIZE = 8.0
LEAST_SHARE = 0.25


def as_people_crop(constraint: Constraint) -> Constraint:
    """The same constraint, framed as people frame: of the size they would choose, placed as they would rate it.

    `min_share` still bounds the size from below, but where it was left at its default, people's size decides alone.
    """
    return framed(constraint, bundled_size_prior(), bundled_composition())


def framed(constraint: Constraint, framing: SizeModel, rater: CropRater | None = None) -> Constraint:
    """The same constraint with a framing of choice, whose word on the size outweighs the heat's."""
    least = constraint.min_share if constraint.min_share != Constraint.min_share else LEAST_SHARE
    weights = replace(constraint.weights, size=SIZE)
    return replace(constraint, framing=framing, rater=rater, weights=weights, min_share=least)
