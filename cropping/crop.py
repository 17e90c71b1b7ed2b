"""The outcome: a box, why it won, and how much of the picture's value it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .box import Box
from .checks import Region, check_edges, check_kind, check_number, check_share, check_tuple, show
from .correction import Correction
from .framing import FRAMINGS
from .ratio import Ratio


@dataclass(frozen=True, slots=True)
class CropWarning:
    """What a crop costs, for a person to look at.

    Attributes:
        code: a short name that stays the same, such as `subject-cut`.
        words: one sentence for a person.
        region: where in the picture, relative x1, y1, x2, y2, which it may leave; None where it is about the crop as a
            whole.

    Raises:
        TypeError: naming the field that is of another type.
        ValueError: when the region is not four finite numbers.
    """

    code: str
    words: str
    region: Region | None = None

    def __post_init__(self) -> None:
        check_kind("code", self.code, str)
        check_kind("words", self.words, str)
        if self.region is not None:
            object.__setattr__(self, "region", check_edges("region", self.region))


SUBJECT_KINDS = ("head", "person", "animal", "object", "prompt")
"""What a crop may be asked for of. A `head` is a person's; an animal's is had by the framing `head` of an `animal`."""


@dataclass(frozen=True, slots=True)
class CropSubject:
    """Whom, or what, a crop is of, where each subject of a picture has its own.

    Attributes:
        kind: as it was asked for, one of `SUBJECT_KINDS`.
        box: of the subject, or of its head, in source pixels.
        label: what a detector or a person called it; the kind where nobody did.
        confidence: 0..1, how sure it is that it is there.

    Raises:
        TypeError: naming the field that is of another type.
        ValueError: when the confidence is no share.
    """

    kind: str
    box: Box
    label: str = ""
    confidence: float = 1.0

    def __post_init__(self) -> None:
        check_kind("kind", self.kind, str)
        check_kind("box", self.box, Box)
        check_kind("label", self.label, str)
        check_share("confidence", self.confidence)


@dataclass(frozen=True, slots=True)
class Crop:
    """One chosen crop.

    Attributes:
        box: in source pixels; reaches outside the picture only under the policy `pad`.
        ratio: the ratio asked for; the box meets it to within one pixel.
        score: the weighted sum of `terms`; less by more than all of them where a head is cut that a box of the ratio
            could hold, and far less where a hard layout is not kept.
        terms: each term by name, in 0..1.
        kept: share of the picture's heat inside the box, 0..1.
        warnings: what the crop costs; the search itself gives none.
        confidence: how far the crop is ahead of the centred one and of others elsewhere, 0..1: 0 where another is as
            good, 0.63 where it leads by 0.05 of the score, 1 where no other is possible; see `measure_confidence`. None
            where that was not measured.
        correction: what a person decided about it; None where the search did.
        subject: whom it is of; None where it is of the picture.
        framing: how much of its main person it shows, one of `FRAMINGS`; None where it shows none, or that was not
            asked.

    Raises:
        TypeError: naming the field that is of another type.
        ValueError: naming the field that is not finite, or no share.
    """

    box: Box
    ratio: Ratio
    score: float
    terms: Mapping[str, float] = field(default_factory=dict)
    kept: float = 1.0
    warnings: tuple[CropWarning, ...] = ()
    confidence: float | None = None
    correction: Correction | None = None
    framing: str | None = None
    subject: CropSubject | None = None

    def __post_init__(self) -> None:
        check_kind("box", self.box, Box)
        check_kind("ratio", self.ratio, Ratio)
        check_number("score", self.score)
        if not isinstance(self.terms, Mapping):
            raise TypeError(f"terms must be a mapping, got {show(self.terms)}")
        for name, term in self.terms.items():
            check_number(f"the term {name}", term)
        check_share("kept", self.kept)
        object.__setattr__(self, "warnings", check_tuple("warnings", self.warnings, CropWarning))
        if self.confidence is not None:
            check_share("confidence", self.confidence)
        if self.correction is not None:
            check_kind("correction", self.correction, Correction)
        if self.subject is not None:
            check_kind("subject", self.subject, CropSubject)
        if self.framing not in (None, *FRAMINGS):
            raise ValueError(f"framing must be one of {', '.join(FRAMINGS)}, got {show(self.framing)}")
