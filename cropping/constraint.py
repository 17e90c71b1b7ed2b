"""What a user asks of a crop, and what to do when no crop obeys."""

from __future__ import annotations

from dataclasses import dataclass

from .checks import Region, Size, check_number, check_region, check_size, check_tuple
from .ratio import Ratio
from .text_region import TextRegion, bounding_region

POLICIES = ("shrink", "pad", "error")


class UnsatisfiableError(ValueError):
    """No crop obeys the hard constraints, and the policy is `error`."""


@dataclass(frozen=True)
class Constraint:
    """Ratios, sizes, and regions to keep, to avoid, or to leave free for text.

    Most fields are hard: they decide which boxes are feasible at all. `avoid` and text regions with `hard=False` are
    requests: they lower or raise the score by as much as the `Objective` weighs them. They are fields of the
    constraint, because they say what is asked of this picture; the objective says how crops are compared on any.

    Attributes:
        ratios: each is tried and the best-scoring crop wins; empty means the picture's own ratio.
        min_share: smallest area of a crop as a share of the largest box of its ratio, in (0, 1]; 1 leaves only the
            position open.
        keep: relative regions that the crop must hold whole (hard).
        avoid: relative regions that the crop should leave out (soft).
        text_regions: regions kept free for text or a logo; each is hard or soft.
        min_size: smallest width and height in pixels, or None.
        policy: what to do when nothing obeys. `shrink` gives up `min_size`, and as little of the keep regions as the
            ratio demands; `pad` extends the canvas beyond the picture; `error` raises `UnsatisfiableError`.

    Sequences of any kind are kept as tuples.

    Raises:
        TypeError: naming the field that is of another type.
        ValueError: naming the field that is out of range.
    """

    ratios: tuple[Ratio, ...] = ()
    min_share: float = 0.6
    keep: tuple[Region, ...] = ()
    avoid: tuple[Region, ...] = ()
    text_regions: tuple[TextRegion, ...] = ()
    min_size: Size | None = None
    policy: str = "shrink"

    def __post_init__(self) -> None:
        if not 0 < check_number("min_share", self.min_share) <= 1:
            raise ValueError(f"min_share must lie in (0, 1], got {self.min_share}")
        if self.policy not in POLICIES:
            raise ValueError(f"{self.policy!r} is no policy; use one of {', '.join(POLICIES)}")
        checked = {
            "ratios": check_tuple("ratios", self.ratios, Ratio),
            "text_regions": check_tuple("text_regions", self.text_regions, TextRegion),
            "keep": tuple(check_region("keep", each) for each in check_tuple("keep", self.keep, object)),
            "avoid": tuple(check_region("avoid", each) for each in check_tuple("avoid", self.avoid, object)),
            "min_size": None if self.min_size is None else check_size("min_size", self.min_size),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def required_regions(self) -> tuple[Region, ...]:
        """What a crop must hold whole: the keep regions and the hard text regions in the frame of the source."""
        return self.keep + tuple(each.region for each in self.text_regions if each.hard and each.frame == "source")

    @property
    def requested_region(self) -> Region | None:
        """The smallest region around everything that a crop is asked to hold, hard or soft; None where nothing is."""
        return bounding_region(self.keep + tuple(each.region for each in self.text_regions if each.frame == "source"))
