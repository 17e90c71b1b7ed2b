"""The score of a box: aesthetic + layout·w − cut·w + size·w − avoid·w, each term in 0..1 and reported by name.

What may not happen costs more than all terms together: a head cut off or under text, and a hard text region that is
not calm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, reduce

import torch
from torch import Tensor

from .box import Box
from .box_sets import BoxSet, broadcast
from .calm import CALM_LOAD, measure_load
from .checks import Size, check_kind
from .constraint import Constraint
from .heads import HeadRule
from .inputs import SearchInputs
from .objective import DEFAULT_OBJECTIVE, Objective, ObjectiveWeights
from .ratio import Ratio
from .size_curve import Ratings, SizeCurve
from .text_rule import TextRule

# The visible share of a subject at which a box begins to slice it, and at which it slices it fully.
SLICE_BEGINS = (0.02, 0.10)
# The visible share at which slicing begins to end, and at which the subject counts as whole.
SLICE_ENDS = (0.95, 0.99)
# What must not happen costs, in units of the most that all terms can give: a head that is cut off or hidden
# (`HeadRule.broken`, `TextRule.broken_by_heads`, of which a thousandth outweighs all terms), a hard text region that is
# not calm, and all subjects under text (`TextRule.broken_by_claims`).
HEAD_PENALTY, VIOLATION_PENALTY, CLAIM_PENALTY = 1000.0, 20.0, 5.0
# What a box costs that is nothing but canvas, as a share of the aesthetic term.
CANVAS_WEIGHT = 2.5
# How much the aesthetic term weighs where a chooser gives it: a few hundredths of overlap are much.
CHOICE_WEIGHT = 8.0
PICTURE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Scorer:
    """Scores boxes of one ratio over pictures of one size, under a constraint.

    Attributes:
        inputs: the pictures' summed-area tables and subjects.
        constraint: gives text regions and regions to avoid.
        weights: of the terms.
        largest: width and height of the largest box of the ratio, as shares of the picture's. The size term is relative
            to its area, and it limits how much of a subject can be visible at all.
        curve: the value of each size; None: the area itself.
        head_room: width and height, as shares of the picture's, of the most that a box can show of it: a larger head is
            trimmed. None: those of `largest`.
        choice: how much boxes would overlap people's crops: the aesthetic term, without a size term; None: heat,
            subjects and ratings are it.
    """

    inputs: SearchInputs
    constraint: Constraint
    weights: ObjectiveWeights
    largest: tuple[float, float]
    curve: SizeCurve | None = None
    head_room: tuple[float, float] | None = None
    choice: Ratings | None = None

    @classmethod
    def of(
        cls,
        inputs: SearchInputs,
        size: tuple[int, int],
        ratio: Ratio,
        constraint: Constraint,
        objective: Objective = DEFAULT_OBJECTIVE,
    ) -> Scorer:
        """The scorer for boxes of one ratio in pictures of (width, height) `size`.

        Raises:
            TypeError, ValueError: naming the argument that cannot be one.
        """
        check_kind("inputs", inputs, SearchInputs)
        check_kind("constraint", constraint, Constraint)
        check_kind("objective", objective, Objective)
        width, height = check_kind("ratio", ratio, Ratio).largest_in(size)
        model, weights, requested = objective.size_model, objective.weights, constraint.requested_region
        choice = inputs.choices(ratio, requested) if inputs.choices else None
        if choice is not None:
            model, weights = None, replace(weights, size=0.0)  # a choice is of size and place
        curve = model.curve(size, ratio, requested) if model else None
        return cls(inputs, constraint, weights, (width / size[0], height / size[1]), curve, choice=choice)

    def for_picture(self, index: int) -> Scorer:
        """The same scores for one of the pictures."""
        choice = self.inputs.ratings_of_picture(self.choice, index)
        return replace(self, inputs=self.inputs.of_picture(index), choice=choice)

    def claims_box(self, size: Size) -> Box:
        """The smallest pixel box around all subjects of the first picture; all of the picture where there are none."""
        claims = [Box.from_relative(row[:4], size) for row in self.inputs.claims[0].tolist() if row[4] > 0]
        return reduce(Box.union, claims) if claims else Box(0, 0, *size)

    def without_head_rule(self) -> Scorer:
        """The same scores, but for heads, which may be cut off."""
        return replace(self, inputs=self.inputs.without_protected())

    def score(self, box_set: BoxSet, aesthetic: Tensor | None = None) -> Tensor:
        """The score of every box, `[B, *]`, see `score_with_terms`."""
        return self.score_with_terms(box_set, aesthetic)[0]

    def score_with_terms(self, box_set: BoxSet, aesthetic: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """The score of every box, `[B, *]`, and its terms by name, each in 0..1.

        A box that cuts off a protected head loses more than all terms can give; and among boxes that do, that one wins
        which breaks `HeadRule` least. In the same way, but less, a box that has one under a text region (`TextRule`);
        and one in which a hard text region of the crop is not calm: among those the smallest violation wins.

        Args:
            box_set: the boxes.
            aesthetic: `[B, *]` in 0..1, the cropper's own score; None: the share of heat inside the box.
        """
        weights = self.weights
        visible, in_text, in_avoid, parts = box_set.coverage(self._regions).split_with_sizes(self._region_counts, 1)
        base = box_set.heat_sum() if aesthetic is None else aesthetic
        aesthetic, cut = self._aesthetic_and_cut(box_set, visible, base)
        size = self._size(box_set.area_share() / (self.largest[0] * self.largest[1]))
        terms = {"aesthetic": aesthetic, "size": size.expand_as(aesthetic), "cut": cut}
        judged = aesthetic if self.choice is None else CHOICE_WEIGHT * aesthetic
        total = torch.add(judged, size, alpha=weights.size).sub_(cut, alpha=weights.cut)
        if self.constraint.text_regions:
            terms["layout"], violation = self._layout_and_violation(box_set, in_text)
            total = total.add_(terms["layout"], alpha=weights.layout)
            total = total.sub_(violation, alpha=VIOLATION_PENALTY * self._span)
        if self._text_rule is not None:
            total = total.sub_(self._text_rule.broken_by_claims(box_set), alpha=CLAIM_PENALTY * self._span)
            total = total.sub_(
                self._text_rule.broken_by_heads(box_set, parts.chunk(2, 1)[0]), alpha=HEAD_PENALTY * self._span
            )
        if self.constraint.policy == "pad":
            terms["canvas"] = self._canvas(box_set)
            total = total.sub_(terms["canvas"], alpha=CANVAS_WEIGHT)
        if self.constraint.avoid:
            terms["avoid"] = in_avoid.mean(1)
            total = total.sub_(terms["avoid"], alpha=weights.avoid)
        if parts.shape[1]:
            total = total.sub_(self._head_rule.broken(parts), alpha=HEAD_PENALTY * self._span)
        return total, terms

    @property
    def is_bounded(self) -> bool:
        """Whether `bounds` tells something of scores; where a model judges boxes, only the scores do."""
        return self.choice is None and (self.inputs.ratings is None or not self.weights.composition)

    def bounds(self, heat: Tensor, share: Tensor) -> Tensor:
        """What no score exceeds of boxes that hold so much heat at most and are so large: `[B, N]`. See `is_bounded`.

        All that a box can lose is left out, and all that subjects and text regions can give is granted in full.

        Args:
            heat: `[B, N]` or `[B, 1]`, the share of the heat.
            share: `[1, N]`, of the picture's area.
        """
        weights = self.weights
        size = self._size(share / (self.largest[0] * self.largest[1]))
        subjects = (weights.subjects * self._subject_terms.total).clamp(0, 1)[:, None]
        layout = weights.layout if self.constraint.text_regions else 0.0
        return torch.lerp(heat, heat.clamp_min(1), subjects).add(size, alpha=weights.size) + layout

    def broken_heads(self, box_set: BoxSet) -> Tensor:
        """How far each box breaks the rules about heads, `[B, *]`; 0 where it obeys, see `HeadRule` and `TextRule`."""
        parts = box_set.coverage(self._head_rule.regions)
        broken = self._head_rule.broken(parts)
        if self._text_rule is None:
            return broken
        return broken + self._text_rule.broken_by_heads(box_set, parts.chunk(2, 1)[0])

    def violation(self, box_set: BoxSet) -> Tensor:
        """How far from calm the hard text regions of the crop are in each box, `[B, *]`; 0 where they are calm."""
        hard = [each.region for each in self.constraint.crop_text_regions if each.hard]
        loads = [measure_load(self.inputs, box_set, each) for each in hard]
        return sum((_violation(load) for load in loads), torch.zeros_like(box_set.heat_sum()))

    def text_is_free(self, box_set: BoxSet) -> Tensor:
        """Whether all text regions of the crop are calm in each box, and heads and subjects whole beside them: `[B, *]`
        booleans; True where there are none."""
        free = torch.ones_like(box_set.heat_sum(), dtype=torch.bool)
        if self._text_rule is not None:
            visible = box_set.coverage(self._text_rule.heads)
            broken = self._text_rule.broken_by_heads(box_set, visible) + self._text_rule.broken_by_claims(box_set)
            free &= broken <= 0
            for each in self._text_rule.text_regions:
                free &= measure_load(self.inputs, box_set, each) <= CALM_LOAD
        return free

    def _aesthetic_and_cut(self, box_set: BoxSet, visible: Tensor, aesthetic: Tensor) -> tuple[Tensor, Tensor]:
        """The aesthetic term with the part of subjects and ratings, and the cut term."""
        weights = self.weights
        cut = torch.zeros_like(aesthetic)
        if visible.shape[1]:
            most = self._most_visible
            shown = visible if most is None else visible / broadcast(most, visible)
            kept, cut = self._subject_terms.kept_and_sliced(shown)
            aesthetic = torch.lerp(aesthetic, kept, broadcast(weights.subjects * self._subject_terms.total, kept))
        if weights.edge:
            cut = cut.add_(box_set.edge_sum(), alpha=weights.edge)
        if self.choice is not None:
            aesthetic = box_set.evaluate_smooth(self.choice)
        elif self.inputs.ratings is not None and weights.composition:
            ratings = box_set.evaluate_smooth(self.inputs.ratings)
            aesthetic = torch.lerp(aesthetic, ratings, weights.composition)
        return aesthetic, cut.clamp_(0, 1)

    @property
    def _span(self) -> float:
        """More than any two boxes' weighted terms can differ by."""
        return self.weights.span + (0.0 if self.choice is None else CHOICE_WEIGHT)

    @cached_property
    def _subject_terms(self) -> _SubjectTerms:
        return _SubjectTerms.of(self.inputs.subjects[..., 4])

    @cached_property
    def _most_visible(self) -> Tensor | None:
        """The largest share of each subject that a box of the ratio can show, `[B, M]`; None where all fit whole.

        A subject larger than the largest box would count as sliced in every position. Its visible share is therefore
        divided by this one: it counts as whole where the box shows as much of it as any box can.
        """
        x1, y1, x2, y2 = self.inputs.subjects[..., :4].unbind(-1)
        width, height = self.largest
        most = (width / (x2 - x1)).clamp_max(1) * (height / (y2 - y1)).clamp_max(1)
        return most if (most < 1).any() else None

    @cached_property
    def _head_rule(self) -> HeadRule:
        # Somebody may be what is to be avoided.
        largest = self.largest if self.head_room is None else self.head_room
        return HeadRule.of(self.inputs.protected, largest, somebody=not self.constraint.avoid)

    @cached_property
    def _text_rule(self) -> TextRule | None:
        """None where no text region lies in the crop."""
        regions = [each.region for each in self.constraint.crop_text_regions]
        if not regions:
            return None
        return TextRule.of(regions, self._head_rule, self.inputs.claims, self.constraint.keep, self.largest)

    @cached_property
    def _regions(self) -> Tensor:
        """Subjects, text regions in the frame of the source, regions to avoid, heads and bodies: `[B, M, 4]`."""
        subjects = self.inputs.subjects[..., :4]
        in_source = [each.region for each in self.constraint.text_regions if each.frame == "source"]
        regions = subjects.new_tensor([*in_source, *self.constraint.avoid]).view(1, -1, 4)
        return torch.cat([subjects, regions.expand(len(subjects), -1, -1), self._head_rule.regions], 1)

    @cached_property
    def _region_counts(self) -> list[int]:
        """How many of `_regions` are subjects, text regions, regions to avoid, and parts of protected subjects."""
        subjects, avoid, parts = (
            self.inputs.subjects.shape[1],
            len(self.constraint.avoid),
            self._head_rule.regions.shape[1],
        )
        return [subjects, self._regions.shape[1] - subjects - avoid - parts, avoid, parts]

    def _size(self, share: Tensor) -> Tensor:
        return share.clamp(0, 1) if self.curve is None else self.curve.at(share)

    def _canvas(self, box_set: BoxSet) -> Tensor:
        """The share of each box that lies outside the picture, `[B, *]`."""
        inside = box_set.coverage(self.inputs.heat.new_tensor([[PICTURE]]))[:, 0] / box_set.area_share()
        return (1 - inside).clamp_min(0).expand_as(box_set.heat_sum())

    def _layout_and_violation(self, box_set: BoxSet, in_text: Tensor) -> tuple[Tensor, Tensor]:
        """The mean over the text regions of how well each is served, 0..1, and how far the hard ones of the crop are
        from calm, see `violation`: both `[B, *]`.

        A region in the frame of the source is served by the share of it inside the box. One in the frame of the crop is
        served fully up to `CALM_LOAD`, and not at all from a load of one more.

        Args:
            box_set: the boxes.
            in_text: `[B, K, *]`, the share of each text region in the frame of the source inside each box.
        """
        served = in_text.sum(1)
        violation = torch.zeros_like(served)
        for each in self.constraint.crop_text_regions:
            load = measure_load(self.inputs, box_set, each.region)
            served = served + (1 + CALM_LOAD - load).clamp(0, 1)
            if each.hard:
                violation = violation + _violation(load)
        return served / len(self.constraint.text_regions), violation


def _violation(load: Tensor) -> Tensor:
    """0 for a calm load, from 1 to 2 for others."""
    return torch.where(load > CALM_LOAD, 2 - CALM_LOAD / load.clamp_min(CALM_LOAD), 0.0)


@dataclass(frozen=True)
class _SubjectTerms:
    """The weights of the subjects of B pictures, prepared for their visible shares in many boxes.

    How far a box slices a subject is piecewise linear in the subject's visible share: 0 up to the start of
    `SLICE_BEGINS`, 1 from its end to the start of `SLICE_ENDS`, 0 from its end on. It is the sum of two clamped shares,
    each times a slope, plus an offset, so that all subjects and boxes are two matrix products.

    Attributes:
        shares: `[B, 1, M]`, each subject's share of the summed weight.
        rising, falling: `[B, 1, M]`, the slopes within `SLICE_BEGINS` (> 0) and `SLICE_ENDS` (< 0), times weight.
        offset: `[B, 1, 1]`, what makes the sum 0 for subjects that are outside.
        total: `[B]`, the summed weight, at most 1: the only subject of a picture counts little where its weight is
            small.
    """

    shares: Tensor
    rising: Tensor
    falling: Tensor
    offset: Tensor
    total: Tensor

    @classmethod
    def of(cls, weights: Tensor) -> _SubjectTerms:
        """From weights `[B, M]` ≥ 0."""
        summed = weights.sum(1)[:, None, None]
        shares, total = weights[:, None] / summed.clamp_min(1e-12), summed.clamp_max(1)
        rising = shares * total / (SLICE_BEGINS[1] - SLICE_BEGINS[0])
        falling = shares * total / (SLICE_ENDS[0] - SLICE_ENDS[1])
        offset = -(SLICE_BEGINS[0] * rising + SLICE_ENDS[0] * falling).sum(2, keepdim=True)
        return cls(shares, rising, falling, offset, total[:, 0, 0])

    def kept_and_sliced(self, visible: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted share of the subjects inside each box, and of those that it slices (times `total`): `[B, *]`.

        Args:
            visible: `[B, M, *]`, the visible share of each subject. It is the largest tensor of the search, so nothing
                but its clamped copies is made from it.
        """
        flat = visible.flatten(2)
        sliced = torch.baddbmm(self.offset, self.rising, flat.clamp(*SLICE_BEGINS))
        sliced = sliced.baddbmm_(self.falling, flat.clamp(*SLICE_ENDS))
        shape = visible.shape[:1] + visible.shape[2:]
        return (self.shares @ flat).view(shape), sliced.view(shape)
