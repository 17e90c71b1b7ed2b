"""Similarities of the plane: turn, scale and move; and the one that brings points closest to others (Umeyama, 1991)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, hypot, radians, sin

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Similarity:
    """x' = a·x − b·y + dx, y' = b·x + a·y + dy. It never mirrors.

    >>> Similarity(0.0, 2.0, 1.0, 0.0).apply((3.0, 4.0))
    (-7.0, 6.0)
    """

    a: float
    b: float
    dx: float
    dy: float

    @classmethod
    def about(cls, centre: Point, target: Point, scale: float, angle: float = 0.0) -> Similarity:
        """Brings `centre` to `target`, scaled, and turned by `angle` degrees clockwise as one looks at the picture."""
        a, b = scale * cos(radians(angle)), scale * sin(radians(angle))
        x, y = centre
        return cls(a, b, target[0] - a * x + b * y, target[1] - b * x - a * y)

    @property
    def scale(self) -> float:
        """How many times longer a line becomes."""
        return hypot(self.a, self.b)

    @property
    def angle(self) -> float:
        """By how many degrees it turns, −180..180, clockwise as one looks at the picture."""
        return degrees(atan2(self.b, self.a))

    def apply(self, point: Point) -> Point:
        x, y = point
        return self.a * x - self.b * y + self.dx, self.b * x + self.a * y + self.dy

    def inverse(self) -> Similarity:
        """What leads back.

        Raises:
            ZeroDivisionError: when the scale is 0.
        """
        square = self.a * self.a + self.b * self.b
        a, b = self.a / square, -self.b / square
        return Similarity(a, b, -a * self.dx + b * self.dy, -b * self.dx - a * self.dy)

    def then(self, other: Similarity) -> Similarity:
        """This one, and the other after it."""
        dx, dy = other.apply((self.dx, self.dy))
        return Similarity(other.a * self.a - other.b * self.b, other.b * self.a + other.a * self.b, dx, dy)

    def rows(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """The matrix, 2×3, as OpenCV's `warpAffine` and the manifests of peers have it."""
        return (self.a, -self.b, self.dx), (self.b, self.a, self.dy)


def fit_similarity(points: Sequence[Point], targets: Sequence[Point]) -> Similarity:
    """The similarity that brings points closest to their targets, by the sum of squared distances.

    Umeyama's solution ("Least-squares estimation of transformation parameters between two point patterns", 1991) where
    no mirroring is allowed; in the plane it is that of one complex number.

    Raises:
        ValueError: when there are not as many points as targets, or fewer than two distinct points.
    """
    if len(points) != len(targets):
        raise ValueError(f"{len(points)} points for {len(targets)} targets")
    x, y = _mean(points)
    u, v = _mean(targets)
    real = turned = spread = 0.0
    for (px, py), (tx, ty) in zip(points, targets, strict=True):
        px, py, tx, ty = px - x, py - y, tx - u, ty - v
        real += px * tx + py * ty
        turned += px * ty - py * tx
        spread += px * px + py * py
    if not spread > 0 or not hypot(real, turned) > 0:
        raise ValueError("all points lie in one place")
    a, b = real / spread, turned / spread
    return Similarity(a, b, u - a * x + b * y, v - b * x - a * y)


def _mean(points: Sequence[Point]) -> Point:
    count = max(1, len(points))
    return sum(x for x, _ in points) / count, sum(y for _, y in points) / count
