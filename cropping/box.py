"""A rectangle in whole source pixels, counted after the picture was oriented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, width and height in pixels; may reach outside the picture where a crop is padded.

    Raises:
        ValueError: when width or height is below one pixel.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a box needs at least 1×1 pixel, got {self.width}×{self.height}")

    @classmethod
    def from_relative(cls, region: Sequence[float], size: tuple[int, int]) -> Box:
        """The smallest pixel box that holds the relative region `[x1, y1, x2, y2]` of a picture of `size`."""
        x1, y1, x2, y2 = region
        # A region computed in floating point may overshoot a pixel edge by a hair; that hair is not a pixel.
        left, top = _floor(x1 * size[0]), _floor(y1 * size[1])
        right, bottom = -_floor(-x2 * size[0]), -_floor(-y2 * size[1])
        return cls(left, top, max(1, right - left), max(1, bottom - top))

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    def as_list(self) -> list[int]:
        return [self.x, self.y, self.width, self.height]

    def relative(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """The box as `(x1, y1, x2, y2)` shares of a picture of `size`."""
        width, height = size
        return self.x / width, self.y / height, self.right / width, self.bottom / height

    def shifted(self, dx: int, dy: int) -> Box:
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def inside(self, size: tuple[int, int]) -> bool:
        return self.x >= 0 and self.y >= 0 and self.right <= size[0] and self.bottom <= size[1]

    def holds(self, other: Box) -> bool:
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom

    def clipped(self, size: tuple[int, int]) -> Box:
        """The part of the box that lies on the picture.

        Raises:
            ValueError: when no pixel of the box lies on the picture.
        """
        left, top = max(self.x, 0), max(self.y, 0)
        right, bottom = min(self.right, size[0]), min(self.bottom, size[1])
        if right <= left or bottom <= top:
            raise ValueError(f"the box {self.as_list()} lies wholly outside the picture of {size[0]}×{size[1]}")
        return Box(left, top, right - left, bottom - top)

    def union(self, other: Box) -> Box:
        left, top = min(self.x, other.x), min(self.y, other.y)
        return Box(left, top, max(self.right, other.right) - left, max(self.bottom, other.bottom) - top)


def _floor(value: float) -> int:
    nearest = round(value)
    return nearest if abs(value - nearest) < 1e-6 else int(value // 1)
