"""What the search maximises: the weights of the score's terms, and the learned models that two of the terms use."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from .checks import check_weight, show
from .size_curve import CropChooser, CropRater, SizeModel

HEAVIEST = 100.0  # of all weights; beyond it, rounding errors of one term would outweigh the others


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

    Raises:
        TypeError: when a weight is no number.
        ValueError: when one is negative, above `HEAVIEST` or not finite, or a share above 1.
    """

    layout: float = 1.0
    size: float = 0.02
    cut: float = 1.0
    avoid: float = 1.0
    subjects: float = 0.1
    edge: float = 0.0
    composition: float = 0.5

    @property
    def span(self) -> float:
        """More than any two boxes' weighted terms can differ by."""
        return 1 + self.layout + self.size + self.cut + self.avoid

    def __post_init__(self) -> None:
        for each in fields(self):
            check_weight(f"the weight {each.name}", getattr(self, each.name), HEAVIEST)
        for name in ("subjects", "composition"):
            if getattr(self, name) > 1:
                raise ValueError(f"the weight {name} is a share in 0..1, got {getattr(self, name)}")


@dataclass(frozen=True)
class Objective:
    """How crops that obey the constraint are compared.

    A run's identity includes the fields of `weights` and the `digest` of each model.

    Attributes:
        weights: of the terms of the score.
        size_model: gives the size term from the size that people would choose; None: the larger the better.
        rater: gives people's ratings of a crop, which join the aesthetic term; None: that is heat and subjects alone.
        chooser: says how much a crop would overlap people's, where it can judge by what the cropper saw. That is the
            aesthetic term then, instead of heat, subjects and ratings, and there is no size term.

    Raises:
        TypeError: naming the part that is of another kind.
    """

    weights: ObjectiveWeights = field(default_factory=ObjectiveWeights)
    size_model: SizeModel | None = None
    rater: CropRater | None = None
    chooser: CropChooser | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.weights, ObjectiveWeights):
            raise TypeError(f"weights must be ObjectiveWeights, got {show(self.weights)}")
        for name, method in (("size_model", "curve"), ("rater", "ratings"), ("chooser", "choices")):
            part = getattr(self, name)
            if part is not None and not callable(getattr(part, method, None)):
                raise TypeError(f"{name} must have a method {method}(), got {show(part)}")


DEFAULT_OBJECTIVE = Objective()
