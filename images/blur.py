"""How blurred pixels are: the measure of Crete et al., "The blur effect: perception and estimation with a new
no-reference perceptual blur metric" (2007).
"""

from __future__ import annotations

import numpy as np

_REACH = 9  # pixels of the mean that blurs once more
_LUMA = (0.299, 0.587, 0.114)


def measure_blur(pixels: np.ndarray) -> float:
    """How much of the differences between neighbours is left when the pixels are blurred once more.

    It does not depend on contrast. A flat picture has no detail, and counts as blurred.

    Args:
        pixels: float `[h, w, 3]`, at least 2 pixels a side.

    Returns:
        0..1: about 0.2 for noise, 0.3 to 0.5 for a sharp photograph, 1 for none at all.
    """
    from scipy.ndimage import uniform_filter1d  # the help of the command does without it

    luma = pixels @ np.asarray(_LUMA, pixels.dtype)
    return max(_blur_along(luma, axis, uniform_filter1d(luma, _REACH, axis, mode="nearest")) for axis in (0, 1))


def _blur_along(luma: np.ndarray, axis: int, blurred: np.ndarray) -> float:
    sharp, soft = (np.abs(np.diff(each, axis=axis)) for each in (luma, blurred))
    whole = float(sharp.sum())
    lost = float(np.maximum(sharp - soft, 0).sum())
    return 1.0 if whole < 1e-6 * sharp.size else 1 - lost / whole
