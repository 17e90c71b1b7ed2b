"""The ratio of the crop that people would choose where any ratio will do."""

from __future__ import annotations

import torch
from torch import Tensor

from ...cropping.ratio import Ratio
from ...cropping.size_curve import CropChooser
from ..analysis import Analysis

INSETS = (0.0, 0.04, 0.09, 0.15, 0.22, 0.31, 0.42)  # of each edge of a box from the picture's


def list_boxes() -> Tensor:
    """All 2,401 boxes whose edges have one of `INSETS`: `[N, 4]` relative x1, y1, x2, y2."""
    insets = torch.tensor(INSETS, dtype=torch.float64)
    left, top, right, bottom = torch.cartesian_prod(insets, insets, insets, insets).unbind(1)
    return torch.stack([left, top, 1 - right, 1 - bottom], 1)


def favourite_ratio(chooser: CropChooser, analysis: Analysis, size: tuple[int, int]) -> Ratio | None:
    """The ratio of the box that a chooser likes best of `list_boxes`; None where it cannot judge.

    Args:
        chooser: of crops.
        analysis: of the picture.
        size: (width, height) of the picture in pixels.
    """
    judge = chooser.choices([analysis.impression], [analysis.subjects], size)(Ratio.of(size), None)
    if judge is None:
        return None
    x1, y1, x2, y2 = list_boxes()[judge(list_boxes()[None])[0].argmax()].tolist()
    return Ratio.of((max(1, round((x2 - x1) * size[0])), max(1, round((y2 - y1) * size[1]))))
