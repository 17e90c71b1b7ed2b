"""`framing: as people crop`: size and composition as people choose them, instead of keeping as much as possible."""

from __future__ import annotations

from dataclasses import replace

from ...cropping.constraint import Constraint
from ...cropping.objective import DEFAULT_OBJECTIVE, Objective
from ...cropping.size_curve import CropRater, SizeModel
from ..composition.head import bundled_composition
from .prior import bundled_size_prior

# The size prior against the heat that a smaller crop gives up; above 4 its exact value hardly matters.
SIZE = 8.0
LEAST_SHARE = 0.25


def as_people_crop(objective: Objective = DEFAULT_OBJECTIVE) -> Objective:
    """The objective with the bundled models: a crop of the size that people would choose, placed as they would rate it.

    Where the constraint's `min_share` is left at its default, `leave_size_open` should go with it.
    """
    return framed(bundled_size_prior(), bundled_composition(), objective)


def framed(
    size_model: SizeModel, rater: CropRater | None = None, objective: Objective = DEFAULT_OBJECTIVE
) -> Objective:
    """The objective with models of choice, and a weight of the size that outweighs the heat."""
    return Objective(replace(objective.weights, size=SIZE), size_model, rater)


def leave_size_open(constraint: Constraint) -> Constraint:
    """The constraint with a `min_share` low enough for a size model to choose, unless another one than the default is
    asked for."""
    if constraint.min_share != Constraint.min_share:
        return constraint
    return replace(constraint, min_share=LEAST_SHARE)
