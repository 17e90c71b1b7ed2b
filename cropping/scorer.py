"""The score of a box: aesthetic + layout·w − cut·w + size·w − avoid·w, each term in 0..1 and reported by name.

What may not happen costs more than all terms together: a hard text region that is not calm, and a head cut off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from .box_sets import BoxSet
from .checks import Region, check_kind
from .constraint import Constraint
from .heads import HeadRule
from .inputs import SearchInputs
from .objective import DEFAULT_OBJECTIVE, Objective, ObjectiveWeights
from .ratio import Ratio
from .size_curve import SizeCurve

# The visible share of a subject at which a box begins to slice it, and at which it slices it fully.
SLICE_BEGINS = (0.02, 0.10)
# The visible share at which slicing begins to end, and at which the subject counts as whole.
SLICE_ENDS = (0.95, 0.99)
# A text region is calm when it holds at most this share of the heat that its area would hold on average.
CALM_SHARE = 0.5
# What `HeadRule.broken` counts, in units of the most that all terms can give: a thousandth of it outweighs them.
HEAD_PENALTY = 1000.0
# Taken from the score where a hard text region is not calm: more than all terms and all heads together can give, as
# long as the objective's weights sum to less than 100.
VIOLATION_PENALTY = 1e6


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
    """

    inputs: SearchInputs
    constraint: Constraint
    weights: ObjectiveWeights
    largest: tuple[float, float]
    curve: SizeCurve | None = None

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
        model = objective.size_model
        curve = model.curve(size, ratio, constraint.requested_region) if model else None
        return cls(inputs, constraint, objective.weights, (width / size[0], height / size[1]), curve)

    def without_head_rule(self) -> Scorer:
        """The same scores, but for heads, which may be cut off."""
        return replace(self, inputs=self.inputs.without_protected())

    def score(self, box_set: BoxSet, aesthetic: Tensor | None = None) -> Tensor:
        """The score of every box, `[B, *]`, see `score_with_terms`."""
        return self.score_with_terms(box_set, aesthetic)[0]

    def score_with_terms(self, box_set: BoxSet, aesthetic: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """The score of every box, `[B, *]`, and its terms by name, each in 0..1.

        Where a hard text region of the crop is not calm, the score is lower by `VIOLATION_PENALTY` or more, growing
        with the violation. So a box that obeys always wins, and among boxes that do not, the smallest violation. In the
        same way, a box that cuts off a protected head loses more than all terms can give; and among boxes that do, that
        one wins which breaks `HeadRule` least.

        Args:
            box_set: the boxes.
            aesthetic: `[B, *]` in 0..1, the cropper's own score; None: the share of heat inside the box.
        """
        weights = self.weights
        visible, in_text, in_avoid, parts = box_set.coverage(self._regions).split(self._region_counts, 1)
        base = box_set.heat_sum() if aesthetic is None else aesthetic
        aesthetic, cut = self._aesthetic_and_cut(box_set, visible, base)
        size = self._size(box_set.area_share() / (self.largest[0] * self.largest[1]))
        terms = {"aesthetic": aesthetic, "size": size.expand_as(aesthetic), "cut": cut}
        total = torch.add(aesthetic, size, alpha=weights.size).sub_(cut, alpha=weights.cut)
        if self.constraint.text_regions:
            terms["layout"], penalty = self._layout_and_penalty(box_set, in_text)
            total = total.add_(terms["layout"], alpha=weights.layout)
            total = total if penalty is None else total.sub_(penalty)
        if self.constraint.avoid:
            terms["avoid"] = in_avoid.mean(1)
            total = total.sub_(terms["avoid"], alpha=weights.avoid)
        if parts.shape[1]:
            total = total.sub_(self._head_rule.broken(parts), alpha=HEAD_PENALTY * weights.span)
        return total, terms

    def head_cuts(self, box_set: BoxSet) -> Tensor:
        """How far each box breaks the rule about heads, `[B, *]`; 0 where it obeys, see `HeadRule`."""
        return self._head_rule.broken(box_set.coverage(self._head_rule.regions))

    def _aesthetic_and_cut(self, box_set: BoxSet, visible: Tensor, aesthetic: Tensor) -> tuple[Tensor, Tensor]:
        """The aesthetic term with the part of subjects and ratings, and the cut term."""
        weights = self.weights
        cut = torch.zeros_like(aesthetic)
        if visible.shape[1]:
            most = self._most_visible
            shown = visible if most is None else visible / _broadcast(most, visible)
            kept, cut = self._subject_terms.kept_and_sliced(shown)
            aesthetic = torch.lerp(aesthetic, kept, _broadcast(weights.subjects * self._subject_terms.total, kept))
        if weights.edge:
            cut = cut.add_(box_set.edge_sum(), alpha=weights.edge)
        if self.inputs.ratings is not None and weights.composition:
            ratings = box_set.evaluate_smooth(self.inputs.ratings)
            aesthetic = torch.lerp(aesthetic, ratings, weights.composition)
        return aesthetic, cut.clamp_(0, 1)

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
        return HeadRule.of(self.inputs.protected, self.largest, somebody=not self.constraint.avoid)

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

    def _layout_and_penalty(self, box_set: BoxSet, in_text: Tensor) -> tuple[Tensor, Tensor | None]:
        """The mean over the text regions of how well each is served, and the penalty of the hard ones in the crop.

        A region in the frame of the source is served by the share of it inside the box, one in the frame of the crop
        by the share of the crop's heat and detail that does not lie under it.

        Args:
            box_set: the boxes.
            in_text: `[B, K, *]`, the share of each text region in the frame of the source inside each box.

        Returns:
            The layout term in 0..1, and the penalty ≥ 0, or None where no hard text region lies in the crop.
        """
        served, penalty = in_text.sum(1), None
        for each in self.constraint.text_regions:
            if each.frame == "source":
                continue
            under = self._share_under(box_set, each.region)
            served = served + (1 - under)
            if each.hard:
                x1, y1, x2, y2 = each.region
                excess = under - CALM_SHARE * (x2 - x1) * (y2 - y1)
                violation = torch.where(excess > 0, VIOLATION_PENALTY * (1 + excess), 0)
                penalty = violation if penalty is None else penalty + violation
        return served / len(self.constraint.text_regions), penalty

    def _share_under(self, box_set: BoxSet, region: Region) -> Tensor:
        """The share of the crop's own heat, or of its detail where that is larger, under a region of the crop."""
        shares = []
        for table in (self.inputs.heat, self.inputs.detail):
            if table is not None:
                whole = box_set.table_sum(table).clamp_min(1e-12)
                shares.append((box_set.region_sum(table, region) / whole).clamp(0, 1))
        return torch.stack(shares).amax(0)


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


def _broadcast(values: Tensor, like: Tensor) -> Tensor:
    """Values of the first dimensions of `like`, with dimensions of 1 behind them so that they broadcast against it."""
    return values.reshape(*values.shape, *[1] * (like.ndim - values.ndim))
