"""The rule that no head and no subject lies under a text region of the crop, and that both are shown beside it.

A text region that hides a face is no room for text, and a crop that leaves out whom the picture is about is none
either. So each subject is asked to be in the crop, whole as far as it fits beside the text regions, and outside them.
Heads come first: one under a text region costs more than all terms of the score together, less than one cut off
(`heads.py`). Of the rest of a subject, a few hundredths cost as much as all terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .box_sets import BoxSet, broadcast
from .checks import Region
from .heads import SURE_CONFIDENCE, TOUCHED, WHOLE, HeadRule
from .regions import area_of, clip
from .subject import Subject, stack_rows

# Of a head, in units of a head that is cut off: that it lies under a text region, that it is left out of the crop, and
# that no protected head is in it. What is left out is missed less than what is hidden, unless nobody is left.
HIDDEN, LEFT_OUT, NOBODY = 0.05, 0.03, 0.1
# How much may be before it counts, as the box of a subject is larger than the subject: of the subject under text
# regions, of the text regions over the subject, and of the subject missing.
HIDDEN_EXCUSED, COVERED_EXCUSED, MISSING_EXCUSED = 0.03, 0.05, 0.1
# Of a head's own size, how far text stays away from it on each side.
AIR = 0.08
MOST_CLAIMS = 8  # subjects of a picture that are looked at; in a crowd no single one counts
LEAST_CLAIM = 0.2  # of the largest claim of a picture; what is less is not what the picture is about
LEAST_WEIGHT = 0.25  # of the claim of a subject without weight, against that of one with weight 1


def stack_claims(subjects: Sequence[Sequence[Subject]]) -> Tensor:
    """What each picture's subjects claim of the crop: `[B, C, 5]` float64, all of the subject and its importance.

    The importance is the share of the picture's subjects that this one is, by area, weight and confidence. Subjects
    that are not certainly there, or small beside the largest, claim nothing.
    """
    return stack_rows([_claims(each) for each in subjects], boxes=1)


def _claims(subjects: Sequence[Subject]) -> list[tuple[float, ...]]:
    sure = [each for each in subjects if each.confidence >= SURE_CONFIDENCE]
    valued = sorted(((_value(each), clip(each.body_region)) for each in sure), reverse=True)[:MOST_CLAIMS]
    counted = [(value, region) for value, region in valued if value > 0 and value >= LEAST_CLAIM * valued[0][0]]
    total = sum(value for value, _ in counted)
    return [(*region, value / total) for value, region in counted]


def _value(subject: Subject) -> float:
    weight = LEAST_WEIGHT + (1 - LEAST_WEIGHT) * min(1.0, subject.weight)
    return subject.confidence * weight * area_of(clip(subject.body_region))


def largest_free(regions: Iterable[Region]) -> Region | None:
    """The largest rectangle of a crop that none of its text regions touches; None where they leave none.

    >>> largest_free([(0.0, 0.0, 0.25, 1.0), (0.0, 0.0, 1.0, 0.5)])
    (0.25, 0.5, 1.0, 1.0)
    """
    listed = list(regions)
    across = sorted({0.0, 1.0, *(edge for each in listed for edge in each[0::2])})
    down = sorted({0.0, 1.0, *(edge for each in listed for edge in each[1::2])})
    free = [
        (x1, y1, x2, y2)
        for x1 in across
        for x2 in across
        for y1 in down
        for y2 in down
        if x1 < x2 and y1 < y2 and not any(_overlap((x1, y1, x2, y2), each) for each in listed)
    ]
    return max(free, key=area_of, default=None)


def _overlap(one: Region, other: Region) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@dataclass(frozen=True)
class TextRule:
    """The rule for boxes of one ratio over B pictures.

    Attributes:
        text_regions: relative to the box.
        heads: `[B, K, 4]`, the protected heads, trimmed to the largest box.
        importance: `[B, K]` of the heads, 0 in an empty slot.
        claims: `[B, C, 4]`, all of each subject and of each region to keep.
        shares: `[B, C]`, the importance of the claims, 0 in an empty slot.
        most: `[B, C]`, the largest share of each claim that a box can show beside its text regions.
        somebody: whether a box without any whole head breaks the rule.
    """

    text_regions: tuple[Region, ...]
    heads: Tensor
    importance: Tensor
    claims: Tensor
    shares: Tensor
    most: Tensor
    somebody: bool

    @classmethod
    def of(
        cls,
        text_regions: Iterable[Region],
        head_rule: HeadRule,
        claims: Tensor,
        keep: Sequence[Region],
        largest: tuple[float, float],
    ) -> TextRule:
        """The rule for what the subjects claim, and for regions to keep, each of which counts like all subjects.

        Args:
            text_regions: relative to the box.
            head_rule: of the same boxes.
            claims: `[B, C, 5]` of `stack_claims`.
            keep: relative to the picture.
            largest: width and height of the largest box, as shares of the picture's.
        """
        regions = tuple(text_regions)
        kept = claims.new_tensor([(*each, 1.0) for each in keep]).view(1, -1, 5).expand(len(claims), -1, -1)
        claims = torch.cat([claims, kept], 1)
        x1, y1, x2, y2, shares = claims.unbind(-1)
        free = largest_free(regions) or (0.0, 0.0, 1.0, 1.0)
        width, height = largest[0] * (free[2] - free[0]), largest[1] * (free[3] - free[1])
        most = (width / (x2 - x1)).clamp_max(1) * (height / (y2 - y1)).clamp_max(1)
        heads = head_rule.regions.chunk(2, 1)[0]
        return cls(regions, heads, head_rule.importance, claims[..., :4], shares, most, head_rule.somebody)

    def broken_by_heads(self, box_set: BoxSet, visible: Tensor) -> Tensor:
        """How far boxes break the rule about heads, `[B, *]`: 0 where they obey, in units of a head that is cut off.

        Args:
            box_set: the boxes.
            visible: `[B, K, *]`, the share of each of `heads` inside each box.
        """
        hidden = self._hidden(box_set, _with_air(self.heads))
        importance = broadcast(self.importance, hidden)
        present, whole = importance > 0, visible >= WHOLE
        under, out = hidden > TOUCHED, visible <= TOUCHED
        counts = torch.where(under, HIDDEN * (1 + importance + hidden), 0.0)
        counts = torch.where(out, LEFT_OUT * (1 + importance), counts)
        broken = torch.where(present, counts, 0.0).sum(1)
        if self.somebody:
            nobody = present.any(1) & ~(present & whole).any(1)
            broken = broken.add_(nobody, alpha=NOBODY)
        return broken

    def broken_by_claims(self, box_set: BoxSet) -> Tensor:
        """How much of the subjects lies under text regions, or is missing beside them, beyond what is excused.

        `[B, *]`, 0 to about 2 for all subjects, and as much for each region to keep.
        """
        hidden = self._hidden(box_set, self.claims)
        shown = (box_set.coverage(self.claims) - hidden) / broadcast(self.most, hidden)
        x1, y1, x2, y2 = self.claims.unbind(-1)
        text = sum(area_of(each) for each in self.text_regions)
        covered = hidden * broadcast((x2 - x1) * (y2 - y1) / text, hidden) / box_set.area_share()[:, None]
        costs = torch.maximum(hidden - HIDDEN_EXCUSED, covered - COVERED_EXCUSED).clamp_min(0)
        costs = costs + (1 - MISSING_EXCUSED - shown).clamp_min(0)
        return (costs * broadcast(self.shares, costs)).sum(1)

    def _hidden(self, box_set: BoxSet, regions: Tensor) -> Tensor:
        """The share of each region that lies under the text regions of each box, `[B, *]`, at most 1."""
        hidden = [box_set.part_coverage(regions, each) for each in self.text_regions]
        return torch.stack(hidden).sum(0).clamp_max(1)


def _with_air(heads: Tensor) -> Tensor:
    """Heads `[*, 4]` with their air, as far as it lies on the picture: there is none to keep beyond."""
    air = AIR * (heads[..., 2:] - heads[..., :2])
    return torch.cat([heads[..., :2] - air, heads[..., 2:] + air], -1).clamp(0, 1)
