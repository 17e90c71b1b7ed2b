"""The score of a box: aesthetic + layout + size − cut, each term in 0..1 and known by its name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from .box_sets import BoxSet
from .constraint import Constraint, Region
from .inputs import SearchInputs
from .objective import DEFAULT_OBJECTIVE, Objective, ObjectiveWeights
from .ratio import Ratio
from .size_curve import SizeCurve

# A subject of which less than the first of OUT shows is out, one of which more than the last of WHOLE shows is whole.
# Between the two it is sliced; within each, more and more and less and less so.
OUT, WHOLE = (0.02, 0.10), (0.95, 0.99)
# A reserved region is calm enough for text when it holds at most this share of what its area would hold on average.
CALM = 0.5
BROKEN = 100.0  # more than all terms together can make up for


@dataclass(frozen=True)
class Scorer:
    """Scores windows over pictures under a constraint.

    Attributes:
        inputs: the pictures' tables.
        constraint: gives text regions and regions to avoid.
        weights: of the terms.
        largest: width and height of the largest box of the ratio, as shares of the picture's: what the size term, and
            what can show of a subject at all, are relative to.
        curve: what each size is worth; None: the larger the better.
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
        """The scorer for boxes of one ratio in pictures of (width, height) `size`."""
        width, height = ratio.largest_in(size)
        model = objective.size_model
        curve = model.curve(size, ratio, constraint.wished) if model else None
        return cls(inputs, constraint, objective.weights, (width / size[0], height / size[1]), curve)

    def score(self, windows: BoxSet, aesthetic: Tensor | None = None) -> Tensor:
        """The score of every window, `[B, *]`, see `score_with_terms`."""
        return self.score_with_terms(windows, aesthetic)[0]

    def score_with_terms(self, windows: BoxSet, aesthetic: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """The score of every window, `[B, *]`, and its terms by name, each in 0..1.

        The score is `BROKEN` lower, or more the further, where a hard layout is broken: the least broken one is known
        where nothing obeys, and one that obeys always comes first.

        Args:
            aesthetic: the cropper's own, where it has one.
        """
        weights = self.weights
        visible, held, avoided = windows.covered(self._regions).split(self._kinds, 1)
        aesthetic, cut = self._kept_and_cut(windows, visible, windows.heat_sum() if aesthetic is None else aesthetic)
        size = self._size(windows.share() / (self.largest[0] * self.largest[1]))
        terms = {"aesthetic": aesthetic, "size": size.expand_as(aesthetic), "cut": cut}
        total = torch.add(aesthetic, size, alpha=weights.size).sub_(cut, alpha=weights.cut)
        if self.constraint.text_regions:
            terms["layout"], broken = self._layouts(windows, held)
            total = total.add_(terms["layout"], alpha=weights.layout)
            total = total if broken is None else total.sub_(broken)
        if self.constraint.avoid:
            terms["avoid"] = avoided.mean(1)
            total = total.sub_(terms["avoid"], alpha=weights.avoid)
        return total, terms

    def _kept_and_cut(self, windows: BoxSet, visible: Tensor, aesthetic: Tensor) -> tuple[Tensor, Tensor]:
        """The aesthetic term with what subjects and ratings say, and the cut term."""
        weights = self.weights
        cut = torch.zeros_like(aesthetic)
        if visible.shape[1]:
            most = self._most_visible
            held, cut = self._voices.held_and_sliced(visible if most is None else visible / _spread(most, visible))
            aesthetic = torch.lerp(aesthetic, held, _spread(weights.subjects * self._voices.say, held))
        if weights.edge:
            cut = cut.add_(windows.edge_sum(), alpha=weights.edge)
        if self.inputs.ratings is not None and weights.composition:
            aesthetic = torch.lerp(aesthetic, windows.smooth(self.inputs.ratings), weights.composition)
        return aesthetic, cut.clamp_(0, 1)

    @cached_property
    def _voices(self) -> _Voices:
        return _Voices.of(self.inputs.subjects[..., 4])

    @cached_property
    def _most_visible(self) -> Tensor | None:
        """The largest share of each subject that a box of the ratio can show, `[B, M]`; None where all can be whole.

        A head too large for the ratio would count as sliced wherever the box lies; measured against what can show, it
        is whole where nothing of it is given away.
        """
        x1, y1, x2, y2 = self.inputs.subjects[..., :4].unbind(-1)
        width, height = self.largest
        most = (width / (x2 - x1)).clamp_max(1) * (height / (y2 - y1)).clamp_max(1)
        return most if (most < 1).any() else None

    @cached_property
    def _regions(self) -> Tensor:
        """All that a box may hold, `[B, M, 4]`: subjects, layouts in the frame of the source, what is to be avoided."""
        subjects = self.inputs.subjects[..., :4]
        layouts = [each.region for each in self.constraint.text_regions if each.frame == "source"]
        regions = subjects.new_tensor([*layouts, *self.constraint.avoid]).view(1, -1, 4)
        return torch.cat([subjects, regions.expand(len(subjects), -1, -1)], 1)

    @cached_property
    def _kinds(self) -> list[int]:
        """How many there are of each."""
        subjects, avoid = self.inputs.subjects.shape[1], len(self.constraint.avoid)
        return [subjects, self._regions.shape[1] - subjects - avoid, avoid]

    def _size(self, share: Tensor) -> Tensor:
        return share.clamp(0, 1) if self.curve is None else self.curve.at(share)

    def _layouts(self, windows: BoxSet, held: Tensor) -> tuple[Tensor, Tensor | None]:
        """How well the layouts' regions are served: held, in the source's frame; calm, in the crop's.

        And by how much the score falls where one that must be calm is not, or None where none must.
        """
        served, broken = held.sum(1), None
        for each in self.constraint.text_regions:
            if each.frame == "source":
                continue
            under = self._share_under(windows, each.region)
            served = served + (1 - under)
            if each.hard:
                x1, y1, x2, y2 = each.region
                beyond = under - CALM * (x2 - x1) * (y2 - y1)
                fall = torch.where(beyond > 0, BROKEN * (1 + beyond), 0)
                broken = fall if broken is None else broken + fall
        return served / len(self.constraint.text_regions), broken

    def _share_under(self, windows: BoxSet, region: Region) -> Tensor:
        """The share of the crop's own heat, or of its detail where that is larger, under a region of the crop."""
        shares = []
        for table in (self.inputs.heat, self.inputs.detail):
            if table is not None:
                whole = windows.table_sum(table).clamp_min(1e-12)
                shares.append((windows.inner_sum(table, region) / whole).clamp(0, 1))
        return torch.stack(shares).amax(0)


@dataclass(frozen=True)
class _Voices:
    """What the subjects of B pictures have to say, ready for what shows of them in many boxes.

    Attributes:
        shares: `[B, 1, M]`, of the subjects' weight.
        entering, leaving: the same scaled by `say`, for a value that rises by 1 within `OUT` and falls within `WHOLE`.
        begun: `[B, 1, 1]`, what takes these to 0 for a subject that is out.
        say: `[B]`, the summed weight up to 1, so that a tiny face counts no more for being the only one.
    """

    shares: Tensor
    entering: Tensor
    leaving: Tensor
    begun: Tensor
    say: Tensor

    @classmethod
    def of(cls, weights: Tensor) -> _Voices:
        """From weights `[B, M]`."""
        total = weights.sum(1)[:, None, None]
        shares, say = weights[:, None] / total.clamp_min(1e-12), total.clamp(0, 1)
        entering, leaving = shares * say / (OUT[1] - OUT[0]), shares * say / (WHOLE[0] - WHOLE[1])
        begun = -(OUT[0] * entering + WHOLE[0] * leaving).sum(2, keepdim=True)
        return cls(shares, entering, leaving, begun, say[:, 0, 0])

    def held_and_sliced(self, visible: Tensor) -> tuple[Tensor, Tensor]:
        """The share of the subjects that a box holds, and the share that it slices times `say`: `[B, *]` each.

        A subject's slicing is 0 where it is out or whole, 1 in between, steep on both sides.

        Args:
            visible: `[B, M, *]`, how much of each subject shows. It is far larger than all else, so it is only clamped.
        """
        flat = visible.flatten(2)
        sliced = torch.baddbmm(self.begun, self.entering, flat.clamp(*OUT)).baddbmm_(self.leaving, flat.clamp(*WHOLE))
        shape = visible.shape[:1] + visible.shape[2:]
        return (self.shares @ flat).view(shape), sliced.view(shape)


def _spread(values: Tensor, like: Tensor) -> Tensor:
    """Values of the first dimensions of `like`, made to broadcast against all of it."""
    return values.reshape(*values.shape, *[1] * (like.ndim - values.ndim))
