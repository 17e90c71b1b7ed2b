"""`framing: as people crop`: size and composition as people choose them, instead of keeping as much as possible."""

from __future__ import annotations

from dataclasses import replace

from ...cropping.constraint import Constraint
from ...cropping.objective import DEFAULT_OBJECTIVE, Objective
from ...cropping.size_curve import CropChooser, CropRater, SizeModel
from ..composition.loading import load_bundled_composition
from ..region_choice.chooser import load_bundled_choice
from .prior import load_bundled_size_prior

SIZE_WEIGHT = 8.0  # against the heat that a smaller crop gives up; above 4 its exact value hardly matters
MIN_SHARE = 0.25


def as_people_crop(objective: Objective = DEFAULT_OBJECTIVE) -> Objective:
    """The objective with the bundled models: a crop of the size that people would choose, placed as they would rate it.

    Where the constraint's `min_share` is left at its default, `leave_size_open` should go with it.
    """
    models = load_bundled_size_prior(), load_bundled_composition(), load_bundled_choice()
    return apply_framing(*models, objective=objective)


def apply_framing(
    size_model: SizeModel,
    rater: CropRater | None = None,
    chooser: CropChooser | None = None,
    objective: Objective = DEFAULT_OBJECTIVE,
) -> Objective:
    """The objective with the given models, and a weight of the size term that outweighs the heat."""
    return Objective(replace(objective.weights, size=SIZE_WEIGHT), size_model, rater, chooser)


def leave_size_open(constraint: Constraint) -> Constraint:
    """The constraint with a `min_share` low enough for a size model to choose.

    Another `min_share` than the default was asked for on purpose, and stays.
    """
    if constraint.min_share != Constraint.min_share:
        return constraint
    return replace(constraint, min_share=MIN_SHARE)
