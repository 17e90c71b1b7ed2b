"""How the terms of the score are weighed against each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectiveWeights:
    """How the terms of the score are weighed against the aesthetic term, which weighs 1.

    Attributes:
        layout: for holding, or keeping calm, the layout's regions.
        size: for the share of the largest box's area.
        cut: against slicing: heat along the crop's edges, and subjects that are neither in nor out.
        avoid: against covering regions to be avoided.
        subjects: the share of the aesthetic term that asks for subjects inside rather than heat inside, 0..1.
        composition: the share of the aesthetic term that people's ratings have, where the constraint has a rater, 0..1.
        edge: how much heat along the edges, beyond the average, counts within the cut term, beside sliced subjects.
    """

    layout: float = 1.0
    size: float = 0.02
    cut: float = 1.0
    avoid: float = 1.0
    subjects: float = 0.1
    edge: float = 0.0
    composition: float = 0.5
