"""How close crops go: `keep the most`, or `as people crop`, which brings the bundled models of people's crops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..cropping.checks import check_kind
from ..cropping.constraint import Constraint
from ..cropping.model_sizes import Shape, parse_shapes
from ..cropping.objective import Objective
from .defaults import AS_PEOPLE, RATIOS, default_min_share, parse_framing


def resolve_asked(
    constraint: Constraint | None,
    ratios: str | Shape | Iterable[str | Shape] | None,
    with_buckets: bool,
    framing: str,
    objective: Objective,
) -> tuple[Constraint, Objective]:
    """The constraint and the objective of many pictures, as a caller from Python asks for them.

    Args:
        constraint: None for the defaults.
        ratios: that go before those of the constraint; None for its own.
        with_buckets: whether crops are for buckets.
        framing, objective: see `apply_framing`.
    """
    asked = Constraint(parse_shapes(RATIOS), default_min_share(with_buckets)) if constraint is None else constraint
    check_kind("constraint", asked, Constraint)
    sized = constraint is not None and asked.min_share != Constraint.min_share
    if ratios is not None:
        asked = replace(asked, ratios=parse_shapes(ratios))
    return apply_framing(framing, asked, objective, sized)


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
    from ..models.size_prior.framing import (  # three models come with it, and most runs need none
        MIN_SHARE,
        as_people_crop,
    )

    return constraint if sized else replace(constraint, min_share=MIN_SHARE), as_people_crop(objective)
