"""What the three outputs are trained on. Every loss is a mean over the pictures that have the label."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def attention_loss(logits: Tensor, density: Tensor, fixations: Tensor) -> Tensor:
    """Divergence + (1 − correlation) − 0.1 · NSS.

    Args:
        logits: `[B, h, w]`.
        density: `[B, h, w]`, blurred fixations, each summing to 1.
        fixations: `[B, h, w]`, fixations counted in each cell, each summing to 1.
    """
    logits, density, fixations = (each.flatten(1) for each in (logits, density, fixations))
    guess = logits.log_softmax(1)
    divergence = (density * (density.clamp_min(1e-12).log() - guess)).sum(1)
    guess = standardised(guess.exp())
    correlation = (guess * standardised(density)).mean(1)
    return (divergence + 1 - correlation - 0.1 * (guess * fixations).sum(1)).mean()


def standardised(maps: Tensor) -> Tensor:
    """`[B, n]` with mean 0 and deviation 1 in each row."""
    centred = maps - maps.mean(1, keepdim=True)
    return centred / centred.square().mean(1, keepdim=True).sqrt().clamp_min(1e-12)


def subject_loss(logits: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    """Cross entropy + dice of `[B, h, w]` logits and soft masks; `weight` `[B]`, 0 for a picture without a mask."""
    entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none").mean((1, 2))
    guess = logits.sigmoid()
    overlap = (guess * mask).sum((1, 2))
    dice = 1 - (2 * overlap + 1) / (guess.square().sum((1, 2)) + mask.square().sum((1, 2)) + 1)
    return ((entropy + 0.5 * dice) * weight).sum() / weight.sum().clamp_min(1)


def centre_loss(logits: Tensor, peaks: Tensor, care: Tensor) -> Tensor:
    """The focal loss of CenterNet on `[B, h, w]`; `peaks` are Gaussians of height 1, `care` is 0 where a label is in
    doubt.
    """
    guess = logits.sigmoid()
    at_centre = peaks > 0.999
    found = F.logsigmoid(logits) * (1 - guess).square() * at_centre
    quiet = F.logsigmoid(-logits) * guess.square() * (1 - peaks).pow(4) * ~at_centre * care
    return -(found + quiet).sum() / at_centre.sum().clamp_min(1)


def reach_loss(reach: Tensor, boxes: Tensor, weight: Tensor) -> Tensor:
    """Generalised IoU (Rezatofighi et al., 2019) of the boxes that each cell near a centre predicts.

    Args:
        reach: `[B, 4, h, w]` logarithms of the distances to left, top, right, bottom, in cells.
        boxes: `[B, 4, h, w]` those distances (may be negative where the cell lies outside).
        weight: `[B, h, w]`, 0 away from centres.
    """
    chosen = weight > 0
    ours = reach.permute(0, 2, 3, 1)[chosen].clamp(-3, 6).exp()
    true, weight = boxes.permute(0, 2, 3, 1)[chosen], weight[chosen]
    across, down = slice(0, None, 2), slice(1, None, 2)
    shared = _sum(torch.minimum, ours, true, across).clamp_min(0) * _sum(torch.minimum, ours, true, down).clamp_min(0)
    hull = _sum(torch.maximum, ours, true, across) * _sum(torch.maximum, ours, true, down)
    joint = _area(ours) + _area(true) - shared
    overlap = shared / joint.clamp_min(1e-6) - (hull - joint) / hull.clamp_min(1e-6)
    return ((1 - overlap) * weight).sum() / weight.sum().clamp_min(1)


def _sum(pick: Callable[[Tensor, Tensor], Tensor], ours: Tensor, true: Tensor, axis: slice) -> Tensor:
    return pick(ours[:, axis], true[:, axis]).sum(1)


def _area(reach: Tensor) -> Tensor:
    return reach[:, 0::2].sum(1) * reach[:, 1::2].sum(1)
