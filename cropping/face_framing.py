"""Squares around faces by name: ours, and those of DeepFaceLab and faceswap.

Each framing is a square in the frame of the aligned face, where the mean face fills the unit square. The formulas of
the peers are facts of their programs (DeepFaceLab `get_transform_mat`, faceswap `aligned_face.py` and `pose.py`),
written down anew; they align 33 and 51 points where we have five.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import cos, radians, sin, sqrt, tanh
from types import MappingProxyType

from .checks import Region, Size, check_count, check_number, show
from .face import DFL_LEFT, Face, Pose
from .similarity import Point, Similarity

MAX_SQUARE = 4096  # pixels a side
MOST_PADDING, MOST_SHIFT = 4.0, 2.0

DFL_PADDINGS = MappingProxyType(
    {"half_face": 0.0, "midfull": 0.0675, "full": 0.2109375, "whole_face": 0.40, "head": 0.70}
)
"""DeepFaceLab's face types: what it adds on each side of the unit square, in diagonals of the square."""

FACESWAP_PADDINGS = MappingProxyType({"legacy": 0.375, "face": 0.5, "head": 0.625})
"""faceswap's centrings: the share of the square that is padding."""

FACESWAP_CENTRES = MappingProxyType({"face": (0.0, -1.5, 4.2), "head": (0.0, 0.0, -2.3)})
"""The point of the head model that comes into the middle of the square; of `legacy` it is that of the unit square."""

_DFL_WHOLE_UP, _DFL_HEAD_UP = 0.07, 0.50
# DeepFaceLab's measure of yaw is how much farther the bridge of the nose is from one edge of the jaw than from the
# other. The bridge lies so far before the jaw, in sides of the unit square.
_BRIDGE = 0.47

# Ours, in the unit square: from the forehead to below the chin, and with hair and some of the neck.
_FACE_CENTRE, _FACE_SIDE = (0.5, 0.54), 1.42
_WHOLE_CENTRE, _WHOLE_SIDE = (0.5, 0.40), 2.05
# A head of which no box is known, and how much a square is larger than a head.
_HEAD_CENTRE, _HEAD_SIDE, _HEAD_ROOM = (0.5, 0.25), 2.5, 1.10
# A half figure: so many heads high, with so much of one above it.
_HALF_HEADS, _HALF_ABOVE = 3.6, 0.25


@dataclass(frozen=True)
class Square:
    """A square in pixels of the picture.

    Attributes:
        centre: of it.
        side: > 0.
        angle: degrees by which it is turned clockwise.
    """

    centre: Point
    side: float
    angle: float = 0.0

    def to_pixels(self, size: int) -> Similarity:
        """From the picture to the square of `size` pixels a side; pixels have their centres at halves."""
        return Similarity.about(self.centre, (size / 2, size / 2), size / self.side, -self.angle)

    def corners(self) -> list[Point]:
        """Left top, right top, right bottom, left bottom."""
        back = self.to_pixels(1).inverse()
        return [back.apply(each) for each in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))]

    def share_outside(self, size: Size) -> float:
        """The share of its area that lies outside a picture of `size`, 0..1."""
        shape = self.corners()
        for axis, limit, sign in ((0, 0.0, 1), (1, 0.0, 1), (0, float(size[0]), -1), (1, float(size[1]), -1)):
            shape = _cut_by_edge(shape, axis, limit, sign)
        return min(1.0, max(0.0, 1 - _area_of(shape) / self.side**2))


@dataclass(frozen=True)
class FaceFraming:
    """How a square is laid around a face.

    Attributes:
        name: one of `FRAMINGS`.
        padding: added on each side, in sides of the square that the name stands for; below 0 it is cut off.
        shift: by which the square is moved down the face, in sides of that square; above the face is below 0.
        upright: whether the square keeps the picture's own upright, and is not turned with the face.

    Raises:
        TypeError: when one is of another type.
        ValueError: naming the field that cannot be.

    >>> FaceFraming("dfl:whole_face").name
    'dfl:whole_face'
    """

    name: str = "face"
    padding: float = 0.0
    shift: float = 0.0
    upright: bool = False

    def __post_init__(self) -> None:
        if self.name not in FRAMINGS:
            raise ValueError(f"framing: {show(self.name)} is none; use one of {', '.join(FRAMINGS)}")
        if not -0.4 <= check_number("padding", self.padding) <= MOST_PADDING:
            raise ValueError(f"padding must lie in -0.4..{MOST_PADDING:g} sides of the square, got {self.padding}")
        if not abs(check_number("shift", self.shift)) <= MOST_SHIFT:
            raise ValueError(f"shift must lie in -{MOST_SHIFT:g}..{MOST_SHIFT:g} sides of the square, got {self.shift}")

    def square(self, face: Face, head: Region | None, size: int) -> Square:
        """The square around a face.

        Args:
            face: in pixels of its picture.
            head: left, top, right, bottom of the whole head in pixels, hair and chin included; None where not known.
            size: pixels a side that the square will have; faceswap's padding is whole pixels of it.
        """
        check_count("size", size, MAX_SQUARE)
        square = FRAMINGS[self.name](face, head, size)
        down = Similarity.about((0.0, 0.0), (0.0, 0.0), square.side, square.angle).apply((0.0, self.shift))
        centre = square.centre[0] + down[0], square.centre[1] + down[1]
        square = replace(square, centre=centre, side=square.side * (1 + 2 * self.padding))
        return replace(square, angle=0.0) if self.upright else square


def _cut_by_edge(shape: list[Point], axis: int, limit: float, sign: int) -> list[Point]:
    """The part of a convex shape beyond an edge (Sutherland and Hodgman, 1974)."""
    kept: list[Point] = []
    for one, other in zip(shape, [*shape[1:], *shape[:1]], strict=True):
        here, there = sign * (one[axis] - limit), sign * (other[axis] - limit)
        if here >= 0:
            kept.append(one)
        if here * there < 0:
            share = here / (here - there)
            kept.append((one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])))
    return kept


def _area_of(shape: list[Point]) -> float:
    following = [*shape[1:], *shape[:1]]
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(shape, following, strict=True))) / 2


def dfl_square(alignment: Similarity, kind: str, yaw: float) -> Square:
    """DeepFaceLab's square of a face type.

    Args:
        alignment: from the picture to DeepFaceLab's unit square.
        kind: one of `DFL_PADDINGS`.
        yaw: its measure of it: how much farther the nose's bridge is from the right edge of the jaw than from the left
            one, in sides of the unit square.
    """
    x, y = 0.5, 0.5
    if kind == "whole_face":
        y -= _DFL_WHOLE_UP
    elif kind == "head":
        x, y = x + yaw * abs(tanh(2 * yaw)) / 2, y - _DFL_HEAD_UP  # towards the back of the head
    # Half the diagonal is that of the unit square times (padding·√2 + ½).
    return _in_picture(alignment, (x, y), 2 * (DFL_PADDINGS[kind] * sqrt(2) + 0.5))


def faceswap_square(alignment: Similarity, kind: str, pose: Pose, size: int) -> Square:
    """faceswap's square of a centring, at a coverage of 100 %.

    Args:
        alignment: from the picture to faceswap's unit square.
        kind: one of `FACESWAP_PADDINGS`.
        pose: of the head, fitted in the unit square.
        size: pixels a side of the square; its padding is rounded to whole ones.
    """
    centre = pose.project(FACESWAP_CENTRES[kind]) if kind in FACESWAP_CENTRES else (0.5, 0.5)
    padding = round(size * FACESWAP_PADDINGS[kind] / 2)
    return _in_picture(alignment, centre, size / max(1, size - 2 * padding))


def _in_picture(alignment: Similarity, centre: Point, side: float) -> Square:
    return Square(alignment.inverse().apply(centre), side / alignment.scale, -alignment.angle)


def _dfl(kind: str) -> Callable[[Face, Region | None, int], Square]:
    def square(face: Face, head: Region | None, size: int) -> Square:
        alignment = face.alignment.then(Similarity(1.0, 0.0, -DFL_LEFT, 0.0))
        yaw = -2 * _BRIDGE * sin(radians(face.pose.yaw)) if kind == "head" else 0.0
        return dfl_square(alignment, kind, yaw)

    return square


def _faceswap(kind: str) -> Callable[[Face, Region | None, int], Square]:
    return lambda face, head, size: faceswap_square(face.alignment, kind, face.pose, size)


def _ours(centre: Point, side: float) -> Callable[[Face, Region | None, int], Square]:
    return lambda face, head, size: _in_picture(face.alignment, centre, side)


def _head(face: Face, head: Region | None, size: int) -> Square:
    """The whole head with hair and chin, upright by the eyes."""
    usual = _in_picture(face.alignment, _HEAD_CENTRE, _HEAD_SIDE)
    if head is None or not _holds(head, face.alignment.inverse().apply((0.5, 0.4))):
        return usual
    long = _longest(head, face.roll)
    return Square(((head[0] + head[2]) / 2, (head[1] + head[3]) / 2), _HEAD_ROOM * long, face.roll)


def _half_figure(face: Face, head: Region | None, size: int) -> Square:
    """Head, shoulders and chest, as upright as the picture is."""
    around = _head(face, head, size)
    long = around.side / _HEAD_ROOM
    side = _HALF_HEADS * long
    return Square((around.centre[0], around.centre[1] + side / 2 - (0.5 + _HALF_ABOVE) * long), side)


def _holds(region: Region, point: Point) -> bool:
    return region[0] < point[0] < region[2] and region[1] < point[1] < region[3]


def _longest(head: Region, roll: float) -> float:
    """The longer axis of an ellipse that is turned by `roll` degrees and has the box `head` around it.

    Where the turn is so near to 45° that the box no longer tells the axes, the longer side of the box.
    """
    width, height = head[2] - head[0], head[3] - head[1]
    apart = cos(radians(2 * roll))
    if abs(apart) < 0.5:
        return max(width, height)
    mean, half = (width**2 + height**2) / 2, (height**2 - width**2) / (2 * apart)
    return sqrt(min(mean + abs(half), 2 * mean))


FRAMINGS = MappingProxyType(
    {
        "face": _ours(_FACE_CENTRE, _FACE_SIDE),
        "whole face": _ours(_WHOLE_CENTRE, _WHOLE_SIDE),
        "head": _head,
        "half figure": _half_figure,
        **{f"dfl:{kind}": _dfl(kind) for kind in DFL_PADDINGS},
        **{f"faceswap:{kind}": _faceswap(kind) for kind in FACESWAP_PADDINGS},
    }
)
"""The squares by name: (face, its head's box or None, pixels a side) → square."""
