"""What a user asks of a crop, and what to do when no crop obeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from .checks import Region, Size, check_number, check_region, check_size, check_tuple, show
from .model_sizes import ModelSizes, Shape
from .ratio import Ratio
from .text_region import TextRegion, bounding_region

POLICIES = ("shrink", "pad", "error")
MULTIPLES = (1, 2, 8, 16, 32, 64)
"""What the sides of a crop may be asked to be multiples of, in pixels."""


MAX_RATIOS, MAX_REGIONS = 100, 1000
"""Of a constraint: ratios to try, and regions of each kind. Each is a search of its own, or a sum over all boxes."""


class UnsatisfiableError(ValueError):
    """No crop obeys the hard constraints, and the policy is `error`."""


@dataclass(frozen=True)
class Constraint:
    """Ratios, sizes, and regions to keep, to avoid, or to leave free for text.

    Most fields are hard: they decide which boxes are feasible at all. `avoid` and text regions with `hard=False` are
    requests: they lower or raise the score by as much as the `Objective` weighs them. They are fields of the
    constraint, because they say what is asked of this picture; the objective says how crops are compared on any.

    Attributes:
        ratios: each is tried and the best-scoring crop wins; empty means the picture's own ratio. The sizes of a model
            stand for the one of them whose ratio is nearest to the picture's, see `ratios_for`.
        min_share: smallest area of a crop as a share of the largest box of its ratio, in (0, 1]; 1 leaves only the
            position open.
        keep: relative regions that the crop must hold whole (hard).
        avoid: relative regions that the crop should leave out (soft).
        text_regions: regions kept free for text or a logo; each is hard or soft.
        min_size: smallest width and height in pixels, or None.
        policy: what to do when nothing obeys. `shrink` gives up `min_size`, and as little of the keep regions as the
            ratio demands; `pad` extends the canvas beyond the picture; `error` raises `UnsatisfiableError`.
        multiple_of: the sides of the box are multiples of it in pixels, one of `MULTIPLES` (hard, under every policy);
            its ratio is then exact to within one multiple.
        max_size: largest width and height in pixels, or None; a crop is larger only where `min_share`, `min_size`, or
            what it must hold, asks for it.

    Sequences of any kind are kept as tuples.

    Raises:
        TypeError: naming the field that is of another type.
        ValueError: naming the field that is out of range.
    """

    ratios: tuple[Shape, ...] = ()
    min_share: float = 0.6
    keep: tuple[Region, ...] = ()
    avoid: tuple[Region, ...] = ()
    text_regions: tuple[TextRegion, ...] = ()
    min_size: Size | None = None
    policy: str = "shrink"
    multiple_of: int = 1
    max_size: Size | None = None

    def __post_init__(self) -> None:
        if not 0 < check_number("min_share", self.min_share) <= 1:
            raise ValueError(f"min_share must lie in (0, 1], got {self.min_share}")
        if self.policy not in POLICIES:
            raise ValueError(f"{show(self.policy)} is no policy; use one of {', '.join(POLICIES)}")
        if self.multiple_of not in MULTIPLES or isinstance(self.multiple_of, bool):
            known = ", ".join(map(str, MULTIPLES))
            raise ValueError(f"multiple_of must be one of {known}, got {show(self.multiple_of)}")
        checked: dict[str, tuple[Any, ...] | None] = {
            "ratios": _check_shapes(self.ratios),
            "text_regions": check_tuple("text_regions", self.text_regions, TextRegion),
            "keep": tuple(check_region("keep", each) for each in check_tuple("keep", self.keep, object)),
            "avoid": tuple(check_region("avoid", each) for each in check_tuple("avoid", self.avoid, object)),
            "min_size": None if self.min_size is None else check_size("min_size", self.min_size),
            "max_size": None if self.max_size is None else check_size("max_size", self.max_size),
        }
        for name, value in checked.items():
            most = MAX_RATIOS if name == "ratios" else MAX_REGIONS
            if value is not None and len(value) > most:
                raise ValueError(f"{name} must hold at most {most}, got {len(value)}")
            object.__setattr__(self, name, value)
        models = [each.name for each in self.ratios if isinstance(each, ModelSizes)]
        if models and self.multiple_of != 1:
            raise ValueError(f"multiple_of: does nothing with {models[0]}, whose sizes are exact")

    def ratios_for(self, size: Size) -> tuple[Ratio, ...]:
        """The ratios to try in a picture of `size`, each once."""
        found = (Ratio.of(each.nearest(size)) if isinstance(each, ModelSizes) else each for each in self.ratios)
        return tuple(dict.fromkeys(found)) or (Ratio.of(check_size("size", size)),)

    def exact_size(self, ratio: Ratio, size: Size) -> Size | None:
        """The pixels that a model takes of a crop of this ratio of a picture of `size`; None where none was asked for.

        >>> from salient_crop.cropping.model_sizes import parse_shapes
        >>> Constraint(parse_shapes("3:2, sdxl")).exact_size(Ratio.of((832, 1216)), (2000, 3000))
        (832, 1216)
        """
        nearest = (each.nearest(size) for each in self.ratios if isinstance(each, ModelSizes))
        return next((each for each in nearest if Ratio.of(each) == ratio), None)

    @property
    def required_regions(self) -> tuple[Region, ...]:
        """What a crop must hold whole: the keep regions and the hard text regions in the frame of the source."""
        return self.keep + tuple(each.region for each in self.text_regions if each.hard and each.frame == "source")

    @property
    def crop_text_regions(self) -> tuple[TextRegion, ...]:
        """The text regions in the frame of the crop."""
        return tuple(each for each in self.text_regions if each.frame == "crop")

    @property
    def requested_region(self) -> Region | None:
        """The smallest region around everything that a crop is asked to hold, hard or soft; None where nothing is."""
        return bounding_region(self.keep + tuple(each.region for each in self.text_regions if each.frame == "source"))


def _check_shapes(shapes: Any) -> tuple[Shape, ...]:
    found = check_tuple("ratios", shapes, object)
    for each in found:
        if not isinstance(each, Shape):
            raise TypeError(f"ratios must hold Ratio or ModelSizes only, got {show(each)}")
    return cast("tuple[Shape, ...]", found)
