"""Which faces cover the most ways that a head is turned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CELL = 10.0
"""Degrees of yaw and pitch within which two faces look alike."""

_ANYWHERE = 1e9  # degrees from what is chosen, before anything is


def spread_poses(poses: Sequence[tuple[float, float]], worth: Sequence[float], count: int) -> list[int]:
    """The indices of `count` poses that cover best what there is, in the order in which they are chosen.

    Farthest-point sampling (Gonzalez, 1985) over yaw and pitch: the first is the worthiest, and each next one that
    which is farthest from all chosen ones; among those within `CELL` of the farthest, the worthiest. So whatever
    number is asked for, no kind of pose is left out for a better one of another.

    Args:
        poses: yaw and pitch in degrees.
        worth: of each, such as its sharpness.
        count: of those to choose; more than there are gives all.
    """
    if not len(poses) or count < 1:
        return []
    places, value = np.asarray(poses, np.float64), np.asarray(worth, np.float64)
    nearest = np.full(len(places), _ANYWHERE)
    chosen: list[int] = []
    for _ in range(min(count, len(places))):
        farthest = nearest.max()
        # Once all that is left lies within a cell of what is chosen, worth alone decides.
        near = nearest >= 0 if farthest <= CELL else nearest > farthest - CELL
        near[chosen] = False
        index = int(np.flatnonzero(near)[value[near].argmax()])
        chosen.append(index)
        nearest = np.minimum(nearest, np.hypot(*(places - places[index]).T))
    return chosen
