"""A rectangle in whole source pixels, counted after the picture was oriented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .checks import Size, check_edges, check_kind, check_size, check_whole_number


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, width and height in pixels; may reach outside the picture where a crop is padded.

    Raises:
        TypeError: when one of the four is not a whole number.
        ValueError: when width or height is below one pixel.

    >>> Box(10, 20, 300, 200).right
    310
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        for name in ("x", "y", "width", "height"):
            object.__setattr__(self, name, check_whole_number(f"a box's {name}", getattr(self, name)))
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a box needs at least 1×1 pixel, got {self.width}×{self.height}")

    @classmethod
    def from_relative(cls, region: Sequence[float], size: Size) -> Box:
        """The smallest pixel box that holds the relative region `[x1, y1, x2, y2]` of a picture of `size`.

        Raises:
            TypeError, ValueError: when `region` is not four finite numbers, its corners reversed, or `size` none.

        >>> Box.from_relative((0.0, 0.25, 0.5, 1.0), (301, 200))
        Box(x=0, y=50, width=151, height=150)
        """
        x1, y1, x2, y2 = check_edges("region", region)
        if x1 > x2 or y1 > y2:
            raise ValueError(f"region {(x1, y1, x2, y2)} must satisfy x1 ≤ x2 and y1 ≤ y2")
        size = check_size("size", size)
        # A region computed in floating point may overshoot a pixel edge by a hair; that hair is not a pixel.
        left, top = _floor(x1 * size[0]), _floor(y1 * size[1])
        right, bottom = -_floor(-x2 * size[0]), -_floor(-y2 * size[1])
        return cls(left, top, max(1, right - left), max(1, bottom - top))

    @property
    def right(self) -> int:
        """The first column of pixels right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row of pixels below the box."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """In pixels."""
        return self.width * self.height

    @property
    def size(self) -> Size:
        """Width and height."""
        return self.width, self.height

    def as_list(self) -> list[int]:
        """x, y, width and height."""
        return [self.x, self.y, self.width, self.height]

    def relative(self, size: Size) -> tuple[float, float, float, float]:
        """The box as `(x1, y1, x2, y2)` shares of a picture of `size`."""
        width, height = check_size("size", size)
        return self.x / width, self.y / height, self.right / width, self.bottom / height

    def shifted(self, dx: int, dy: int) -> Box:
        """The box moved `dx` pixels to the right and `dy` down."""
        dx, dy = check_whole_number("dx", dx), check_whole_number("dy", dy)
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def inside(self, size: Size) -> bool:
        """Whether all of the box lies on a picture of (width, height) `size`."""
        width, height = check_size("size", size)
        return self.x >= 0 and self.y >= 0 and self.right <= width and self.bottom <= height

    def holds(self, other: Box) -> bool:
        """Whether all of the other box lies in this one."""
        check_kind("other", other, Box)
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom

    def clipped(self, size: Size) -> Box:
        """The part of the box that lies on the picture.

        Raises:
            ValueError: when no pixel of the box lies on the picture.
        """
        width, height = check_size("size", size)
        left, top = max(self.x, 0), max(self.y, 0)
        right, bottom = min(self.right, width), min(self.bottom, height)
        if right <= left or bottom <= top:
            raise ValueError(f"the box {self.as_list()} lies wholly outside the picture of {width}×{height}")
        return Box(left, top, right - left, bottom - top)

    def union(self, other: Box) -> Box:
        """The smallest box that holds both."""
        check_kind("other", other, Box)
        left, top = min(self.x, other.x), min(self.y, other.y)
        return Box(left, top, max(self.right, other.right) - left, max(self.bottom, other.bottom) - top)


def _floor(value: float) -> int:
    nearest = round(value)
    return nearest if abs(value - nearest) < 1e-6 else int(value // 1)
