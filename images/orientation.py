"""EXIF orientation as geometry: where a part of the displayed picture lies in the stored picture."""

from __future__ import annotations

from PIL import Image

# How the stored picture is turned into the displayed one.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPS_SIDES = (5, 6, 7, 8)
_STORED_FROM_RIGHT = (2, 3, 6, 7)  # the displayed x axis runs backwards in the file
_STORED_FROM_BOTTOM = (3, 4, 7, 8)  # the displayed y axis does

FloatBox = tuple[float, float, float, float]


def swap_sides(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height of the stored picture from those of the displayed one, or the other way round."""
    return (size[1], size[0]) if orientation in _SWAPS_SIDES else size


def to_stored_box(box: FloatBox, displayed_size: tuple[int, int], orientation: int) -> FloatBox:
    """A box `(x1, y1, x2, y2)` of the displayed picture, in pixels of the stored one."""
    x1, y1, x2, y2 = box
    if orientation in _STORED_FROM_RIGHT:
        x1, x2 = displayed_size[0] - x2, displayed_size[0] - x1
    if orientation in _STORED_FROM_BOTTOM:
        y1, y2 = displayed_size[1] - y2, displayed_size[1] - y1
    return (y1, x1, y2, x2) if orientation in _SWAPS_SIDES else (x1, y1, x2, y2)


def to_displayed_box(box: FloatBox, displayed_size: tuple[int, int], orientation: int) -> FloatBox:
    """A box `(x1, y1, x2, y2)` of the stored picture, in pixels of the displayed one; `to_stored_box` the other way.

    >>> to_displayed_box((0.0, 0.0, 10.0, 20.0), (300, 400), 6)
    (280.0, 0.0, 300.0, 10.0)
    """
    x1, y1, x2, y2 = box
    if orientation in _SWAPS_SIDES:
        x1, y1, x2, y2 = y1, x1, y2, x2
    if orientation in _STORED_FROM_RIGHT:
        x1, x2 = displayed_size[0] - x2, displayed_size[0] - x1
    if orientation in _STORED_FROM_BOTTOM:
        y1, y2 = displayed_size[1] - y2, displayed_size[1] - y1
    return x1, y1, x2, y2
