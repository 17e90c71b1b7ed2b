"""Geometry of single regions in plain numbers: relative x1, y1, x2, y2. Many at once are tensors, see `boxes.py`."""

from __future__ import annotations

from .checks import Region


def area_of(region: Region) -> float:
    """Width times height, as a share of the picture's area."""
    return (region[2] - region[0]) * (region[3] - region[1])


def clip(region: Region) -> Region:
    """The part of a region that lies on the picture; of one that lies beside it, a part without area."""
    x1, y1, x2, y2 = (min(1.0, max(0.0, edge)) for edge in region)
    return x1, y1, x2, y2


def share_inside(region: Region, crop: Region) -> float:
    """The share of a region's area inside a crop: 0..1; 1 for a region without area.

    >>> share_inside((0.0, 0.0, 0.5, 1.0), (0.25, 0.0, 1.0, 1.0))
    0.5
    """
    if region[2] <= region[0] or region[3] <= region[1]:
        return 1.0
    width = max(0.0, min(region[2], crop[2]) - max(region[0], crop[0]))
    height = max(0.0, min(region[3], crop[3]) - max(region[1], crop[1]))
    return min(1.0, width * height / area_of(region))


def share_outside(region: Region, crop: Region) -> float:
    """The share of a region's area outside a crop: 0..1."""
    return 1 - share_inside(region, crop)


def holds_centre(outer: Region, inner: Region) -> bool:
    """Whether the centre of a region lies in another."""
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def region_in_picture(region: Region, crop: Region) -> Region:
    """A region relative to a crop, as a region relative to the picture that the crop lies in."""
    (x1, y1, x2, y2), (left, top, right, bottom) = region, crop
    width, height = right - left, bottom - top
    return left + x1 * width, top + y1 * height, left + x2 * width, top + y2 * height
