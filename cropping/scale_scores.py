"""The scores of all positions of the scales that may be among the best; the others are not scored."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .grid_box_set import GridBoxSet
from .scorer import Scorer

TOGETHER = 6  # scales whose heat is summed before any of them is scored


def score_scales(
    scorer: Scorer, scales: Sequence[GridBoxSet], count: int, tolerance: float
) -> tuple[dict[int, Tensor], Tensor]:
    """The scores of the scales that may be among the best so many of a picture.

    A scale is scored where its bound is not below the last of the best scores found so far. No smaller box holds more
    heat than the box around it, so that mostly a few of the largest scales rule all others out.

    Args:
        scorer: of B pictures.
        scales: N of them, from the largest to the smallest.
        count: how many of the best are wanted.
        tolerance: scores that differ by no more are ties, and all of them are found.

    Returns:
        The scores `[B, tops, lefts]` by index, and the best score of each scale `[B, N]`, -inf where it was not scored.
    """
    pictures, share = len(scorer.inputs), torch.cat([each.area_share()[0] for each in scales], 1)
    scores: dict[int, Tensor] = {}
    best = scorer.inputs.heat.new_full((pictures, len(scales)), -torch.inf)

    def score(index: int) -> None:
        scores[index] = scorer.score(scales[index])
        best[:, index] = scores[index].amax((1, 2))

    if len(scales) <= count or not scorer.is_bounded:
        for index in range(len(scales)):
            score(index)
        return scores, best
    for start in range(0, len(scales), TOGETHER):
        part, rest = slice(start, start + TOGETHER), slice(start + TOGETHER, None)
        heat = torch.stack([each.heat_sum().amax((1, 2)) for each in scales[part]], 1)
        bounds = scorer.bounds(heat, share[:, part])
        for place in bounds.amax(0).argsort(descending=True).tolist():
            if (bounds[:, place] >= _enough(best, count, tolerance)).any():
                score(start + place)
        held = [scales[part][-1].scale.holds(each.scale) for each in scales[rest]]
        if held and all(held):
            bounds = scorer.bounds(heat[:, -1:], share[:, rest]).amax(1)
            if (bounds < _enough(best, count, tolerance)).all():
                break
    return scores, best


def _enough(best: Tensor, count: int, tolerance: float) -> Tensor:
    """What a scale of each picture must reach to be among the best, `[B]`."""
    return best.topk(count, 1).values[:, -1] - 2 * tolerance
