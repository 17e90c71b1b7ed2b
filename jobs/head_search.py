"""The heads of people in a picture, small ones too: where small heads are seen, the picture is looked at in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..cropping.box import Box
from ..cropping.checks import Region, Size
from ..cropping.subject import Subject
from ..images.thumbnail import small_size
from ..models.detectors.centre_points import Detection, suppress_overlaps
from .analyse import ANALYSIS_SIDE

ReadPixels = Callable[[Box, Size], np.ndarray]
"""A box inside a picture, reduced to a size: uint8 `[h, w, 3]`."""

FindSubjects = Callable[[np.ndarray], Sequence[Subject]]
"""The subjects of a thumbnail, uint8 `[h, w, 3]`."""

_KINDS = ("face", "person", "prompt")
# Heads whose longer side is less than this share of the shorter side of what was looked at: beside them there may be
# others, too small to be seen.
_SMALL = 0.11
_DEEPEST = 2  # so many times a part is looked at in parts
_SHARE = 0.58  # of a side that each of the four parts has: they overlap, so that every head lies whole in one
_LEAST_SIDE = 352  # pixels of a part's shorter side: croppers see no more of a smaller one
_RIM = 0.02  # of a part's sides: a head so near to a cut may be cut off
_SAME = 0.45  # intersection over union, from which two heads are one


@dataclass(frozen=True)
class CloserLook:
    """How parts of a picture are looked at.

    Attributes:
        read: the picture.
        find: of each part's thumbnail.
    """

    read: ReadPixels
    find: FindSubjects

    def __call__(self, part: Box) -> Sequence[Subject]:
        """The subjects of a part, relative to it."""
        return self.find(self.read(part, small_size(part.size, ANALYSIS_SIDE)))


def find_heads(subjects: Sequence[Subject], size: Size, look: CloserLook | None = None) -> list[Detection]:
    """The heads of people, in pixels of the picture, the most certain first.

    Args:
        subjects: of the analysis of the whole picture.
        size: its width and height in pixels.
        look: at its parts; None where those heads are all that there is.
    """
    whole = Box(0, 0, *size)
    heads, parts = _heads_in(subjects, whole, size), [whole]
    for _ in range(_DEEPEST if look else 0):
        assert look is not None
        parts = [each for part in parts if _has_small(heads, part) for each in _parts_of(part)]
        for part in parts:
            heads += _heads_in(look(part), part, size)
        heads = suppress_overlaps(_sorted(heads), _SAME)
    return _sorted(heads)


def _sorted(heads: Sequence[Detection]) -> list[Detection]:
    return sorted(heads, key=lambda each: -each.confidence)


def _heads_in(subjects: Sequence[Subject], part: Box, size: Size) -> list[Detection]:
    """The heads of a part, in pixels of the picture, without those that its edges may cut."""
    found = []
    for each in subjects:
        head = each.head_region if each.kind in _KINDS else None
        if head is not None and not _is_cut(head, part, size):
            x1, x2 = (part.x + edge * part.width for edge in head[::2])
            y1, y2 = (part.y + edge * part.height for edge in head[1::2])
            found.append(Detection(x1, y1, x2, y2, each.confidence))
    return found


def _is_cut(head: Region, part: Box, size: Size) -> bool:
    """Whether a head, relative to a part, touches an edge of it that is none of the picture."""
    x1, y1, x2, y2 = head
    return (
        (part.x > 0 and x1 < _RIM)
        or (part.y > 0 and y1 < _RIM)
        or (part.right < size[0] and x2 > 1 - _RIM)
        or (part.bottom < size[1] and y2 > 1 - _RIM)
    )


def _has_small(heads: Sequence[Detection], part: Box) -> bool:
    """Whether a head in a part is so small that there may be others."""
    least = _SMALL * min(part.size)
    return any(
        max(each.x2 - each.x1, each.y2 - each.y1) < least
        and part.x <= (each.x1 + each.x2) / 2 <= part.right
        and part.y <= (each.y1 + each.y2) / 2 <= part.bottom
        for each in heads
    )


def _parts_of(part: Box) -> Iterator[Box]:
    """Its four quarters, enlarged so that they overlap; none where they would show no more than it does."""
    width, height = (max(1, round(_SHARE * side)) for side in part.size)
    if min(width, height) >= _LEAST_SIDE:
        for y in (part.y, part.bottom - height):
            for x in (part.x, part.right - width):
                yield Box(x, y, width, height)
