"""From what the teachers say to labels: pure geometry on relative boxes."""

from __future__ import annotations

from collections.abc import Sequence

# YuNet's box reaches from the eyebrows to the chin. Calibrated by eye on the 170 people, hats and long hair aside.
ABOVE, BELOW, BESIDE = 0.38, 0.12, 0.18


def head_from_face(face: Sequence[float]) -> tuple[float, float, float, float]:
    """The whole head around a face x1, y1, x2, y2."""
    x1, y1, x2, y2 = face
    across, down = x2 - x1, y2 - y1
    return x1 - BESIDE * across, y1 - ABOVE * down, x2 + BESIDE * across, y2 + BELOW * down


def merged(faces: list[list[float]]) -> list[list[float]]:
    """`[x1, y1, x2, y2, certainty]` without the less certain of any two that are the same face seen at two scales."""
    kept: list[list[float]] = []
    for face in sorted(faces, key=lambda each: -each[4]):
        if all(
            _shared(face, other) < 0.4 * _joint(face, other) and _shared(face, other) < 0.7 * _lesser(face, other)
            for other in kept
        ):
            kept.append(face)
    return kept


def _shared(one: Sequence[float], other: Sequence[float]) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, down)


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _joint(one: Sequence[float], other: Sequence[float]) -> float:
    return _area(one) + _area(other) - _shared(one, other)


def _lesser(one: Sequence[float], other: Sequence[float]) -> float:
    return min(_area(one), _area(other))
