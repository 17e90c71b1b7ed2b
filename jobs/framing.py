"""How close crops go: `keep the most`, or `as people crop`, which brings the bundled models of people's crops."""

from __future__ import annotations

from dataclasses import replace

from ..cropping.checks import check_kind
from ..cropping.constraint import Constraint
from ..cropping.objective import Objective
from ..models.size_prior.framing import MIN_SHARE, as_people_crop
from .defaults import AS_PEOPLE, parse_framing


def apply_framing(
    framing: str, constraint: Constraint, objective: Objective, sized: bool = False
) -> tuple[Constraint, Objective]:
    """The constraint and the objective under a framing.

    Args:
        framing: see `parse_framing`.
        constraint, objective: as they are under `keep the most`.
        sized: whether the smallest share of the constraint was asked for; else `as people crop` opens it, so that the
            size is left to the models.
    """
    check_kind("objective", objective, Objective)
    if parse_framing(framing) != AS_PEOPLE:
        return constraint, objective
    return constraint if sized else replace(constraint, min_share=MIN_SHARE), as_people_crop(objective)
