"""Canvas around a picture: how much a crop needs so that it holds all it should, and on which side it is added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .box import Box
from .checks import Region, Size, show

CROP, WHOLE, SUBJECT = "crop", "whole", "subject"
FITS = (CROP, WHOLE, SUBJECT)
AUTO, EVEN = "auto", "even"
SIDES = (AUTO, EVEN, "left", "right", "top", "bottom")

# A subject whose edge is no further than this from the picture's, as a share of it, goes on beyond: canvas there would
# have to show the rest of it.
TOUCHING = 0.01
# A subject is in the middle where its centre is no further from the picture's, as a share of it.
CENTRED = 0.05
# The lines that a subject is not to be beyond, as shares of the crop: the rule of thirds.
FIRST_THIRD, LAST_THIRD = 1 / 3, 2 / 3


@dataclass(frozen=True, slots=True)
class Canvas:
    """When canvas is added to a picture, and where.

    Attributes:
        fit: `crop`: only where the constraint's policy asks for it. `whole`: the whole picture, extended to the ratio.
            `subject`: a crop as long as all subjects and regions to keep stay whole, else extended.
        side: where the canvas goes. `auto`: where the text is, or else where the subjects are not, see
            `composed_share`; `even`: both sides alike; or a side by name, and along the other axis as `auto`.

    Raises:
        ValueError: when one is unknown.
    """

    fit: str = CROP
    side: str = AUTO

    def __post_init__(self) -> None:
        if self.fit not in FITS:
            raise ValueError(f"fit must be one of {', '.join(FITS)}, got {show(self.fit)}")
        if self.side not in SIDES:
            raise ValueError(f"fit_side must be one of {', '.join(SIDES)}, got {show(self.side)}")


NO_CANVAS = Canvas()


class Extent(NamedTuple):
    """Where the subjects of a picture lie along one axis, in 0..1: first and last edge, and the centre of weight."""

    start: float
    stop: float
    centre: float


def composed_share(subject: Extent, pixels: int, length: int) -> float:
    """The share of the canvas that goes before the picture (to the left, or the top), the rest after it.

    It goes where the subjects are not: to the other side of one that touches an edge, evenly around one in the middle,
    and else to the far side, up to where the subject comes to lie on a third of the crop.

    >>> composed_share(Extent(0.3, 0.5, 0.4), 100, 110), composed_share(Extent(0.0, 0.5, 0.2), 100, 150)
    (0.0, 0.0)

    Args:
        subject: in the picture.
        pixels: of the picture along the axis.
        length: of the crop along it, longer than the picture.
    """
    begins, ends = subject.start < TOUCHING, subject.stop > 1 - TOUCHING
    if begins != ends:
        return float(ends)
    if abs(subject.centre - 0.5) <= CENTRED:
        return 0.5
    place = subject.centre * pixels
    if subject.centre < 0.5:
        return min(0.5, max(0.0, FIRST_THIRD * length - place) / (length - pixels))
    return max(0.5, min(1.0, (LAST_THIRD * length - place) / (length - pixels)))


def place_canvas(box: Box, size: Size, side: str, shares: tuple[float | None, float | None] = (None, None)) -> Box:
    """The box with its canvas where it is wanted, along each axis on which it is longer than the picture.

    Args:
        box: of the crop.
        size: (width, height) of the picture in pixels.
        side: see `Canvas`.
        shares: of the canvas that go to the left and to the top under `auto`; None leaves the box where it is.
    """
    across, down = (_share(side, axis, share) for axis, share in enumerate(shares))
    return Box(
        _place(box.x, box.width, size[0], across), _place(box.y, box.height, size[1], down), box.width, box.height
    )


def added_share(box: Box, size: Size) -> float:
    """The share of a box that lies beside a picture of `size`: 0..1, 0 for one inside."""
    return 0.0 if box.inside(size) else 1 - box.clipped(size).area / box.area


def added_sides(box: Box, size: Size) -> list[str]:
    """The sides on which a box reaches outside a picture of `size`."""
    beyond = {"left": -box.x, "top": -box.y, "right": box.right - size[0], "bottom": box.bottom - size[1]}
    return [side for side, pixels in beyond.items() if pixels > 0]


def find_extents(bodies: Sequence[Region], weighted: Sequence[tuple[Region, float]]) -> tuple[Extent, Extent] | None:
    """Where subjects lie across and down; None where there are none.

    Args:
        bodies: all of each, relative to the picture, which they may leave.
        weighted: what matters most of each, with its weight, which make the centre.
    """
    total = sum(weight for _, weight in weighted)
    if not bodies or total <= 0:
        return None
    across, down = (
        Extent(
            max(0.0, min(each[axis] for each in bodies)),
            min(1.0, max(each[axis + 2] for each in bodies)),
            min(1.0, max(0.0, sum(w * (each[axis] + each[axis + 2]) / 2 for each, w in weighted) / total)),
        )
        for axis in (0, 1)
    )
    return across, down


def _share(side: str, axis: int, composed: float | None) -> float | None:
    named = {EVEN: 0.5, ("left", "top")[axis]: 1.0, ("right", "bottom")[axis]: 0.0}
    return named.get(side, composed)


def _place(start: int, length: int, pixels: int, share: float | None) -> int:
    return start if share is None or length <= pixels else -round((length - pixels) * share)
