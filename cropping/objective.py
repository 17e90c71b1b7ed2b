"""What the search maximises: the weights of the score's terms, and the learned models that two of the terms use."""

from __future__ import annotations

from dataclasses import dataclass, field

from .size_curve import CropRater, SizeModel


@dataclass(frozen=True, slots=True)
class ObjectiveWeights:
    """How the terms of the score are weighed against the aesthetic term, which weighs 1.

    Attributes:
        layout: for holding, or keeping calm, the text regions.
        size: for the share of the largest box's area.
        cut: against slicing: heat along the crop's edges, and subjects that are neither in nor out.
        avoid: against covering regions to be avoided.
        subjects: the share of the aesthetic term that asks for subjects inside rather than heat inside, 0..1.
        composition: the share of the aesthetic term that people's ratings have, where the objective has a rater, 0..1.
        edge: how much heat along the edges, beyond the average, counts within the cut term, beside sliced subjects.
    """

    layout: float = 1.0
    size: float = 0.02
    cut: float = 1.0
    avoid: float = 1.0
    subjects: float = 0.1
    edge: float = 0.0
    composition: float = 0.5


@dataclass(frozen=True)
class Objective:
    """How crops that obey the constraint are compared.

    A run's identity includes the fields of `weights` and the `digest` of each model.

    Attributes:
        weights: of the terms of the score.
        size_model: gives the size term from the size that people would choose; None: the larger the better.
        rater: gives people's ratings of a crop, which join the aesthetic term; None: that is heat and subjects alone.
    """

    weights: ObjectiveWeights = field(default_factory=ObjectiveWeights)
    size_model: SizeModel | None = None
    rater: CropRater | None = None


DEFAULT_OBJECTIVE = Objective()
