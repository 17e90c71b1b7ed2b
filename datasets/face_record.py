"""What a manifest keeps of a face: enough to sort, frame and paste it back without looking at its picture again."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ..cropping.face import Face, Points
from ..cropping.similarity import Similarity
from .json_values import MalformedValue, list_of, optional, read_field, read_number, show_value

_FARTHEST = 1e7  # pixels: no picture has a side as long


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """One face, and the square around it where one was made.

    Attributes:
        points: five, in pixels of the picture after orientation; see `cropping.face.Points`.
        head: left, top, right, bottom of the whole head in pixels; None where not known.
        matrix: from the picture to its square, both in pixels whose centres lie at halves: 2×3, row by row.
        size: of the face: about the height from the brows to the chin, in pixels of the picture.
        scale: pixels of the picture for one of the square; below 1 it was enlarged.
        yaw, pitch, roll: degrees: above 0 where it looks to the right, up, and is tilted clockwise in the picture.
        blur: 0 sharp to 1; see `measure_blur`.
        certainty: how sure it is that there is a face, 0..1.
        spread: how far its points may be off, as a share of the distance between the eyes of such a face seen from the
            front.
        padding: the share of the square that lies outside the picture.
        likeness: the cosine of the angle between its embedding and that of the person who was asked for, −1..1; None
            where none was.
    """

    points: Points
    head: tuple[float, float, float, float] | None
    matrix: tuple[tuple[float, float, float], tuple[float, float, float]]
    size: float
    scale: float
    yaw: float
    pitch: float
    roll: float
    blur: float
    certainty: float
    spread: float
    padding: float = 0.0
    likeness: float | None = None

    @property
    def face(self) -> Face:
        """The five points, to be framed anew."""
        return Face(self.points)

    @property
    def similarity(self) -> Similarity:
        """`matrix`."""
        (a, _, dx), (b, _, dy) = self.matrix
        return Similarity(a, b, dx, dy)


_NUMBERS = ("size", "scale", "yaw", "pitch", "roll", "blur", "certainty", "spread", "padding")


def format_face(face: FaceRecord) -> dict[str, Any]:
    """As `read_face` reads it."""
    told = {each.name: getattr(face, each.name) for each in fields(face)}
    if face.likeness is None:
        del told["likeness"]
    return told


def read_face(value: Any) -> FaceRecord:
    """The face of a JSON value.

    Raises:
        MalformedValue: naming the field that is missing or malformed.
    """
    found = FaceRecord(
        points=read_field(value, "points", _read_points),
        head=read_field(value, "head", optional(_read_head)),
        matrix=read_field(value, "matrix", _read_matrix),
        **{name: read_field(value, name, read_number) for name in _NUMBERS},
        likeness=read_field(value, "likeness", optional(read_number), None),
    )
    for name in ("size", "scale"):
        if not 0 < getattr(found, name) < _FARTHEST:
            raise MalformedValue(f"must lie between 0 and {_FARTHEST:g}, got {getattr(found, name)}", f".{name}")
    return found


def _read_place(value: Any) -> float:
    if not abs(read_number(value)) < _FARTHEST:
        raise MalformedValue(f"must be a place in or near a picture, got {show_value(value)}")
    return float(value)


def _read_points(value: Any) -> Any:
    points = list_of(list_of(_read_place, 2), 5)(value)
    try:
        return Face(points).points  # type: ignore[arg-type]
    except ValueError as error:
        raise MalformedValue(str(error)) from None


def _read_head(value: Any) -> Any:
    x1, y1, x2, y2 = list_of(_read_place, 4)(value)
    if not (x1 < x2 and y1 < y2):
        raise MalformedValue(f"must be left, top, right and bottom, got {show_value(value)}")
    return x1, y1, x2, y2


def _read_matrix(value: Any) -> Any:
    (a, b, dx), (c, d, dy) = list_of(list_of(read_number, 3), 2)(value)
    wide = max(abs(a), abs(c))
    if not 1e-6 < wide < 1e6 or abs(a - d) > 1e-3 * wide or abs(b + c) > 1e-3 * wide:
        raise MalformedValue(f"must turn, scale and move only, got {show_value(value)}")
    if max(abs(dx), abs(dy)) > _FARTHEST * wide:
        raise MalformedValue(f"leads far out of any picture, got {show_value(value)}")
    return (float(a), float(b), float(dx)), (float(c), float(d), float(dy))
