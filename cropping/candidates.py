"""The next best crops of a picture that are not the same one a little moved, for a person to choose from."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .box import Box
from .boxes import iou_xyxy, xywh_to_xyxy
from .confidence import list_rivals
from .constraint import Constraint
from .crop import Crop
from .inputs import SearchInputs
from .objective import DEFAULT_OBJECTIVE, Objective
from .search import score_boxes

DISTINCT_IOU = 0.65  # boxes that overlap more look alike


def find_candidates(
    inputs: SearchInputs,
    size: tuple[int, int],
    constraint: Constraint,
    crop: Crop,
    objective: Objective = DEFAULT_OBJECTIVE,
    aesthetic: Callable[[Tensor], Tensor] | None = None,
    count: int = 3,
) -> list[Box]:
    """The best boxes of one picture that overlap neither the crop nor each other by more than `DISTINCT_IOU`.

    Args:
        inputs, size, constraint, objective, aesthetic: see `measure_confidence`.
        crop: the chosen one.
        count: at most so many.
    """
    rivals = list_rivals(constraint, size, crop).unique(dim=0)
    if not len(rivals):
        return []
    scores = score_boxes(inputs, size, crop.ratio, constraint, rivals, objective, aesthetic)
    taken = [torch.tensor([crop.box.as_list()])]
    for row in rivals[scores.argsort(descending=True, stable=True).cpu()]:
        overlap = iou_xyxy(xywh_to_xyxy(row[None]).double(), xywh_to_xyxy(torch.cat(taken)).double())
        if bool((overlap < DISTINCT_IOU).all()):
            taken.append(row[None])
        if len(taken) > count:
            break
    return [Box(*each[0].tolist()) for each in taken[1:]]
