"""How sure a choice is: how far the chosen crop is ahead of the centred one and of the next distinct candidate."""

from __future__ import annotations

from collections.abc import Callable
from math import exp

import torch
from torch import Tensor

from .boxes import iou_xyxy, xywh_to_xyxy
from .checks import check_kind
from .constraint import Constraint, UnsatisfiableError
from .crop import Crop
from .feasible import find_feasible_boxes
from .inputs import SearchInputs
from .objective import DEFAULT_OBJECTIVE, Objective
from .search import score_boxes

# A candidate that overlaps the chosen crop more than this is the same crop, a little moved.
SAME_IOU = 0.8
SIZES, POSITIONS = 4, 9  # of the candidates: sizes from the largest to the smallest, places along each axis
# By how much a clear winner is ahead; twice that is 86 %.
CLEAR_LEAD = 0.05


def measure_confidence(
    inputs: SearchInputs,
    size: tuple[int, int],
    constraint: Constraint,
    crop: Crop,
    objective: Objective = DEFAULT_OBJECTIVE,
    aesthetic: Callable[[Tensor], Tensor] | None = None,
) -> float:
    """The confidence of a crop of one picture, 0..1: 1 − exp(−lead / 0.05).

    The lead is that of the crop's score over the best of some hundred feasible boxes elsewhere, the centred one among
    them. A box that overlaps the crop by more than `SAME_IOU` is no other one; where there is none, it is 1.

    Args:
        inputs: of the picture.
        size: (width, height) of the picture in pixels.
        constraint: that the crop was chosen under.
        crop: the chosen one.
        objective: as it was chosen by.
        aesthetic: the cropper's own scores `[N]` of relative boxes `[N, 4]`; None: the share of heat.
    """
    check_kind("crop", crop, Crop)
    rivals = list_rivals(constraint, size, crop)
    if not len(rivals):
        return 1.0
    own = torch.tensor([crop.box.as_list()])
    scores = score_boxes(inputs, size, crop.ratio, constraint, torch.cat([own, rivals]), objective, aesthetic)
    lead = scores[0] - scores[1:].max()
    return 1 - exp(-max(0.0, float(lead)) / CLEAR_LEAD)


def list_rivals(constraint: Constraint, size: tuple[int, int], crop: Crop) -> Tensor:
    """Feasible boxes elsewhere, the centred one among them, some repeated: pixels `[N, 4]` (x, y, width, height).

    There are none where one padded box is all that obeys.
    """
    own = torch.tensor([crop.box.as_list()])
    try:
        feasible = find_feasible_boxes(constraint, crop.ratio, size)
    except UnsatisfiableError:
        return own[:0]
    long_sides = torch.linspace(feasible.longest, feasible.shortest, SIZES).round().long()
    boxes = feasible.spread_boxes(long_sides, POSITIONS)
    middle = (torch.tensor([feasible.size]) - own[:, 2:]) // 2
    centred, _ = feasible.nearest_boxes(own[:, 2:].amax(1), middle)
    boxes = torch.cat([boxes.flatten(0, 1), centred])
    overlap = iou_xyxy(xywh_to_xyxy(boxes).double(), xywh_to_xyxy(own).double())
    return boxes[overlap < SAME_IOU]
