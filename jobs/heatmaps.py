"""The heat of a picture as a grey picture."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional

from ..cropping.checks import Size


def draw_heatmap(heat: Tensor, size: Size) -> np.ndarray:
    """Heat `[h, w]` ≥ 0 as grey pixels of a picture of (width, height) `size`, uint8 `[height, width, 3]`.

    255 is the hottest. It can be read as a mask again.
    """
    values = functional.interpolate(heat[None, None].float().cpu(), (size[1], size[0]), mode="bilinear")[0, 0]
    levels = (values / values.amax().clamp_min(1e-12) * 255).round().clamp(0, 255)
    return np.repeat(levels.byte().numpy()[..., None], 3, 2)
