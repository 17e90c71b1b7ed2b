"""What the largest crop of a ratio does to the heads of its photograph.

Heads and boxes are x1, y1, x2, y2 in pixels; a head's box holds hair, hat and chin. A photograph has one head that fits
the ratio's largest box, or several heads, or is a close-up: its only head is wider or higher than that box. Each has
figures of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..cropping.checks import Size
from ..cropping.ratio import Ratio
from .positions import regions_kept

# The figures by name, with what is wrong with a crop that is bad by it. The names stay as they are: scripts read them.
WHOLE, LOST, BEHEADED = "whole", "lost", "beheaded"
SEVERAL_WHOLE, SEVERAL_SLICED = "several_whole", "several_sliced"
CLOSE_SHOWN, CLOSE_CHIN = "close_shown", "close_chin"
FIGURES: Mapping[str, str] = {
    WHOLE: "the only head is not whole",
    LOST: "less than half of the only head is in",
    BEHEADED: "more than a third of the person is in, but less than two thirds of the head",
    SEVERAL_WHOLE: "fewer heads are whole than one box can hold",
    SEVERAL_SLICED: "of several heads, some are cut",
    CLOSE_SHOWN: "a close-up that shows less of the head than it could",
    CLOSE_CHIN: "a close-up without the chin",
}

# A head counts as whole if no side of it is cut by more than these shares of the head's and of the picture's side.
CUT_OF_HEAD, CUT_OF_PICTURE = 0.03, 0.01
LOST_BELOW, BEHEADED_BELOW, BEHEADED_ABOVE = 1 / 2, 2 / 3, 1 / 3  # shares of the head, of the head, of the person
OUTSIDE_BELOW = 0.05  # share of a head up to which it counts as left out, not as sliced
CHIN_CUT = 0.06  # share of a close-up's head that may be cut off below
UNSEEN = 0.01  # share of what could show of a head that is not missed
POSITIONS = 61  # of a box, evenly from one end of the picture to the other


@dataclass(frozen=True)
class Figure:
    """What one crop adds to a figure, which is the sum of the values divided by the sum of `of`.

    Attributes:
        value: share or number.
        of: the largest possible value.
        badness: 0 where there is nothing to complain of; else the higher the worse, among crops with this figure.
    """

    value: float
    of: float
    badness: float


def measure_crop(box: np.ndarray, heads: np.ndarray, people: np.ndarray, ratio: Ratio) -> dict[str, Figure]:
    """The figures of one crop by name: those that its photograph has.

    Args:
        box: `[4]`, the largest of the ratio.
        heads: `[N, 4]`.
        people: `[H, W]` booleans, True on the people; as large as the photograph.
        ratio: of the crop.
    """
    height, width = people.shape
    largest = largest_sides((width, height), ratio)
    if len(heads) != 1:
        return _measure_several(box, heads, (width, height), largest)
    if (_sides(heads[0]) > largest).any():
        return _measure_close_up(box, heads[0], largest)
    return _measure_one(box, heads[0], people)


def largest_sides(size: Size, ratio: Ratio) -> np.ndarray:
    """Width and height `[2]` of the largest box of exactly this ratio, in fractions of pixels.

    >>> largest_sides((300, 100), Ratio(3, 2)).tolist()
    [150.0, 100.0]
    """
    width, height = size
    too_high = width / height < ratio.value
    return np.array((width, width / ratio.value) if too_high else (height * ratio.value, height))


def heads_whole(heads: np.ndarray, boxes: np.ndarray, size: Size) -> np.ndarray:
    """Whether each head `[N, 4]` is whole in each box `[M, 4]` of a photograph of `size`: `[M, N]` booleans."""
    cut = CUT_OF_HEAD * _sides(heads) + CUT_OF_PICTURE * np.array(size)
    begun = heads[:, :2] + cut >= boxes[:, None, :2]
    ended = heads[:, 2:] - cut <= boxes[:, None, 2:]
    return np.all(begun & ended, axis=-1)


def most_whole(heads: np.ndarray, size: Size, largest: np.ndarray) -> int:
    """How many of the heads `[N, 4]` one box with the sides `largest` `[2]` can hold whole."""
    corner = np.linspace(0, 1, POSITIONS)[:, None] * (np.array(size) - largest)
    boxes = np.concatenate([corner, corner + largest], 1)
    return int(heads_whole(heads, boxes, size).sum(1).max())


def people_kept(people: np.ndarray, box: np.ndarray) -> float:
    """The share of the True pixels of `[H, W]` inside a box `[4]`: 0..1."""
    x1, y1, x2, y2 = box.round().astype(int)
    return float(people[y1:y2, x1:x2].sum() / max(people.sum(), 1))


def _measure_one(box: np.ndarray, head: np.ndarray, people: np.ndarray) -> dict[str, Figure]:
    height, width = people.shape
    shown = float(regions_kept(head[None], box[None])[0, 0])
    kept = people_kept(people, box)
    whole = bool(heads_whole(head[None], box[None], (width, height))[0, 0])
    lost = shown < LOST_BELOW
    beheaded = shown < BEHEADED_BELOW and kept > BEHEADED_ABOVE
    return {
        WHOLE: Figure(whole, 1, 0.0 if whole else 1 - shown),
        LOST: Figure(lost, 1, 1 - shown if lost else 0.0),
        BEHEADED: Figure(beheaded, 1, kept + 1 - shown if beheaded else 0.0),
    }


def _measure_several(box: np.ndarray, heads: np.ndarray, size: Size, largest: np.ndarray) -> dict[str, Figure]:
    whole = heads_whole(heads, box[None], size)[0]
    sliced = ~whole & (regions_kept(heads, box[None])[0] > OUTSIDE_BELOW)
    held, possible, cut = int(whole.sum()), most_whole(heads, size, largest), int(sliced.sum())
    return {
        SEVERAL_WHOLE: Figure(held, possible, max(0, possible - held)),
        SEVERAL_SLICED: Figure(cut, len(heads), cut),
    }


def _measure_close_up(box: np.ndarray, head: np.ndarray, largest: np.ndarray) -> dict[str, Figure]:
    sides = _sides(head)
    possible = np.minimum(1, largest / sides).prod()
    shown = float(regions_kept(head[None], box[None])[0, 0] / possible)
    chin_cut = float((head[3] - box[3]) / sides[1])
    chin_in = chin_cut <= CHIN_CUT
    return {
        CLOSE_SHOWN: Figure(shown, 1, 1 - shown if shown < 1 - UNSEEN else 0.0),
        CLOSE_CHIN: Figure(chin_in, 1, 0.0 if chin_in else chin_cut),
    }


def _sides(boxes: np.ndarray) -> np.ndarray:
    """Widths and heights `[*, 2]` of boxes `[*, 4]`."""
    return boxes[..., 2:] - boxes[..., :2]
