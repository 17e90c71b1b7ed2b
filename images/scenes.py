"""Where the scenes of a clip begin: a frame from which on all frames differ much more than those before do among them.

A cut is told by some frames on either side of it, not by two. So neither a fast pan, in which every frame differs from
the one before, nor a flash or a lost frame, after which all is as it was, is taken for one. A fade is none either.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

SIDE = 8  # cells of what is compared, along each side: so coarse that motion within a scene changes little
AROUND = 3  # frames on either side
LEAST_CHANGE = 0.04  # mean difference of the cells across a cut, of 0..1
TIMES_MORE = 2.0  # by how much it exceeds the differences on either side


def sign_frame(thumbnail: np.ndarray) -> np.ndarray:
    """What is compared of a frame: float32 `[8, 8, 3]` in 0..1, the mean colours of its parts.

    Args:
        thumbnail: uint8 `[h, w, 3]`.
    """
    small = Image.fromarray(thumbnail).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


def find_scenes(signs: Sequence[np.ndarray]) -> list[int]:
    """The first frame of each scene of a clip, beginning with 0.

    Args:
        signs: of all frames in order, see `sign_frame`.

    >>> dark, light = np.zeros((8, 8, 3), np.float32), np.ones((8, 8, 3), np.float32)
    >>> find_scenes([dark] * 5 + [light] * 5)
    [0, 5]
    """
    return [0, *(index for index in range(1, len(signs)) if _is_cut(signs, index))]


def _is_cut(signs: Sequence[np.ndarray], index: int) -> bool:
    before, after = signs[max(0, index - AROUND) : index], signs[index : index + AROUND]
    across = min(_difference(one, other) for one in before for other in after)
    within = max(_difference(one, other) for side in (before, after) for one in side for other in side)
    return across >= max(LEAST_CHANGE, TIMES_MORE * within)


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())
