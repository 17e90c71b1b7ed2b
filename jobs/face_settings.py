"""What is asked of face squares: how they are framed, which are kept, and in which order."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..cropping.checks import check_count, check_kind, check_number, check_share, check_tuple, show
from ..cropping.face_framing import FaceFraming
from ..images.paste import WIDEST_FEATHER
from ..images.warp import MAX_SIDE

SIZE = 512
LEAST_CERTAIN = 0.75
MOST_FACES = 200
"""Of one picture."""

SORTS = ("blur", "size", "yaw", "pitch", "roll", "certainty", "scale", "likeness")
"""What faces may be sorted by: sharp ones, large ones, those that look to the left, down or are tilted to the left,
certain ones, those of which the picture has most pixels, and those most like the person asked for come first."""

_LARGEST_FIRST = ("size", "certainty", "scale", "likeness")
LEAST_ALIKE = 0.6


@dataclass(frozen=True)
class FaceSettings:
    """What is asked of face squares.

    Attributes:
        finder: SHA-256 of the weights that find the points.
        framing: how a square is laid around a face.
        size: pixels a side of a square.
        least_size: faces of fewer pixels, about from the brows to the chin, are left out.
        most_enlarged: so are those whose square would be enlarged more times; None for no limit.
        most_blurred: and those more blurred, 0..1; see `measure_blur`.
        least_certain: and those less certain, 0..1.
        most_yaw, most_pitch, most_roll: and those turned by more degrees either way; None for no limit.
        sort: one of `SORTS`, whose place then stands before each name; empty for the order of the pictures.
        spread: keep so many faces only, those that cover yaw and pitch best; None for all.
        same_as: names of squares of one person in the manifest that is read; faces of others are left out.
        least_alike: so are those less alike: the cosine of the angle between embeddings, −1..1.
        embeddings: SHA-256 of the vectors by which that is told; empty where nobody is asked for.
        padding_masks: write a mask of what of each square lies outside its picture.
        feather: of edited squares that are pasted back, in pixels of the picture; None: squares are cut.

    Raises:
        TypeError: naming the field that is of another type.
        ValueError: naming the field that is out of range.
    """

    finder: str
    framing: FaceFraming = field(default_factory=FaceFraming)
    size: int = SIZE
    least_size: float = 0.0
    most_enlarged: float | None = None
    most_blurred: float = 1.0
    least_certain: float = LEAST_CERTAIN
    most_yaw: float | None = None
    most_pitch: float | None = None
    most_roll: float | None = None
    sort: str = ""
    spread: int | None = None
    same_as: tuple[str, ...] = ()
    least_alike: float = LEAST_ALIKE
    embeddings: str = ""
    padding_masks: bool = False
    feather: int | None = None

    def __post_init__(self) -> None:
        check_kind("framing", self.framing, FaceFraming)
        check_kind("padding_masks", self.padding_masks, bool)
        check_count("size", self.size, MAX_SIDE, least=16)
        check_share("most_blurred", self.most_blurred)
        check_share("least_certain", self.least_certain)
        if not check_number("least_size", self.least_size) >= 0:
            raise ValueError(f"least_size must be 0 or more, got {self.least_size}")
        for name in ("most_enlarged", "most_yaw", "most_pitch", "most_roll"):
            value = getattr(self, name)
            if value is not None and not check_number(name, value) > 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        if self.sort not in ("", *SORTS):
            raise ValueError(f"sort: {show(self.sort)} is none; use one of {', '.join(SORTS)}")
        object.__setattr__(self, "same_as", check_tuple("same_as", self.same_as, str))
        if not -1 <= check_number("least_alike", self.least_alike) <= 1:
            raise ValueError(f"least_alike is a cosine in -1..1, got {self.least_alike}")
        check_kind("embeddings", self.embeddings, str)
        if bool(self.same_as) != bool(self.embeddings):
            raise ValueError("same_as: needs embeddings, and they need it")
        if self.sort == "likeness" and not self.same_as:
            raise ValueError("sort: likeness needs same_as, the person that faces are compared with")
        if self.spread is not None:
            check_count("spread", self.spread, 1_000_000)
        if self.feather is not None:
            check_count("feather", self.feather, WIDEST_FEATHER, least=0)

    @property
    def is_ordered(self) -> bool:
        """Whether all faces have to be known before any square is written."""
        return bool(self.sort) or self.spread is not None

    @property
    def sort_sign(self) -> int:
        """1 where the least comes first, −1 where the most does."""
        return -1 if self.sort in _LARGEST_FIRST else 1
