"""The rule that no head is cut off: which subjects it protects, and how far a box breaks it.

Between boxes that obey the constraint, one that breaks the rule never beats one that does not. Where every box breaks
it, the order of what gives way is:

1. the geometry of the constraint holds in any case, with its hard text regions in the frame of the source;
2. of a head that no box can hold, the crown or the sides may go, the chin stays;
3. of two subjects the less important one is given up: the smaller, then the less central;
4. one whole head goes before two halves and before none at all, and of one head as much as possible is shown;
5. then heads are kept from under text regions of the crop, see `text_rule.py`; and those that are hard, calm;
6. only then all else counts: soft text regions, composition, size, regions to avoid.

The rule protects the subjects that the picture is about. All other heads, those of a crowd, are weighed in the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import torch
from torch import Tensor

from .checks import Region
from .regions import area_of, clip, share_inside
from .subject import Subject, stack_rows

# A picture is about those whose heads make up at least this share of the area of all its heads; and where there are two
# heads only, about both, unless one is less than half as large as the other.
PRINCIPAL_SHARE, PAIR_SHARE = 0.45, 1 / 3
# A detection that is less certain is weighed, but no rule.
SURE_CONFIDENCE = 0.42
# A head is whole where the crop shows this share of it: boxes come in whole pixels.
WHOLE = 0.98
# Less than this share of a head at the crop's edge is a sliver that nobody sees.
TOUCHED = 0.05
# A crop that shows more than this share of a body shows the subject.
SHOWN = 0.15
# A head that is larger than the largest box is trimmed to this share of that box's side, so that some freedom is left.
ROOM = 0.98
# How much less a subject counts whose head is in a corner than one in the middle.
OFF_CENTRE = 0.25
# How much a missing head counts beside the importance of its subject: it decides between those that count the same.
MISSING = 0.1
# How much it counts that of two protected heads none is whole: more than to slice one, so that a picture of two people
# who do not both fit shows one of them, and not the gap between.
NOBODY = 2.0
PARTS = 9  # numbers of a protected subject: its head, its body, its importance


def protected_subjects(subjects: Sequence[Subject]) -> list[Subject]:
    """The subjects that the rule protects: those with a head that is certainly there and among the largest."""
    heads = [each for each in subjects if each.head_region is not None and each.weight > 0]
    areas = [area_of(clip(each.essence)) for each in heads]
    sure = [each.confidence >= SURE_CONFIDENCE for each in heads]
    least = PAIR_SHARE if len(heads) == 2 and all(sure) else PRINCIPAL_SHARE
    return [
        each
        for each, area, certain in zip(heads, areas, sure, strict=True)
        if certain and area >= least * sum(areas) and area > 0
    ]


def stack_protected(subjects: Sequence[Sequence[Subject]]) -> Tensor:
    """The protected subjects of each picture: `[B, K, 9]` float64: head, body (relative x1, y1, x2, y2), importance.

    Heads and bodies are clipped to the picture. The importance lies in 0..1, above 0; it is 0 in an empty slot.
    """
    protected = [protected_subjects(each) for each in subjects]
    return stack_rows([[_encode(one, of) for one in of] for of in protected], boxes=2)


def trim_to_fit(heads: Tensor, largest: tuple[float, float]) -> Tensor:
    """Heads `[*, 4]` without what the largest box (width, height as shares of the picture's) cannot hold.

    The middle is kept across, the chin down.
    """
    x1, y1, x2, y2 = heads.unbind(-1)
    wide, high = _shorten(x2 - x1, largest[0]), _shorten(y2 - y1, largest[1])
    middle = (x1 + x2) / 2
    return torch.stack([middle - wide / 2, y2 - high, middle + wide / 2, y2], -1)


def _shorten(sides: Tensor, longest: float) -> Tensor:
    return torch.where(sides > longest, ROOM * longest, sides)


def cut_heads(subjects: Sequence[Subject], region: Region) -> list[Subject]:
    """The protected subjects that a crop beheads: it slices their head, or shows their body without it.

    Args:
        subjects: of a picture.
        region: of the crop, relative x1, y1, x2, y2; of a head that reaches beyond the picture only the rest counts.
    """
    return [each for each in protected_subjects(subjects) if is_cut(each, region)]


def is_cut(subject: Subject, region: Region) -> bool:
    """Whether a crop slices a subject's head, or shows its body without the whole head."""
    head = share_of_head(subject, region)
    return head < WHOLE and (head > TOUCHED or share_inside(clip(subject.body_region), region) > SHOWN)


def cut_share(subjects: Sequence[Subject], region: Region) -> float:
    """How much of what the picture is about a crop beheads: the share of the protected heads' area that is cut."""
    protected = protected_subjects(subjects)
    areas = [area_of(clip(each.essence)) for each in protected]
    cut = [area for each, area in zip(protected, areas, strict=True) if is_cut(each, region)]
    return sum(cut) / sum(areas) if cut else 0.0


def share_of_head(subject: Subject, region: Region) -> float:
    """The share of a subject's head inside a crop, 0..1; what of the head lies beyond the picture does not count."""
    return share_inside(clip(subject.essence), region)


def move_to_hold(boxes: Tensor, heads: Tensor) -> Tensor:
    """Boxes moved as little as each head asks, and as all heads together ask, so that it lies inside.

    Along an axis on which a head is longer than a box, their middles meet across, the head's chin and the box's lower
    edge down. So boxes and heads inside the picture give boxes inside it.

    Args:
        boxes: `[N, 4]` relative x1, y1, x2, y2.
        heads: `[K, 4]` of the same picture.

    Returns:
        `[(K + 1) · N, 4]`, or `[0, 4]` without heads.
    """
    if not len(heads):
        return boxes[:0]
    together = torch.cat([heads[:, :2].amin(0), heads[:, 2:].amax(0)])[None]
    wanted = torch.cat([heads, together]).to(boxes)[:, None]
    low, high = wanted[..., :2] - boxes[:, :2], wanted[..., 2:] - boxes[:, 2:]
    fits = high <= low
    shift = torch.zeros_like(low).clamp(high.minimum(low), low.maximum(high))
    instead = torch.stack([(low[..., 0] + high[..., 0]) / 2, high[..., 1]], -1)
    shift = torch.where(fits, shift, instead)
    return (boxes + torch.cat([shift, shift], -1)).flatten(0, 1)


@dataclass(frozen=True)
class HeadRule:
    """The rule for boxes of one ratio over B pictures.

    Attributes:
        regions: `[B, 2 · K, 4]`, K heads, trimmed to the largest box, then K bodies.
        importance: `[B, K]`, 0 in an empty slot.
        somebody: whether a box without any whole head breaks the rule too, where there are two.
    """

    regions: Tensor
    importance: Tensor
    somebody: bool = True

    @classmethod
    def of(cls, protected: Tensor, largest: tuple[float, float], somebody: bool = True) -> HeadRule:
        """The rule for the protected subjects `[B, K, 9]` of `stack_protected`."""
        heads, bodies, importance = protected.split([4, 4, 1], -1)
        return cls(torch.cat([trim_to_fit(heads, largest), bodies], 1), importance[..., 0], somebody)

    def broken(self, visible: Tensor) -> Tensor:
        """How far boxes break the rule: `[B, *]`, 0 where they obey, at least 1 where they do not.

        A box breaks it where it slices a protected head, or shows a body without its whole head. Each broken subject
        counts 1, so that one whole head goes before two halves; and its importance, so that the less important one is
        given up; and a tenth of what is missing of its head. A box in which none of two heads is whole counts 2.

        Args:
            visible: `[B, 2 · K, *]`, the visible share of each of `regions`.
        """
        head, body = visible.chunk(2, 1)
        importance = self.importance.view(*self.importance.shape, *[1] * (head.ndim - 2))
        present, whole = importance > 0, head >= WHOLE
        # As few passes as can be: every position of every scale of the search comes here.
        cut = (body > SHOWN).logical_or_(head > TOUCHED).logical_and_(~whole)
        counts = torch.where(present, importance + (1 + MISSING), 0.0)
        broken = torch.sub(counts, torch.where(present, MISSING, 0.0) * head).mul_(cut)
        if head.shape[1] == 1:
            return broken[:, 0]
        broken = broken.sum(1)
        if self.somebody:
            nobody = ~(whole & present).any(1) & (present.sum(1) > 1)
            broken = broken.add_(nobody, alpha=NOBODY)
        return broken


def importance_of(subject: Subject) -> float:
    """How much a picture is about a subject, beside others: the area of its essence, less where it is off centre."""
    x1, y1, x2, y2 = clip(subject.essence)
    off_centre = hypot((x1 + x2) / 2 - 0.5, (y1 + y2) / 2 - 0.5) * 2**0.5
    return area_of((x1, y1, x2, y2)) * (1 - OFF_CENTRE * off_centre)


def _encode(subject: Subject, of: Sequence[Subject]) -> tuple[float, ...]:
    everyone = sum(area_of(clip(each.essence)) for each in of)
    return (*clip(subject.essence), *clip(subject.body_region), importance_of(subject) / everyone)
