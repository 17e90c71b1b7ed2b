"""What a person decided about one crop; it wins over the search."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

from .box import Box
from .checks import Size, check_kind, check_size, show
from .feasible import box_size, find_longest_side, move_inside
from .ratio import Ratio

BOX, DROP, APPROVE = "box", "drop", "approve"
DECISIONS = (BOX, DROP, APPROVE)

FARTHEST = 32
"""How far a box may reach outside its picture, in longer sides: a panorama may be extended to a tall ratio."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A decision about one crop of one picture.

    Attributes:
        decision: `box`: the crop shall be this one; `approve`: it is right as it was found, and stays so; `drop`: it
            shall not be.
        box: that was drawn, approved or refused, in source pixels. It may reach outside the picture.

    Raises:
        TypeError: when the box is none.
        ValueError: when the decision is none.
    """

    decision: str
    box: Box

    def __post_init__(self) -> None:
        if self.decision not in DECISIONS:
            raise ValueError(f"decision must be one of {', '.join(DECISIONS)}, got {show(self.decision)}")
        check_kind("box", self.box, Box)

    @property
    def is_drop(self) -> bool:
        return self.decision == DROP


def has_ratio(box: Box, ratio: Ratio, multiple: int = 1) -> bool:
    """Whether a box meets a ratio to within one pixel, or one `multiple` of pixels, of its width or its height.

    >>> has_ratio(Box(0, 0, 341, 512), Ratio(2, 3))
    True
    """
    return abs(box.width * ratio.height - box.height * ratio.width) <= multiple * max(ratio.width, ratio.height)


def nearest_ratio(box: Box, ratios: tuple[Ratio, ...]) -> Ratio:
    """Of some ratios, the one whose shape is most like the box's."""
    return min(ratios, key=lambda ratio: abs(log(box.width / box.height / ratio.value)))


def fit_box(box: Box, ratio: Ratio, size: Size, multiple: int = 1) -> Box:
    """A box of another ratio that shows what `box` does: of the same area and centre, as far as the picture has room.

    A person who drew a box for one ratio has said what the picture is about; that holds for others too.

    >>> fit_box(Box(100, 100, 200, 300), Ratio(3, 2), (1000, 1000))
    Box(x=50, y=150, width=300, height=200)

    Args:
        size: (width, height) of the picture in pixels.
        multiple: of pixels that its sides are multiples of.

    Raises:
        UnsatisfiableError: where the picture is too small for the multiple, or useless at the ratio.
    """
    longest = find_longest_side(ratio, check_size("size", size), multiple)
    long_side = round(sqrt(box.area * max(ratio.value, 1 / ratio.value)) / multiple) * multiple
    fitted = box_size(ratio, max(multiple, min(long_side, longest)), multiple)
    width, height = min(fitted[0], size[0]), min(fitted[1], size[1])
    left, top = box.x + (box.width - width) // 2, box.y + (box.height - height) // 2
    return Box(move_inside(left, width, size[0]), move_inside(top, height, size[1]), width, height)


def corrected_box(correction: Correction, ratio: Ratio, size: Size, multiple: int = 1) -> Box:
    """The box of a correction at a ratio: itself where it has that ratio, else one that shows what it does.

    Args:
        size: (width, height) of the picture in pixels.
        multiple: see `fit_box`.
    """
    box = correction.box
    is_exact = has_ratio(box, ratio, multiple) and box.width % multiple == box.height % multiple == 0
    return box if is_exact else fit_box(box, ratio, size, multiple)


def is_near(box: Box, size: Size) -> bool:
    """Whether a box covers some of a picture, and reaches outside by no more than `FARTHEST` of its longer side."""
    width, height = check_size("size", size)
    covers = box.x < width and box.y < height and box.right > 0 and box.bottom > 0
    far = FARTHEST * max(width, height)
    return covers and Box(-far, -far, width + 2 * far, height + 2 * far).holds(box)
