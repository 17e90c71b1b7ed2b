"""What a user says matters in one picture, and what it makes of the picture's analysis and of the constraint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from ..cropping.boxes import cell_shares, iou_xyxy
from ..cropping.checks import Region
from ..cropping.constraint import MAX_REGIONS, Constraint
from ..cropping.labels import kind_of_label
from ..cropping.mask_regions import find_parts
from ..cropping.parts import join_heads
from ..cropping.reweight import combine_focus, reweight_heatmap
from ..cropping.subject import Subject
from ..datasets.annotations.boxes import LabelledRegion
from ..models.analysis import Analysis

STRENGTH = 0.5
"""The share of all heat that goes where the focus is, as of the node Saliency Heatmap."""

SAME = 0.5  # intersection over union, above which two boxes show the same subject
AVOIDED = 0.5  # a subject is none if more of it than this share is to be avoided


@dataclass(frozen=True)
class Guidance:
    """Masks `[h, w]` in 0..1 and boxes on one picture as it is displayed.

    Attributes:
        focus, focus_boxes: what matters. Heat is raised there, and each box is a subject, of the kind that its label
            says, as is each white part of the mask.
        avoid, avoid_boxes: what does not. No heat stays there, it holds no subject, and crops should leave it out.
        keep: relative regions that crops must hold.
        strength: the share of all heat that goes where the focus is, 0..1.
    """

    focus: Tensor | None = None
    focus_boxes: tuple[LabelledRegion, ...] = ()
    avoid: Tensor | None = None
    avoid_boxes: tuple[LabelledRegion, ...] = ()
    keep: tuple[Region, ...] = ()
    strength: float = STRENGTH

    def steer(self, analysis: Analysis) -> Analysis:
        """The analysis of the picture with its heat moved, and its subjects completed or left out."""
        shape = analysis.heatmap.shape
        focus = _combine(self.focus, self.focus_boxes, shape)
        avoid = _combine(self.avoid, [replace(each, weight=1.0) for each in self.avoid_boxes], shape)
        if focus is None and avoid is None:
            return analysis
        heatmap = reweight_heatmap(analysis.heatmap, focus, avoid, self.strength)
        subjects = analysis.subjects if avoid is None else _without(analysis.subjects, avoid)
        parts = [] if self.focus is None else map(LabelledRegion, find_parts(self.focus))
        return analysis.replace(heatmap, add_subjects(subjects, [*self.focus_boxes, *parts]))

    def also_focus(self, boxes: Sequence[LabelledRegion], strength: float) -> Guidance:
        """The same with more boxes to focus on."""
        return replace(self, focus_boxes=(*self.focus_boxes, *boxes), strength=strength)

    def constrain(self, constraint: Constraint) -> Constraint:
        """The constraint with what is to be kept and avoided in the picture."""
        avoid = [each.region for each in self.avoid_boxes]
        avoid += [] if self.avoid is None else find_parts(self.avoid)
        if not self.keep and not avoid:
            return constraint
        return replace(
            constraint,
            keep=(*constraint.keep, *self.keep)[:MAX_REGIONS],
            avoid=(*constraint.avoid, *avoid)[:MAX_REGIONS],
        )


NO_GUIDANCE = Guidance()


def add_subjects(subjects: Sequence[Subject], boxes: Sequence[LabelledRegion]) -> list[Subject]:
    """Subjects with those that boxes show, each once: one that is known counts as much as its box, if that is more.

    A box labelled head or face belongs to the person or animal whose box it lies in. One of weight 0 is left out.
    """
    known = list(subjects)
    others: list[Subject] = []
    drawn = [
        Subject(
            *each.region,
            weight=each.weight,
            kind=each.kind or kind_of_label(each.label),
            confidence=each.confidence,
            label=each.label,
        )
        for each in boxes
        if each.weight > 0
    ]
    for each in join_heads(drawn):
        place = next((place for place, one in enumerate(known) if _is_same(one, each)), None)
        if place is None:
            others.append(each)
            continue
        one = known[place]
        weight, confidence = max(one.weight, each.weight), max(one.confidence, each.confidence)
        known[place] = replace(one, weight=weight, confidence=confidence, label=each.label or one.label)
    return known + others


def _is_same(known: Subject, drawn: Subject) -> bool:
    """Whether a box shows a subject that is known; a head shows the one whose head it is."""
    if drawn.kind == "face":
        return known.head_region is not None and _iou(known.head_region, drawn.region) > SAME
    return known.kind == drawn.kind and _iou(known.region, drawn.region) > SAME


def _iou(first: Region, second: Region) -> float:
    return float(iou_xyxy(*torch.tensor([first, second], dtype=torch.float64)))


def _without(subjects: Sequence[Subject], avoid: Tensor) -> list[Subject]:
    """The subjects that do not lie where the mask `[h, w]` is."""
    return [each for each in subjects if _share_under(avoid, each.essence) <= AVOIDED]


def _share_under(mask: Tensor, region: Region) -> float:
    """The mean of a mask `[h, w]` in a region; 0 beside the picture."""
    x1, y1, x2, y2 = torch.tensor(region, dtype=mask.dtype, device=mask.device)
    down, across = cell_shares(y1, y2, mask.shape[0]), cell_shares(x1, x2, mask.shape[1])
    area = down.sum() * across.sum()
    return float(down @ mask @ across / area) if area > 0 else 0.0


def _combine(mask: Tensor | None, boxes: Sequence[LabelledRegion], shape: torch.Size) -> Tensor | None:
    """A mask and boxes as one mask on the grid of the heat, float64; None where nothing is pointed out."""
    reduced = None
    if mask is not None and mask.any():
        reduced = functional.adaptive_avg_pool2d(mask[None].double(), (shape[0], shape[1]))[0]
    regions = torch.tensor([each.region for each in boxes], dtype=torch.float64).reshape(-1, 4)
    weights = torch.tensor([each.weight for each in boxes], dtype=torch.float64)
    return combine_focus(reduced, regions, shape, weights)
