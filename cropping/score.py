"""The score of a box: aesthetic + layout + size − cut, each term in 0..1 and known by its name."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from .constraint import Constraint, Region
from .evidence import Evidence
from .framing import SizeCurve
from .windows import Windows

# A subject of which less than the first of OUT shows is out, one of which more than the last of WHOLE shows is whole.
# Between the two it is sliced; within each, more and more and less and less so.
OUT, WHOLE = (0.02, 0.10), (0.95, 0.99)
# A reserved region is calm enough for text when it holds at most this share of what its area would hold on average.
CALM = 0.5
BROKEN = 100.0  # more than all terms together can make up for


@dataclass(frozen=True)
class Judge:
    """Scores windows over pictures under a constraint.

    Attributes:
        evidence: the pictures' tables.
        constraint: gives layouts, regions to avoid and weights.
        largest_share: area share of the largest box of the ratio, which the size term is relative to.
        curve: what each size is worth; None: the larger the better.
    """

    evidence: Evidence
    constraint: Constraint
    largest_share: float
    curve: SizeCurve | None = None

    def score(self, windows: Windows, aesthetic: Tensor | None = None) -> Tensor:
        """The score of every window, `[B, *]`, see `judge`."""
        return self.judge(windows, aesthetic)[0]

    def judge(self, windows: Windows, aesthetic: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """The score of every window, `[B, *]`, and its terms by name, each in 0..1.

        The score is `BROKEN` lower, or more the further, where a hard layout is broken: the least broken one is known
        where nothing obeys, and one that obeys always comes first.

        Args:
            aesthetic: the cropper's own, where it has one.
        """
        weights = self.constraint.weights
        aesthetic, cut = self._kept_and_cut(windows, windows.heat_sum() if aesthetic is None else aesthetic)
        size = self._size(windows.share() / self.largest_share)
        terms = {"aesthetic": aesthetic, "size": size.expand_as(aesthetic), "cut": cut}
        total = torch.add(aesthetic, size, alpha=weights.size).sub_(cut, alpha=weights.cut)
        if self.constraint.layouts:
            served, penalty = self._layouts(windows)
            terms["layout"] = served
            total = total.add_(served, alpha=weights.layout)
            total = total if penalty is None else total.sub_(penalty)
        if self.constraint.avoid:
            terms["avoid"] = _mean([self._covered(windows, each) for each in self.constraint.avoid])
            total = total.sub_(terms["avoid"], alpha=weights.avoid)
        return total, terms

    def _kept_and_cut(self, windows: Windows, aesthetic: Tensor) -> tuple[Tensor, Tensor]:
        """The aesthetic term with what subjects and ratings say, and the cut term."""
        weights = self.constraint.weights
        cut = windows.edge_sum() * weights.edge if weights.edge else torch.zeros_like(aesthetic)
        if self.evidence.subjects.shape[1]:
            held, sliced, say = self._subjects(windows)
            aesthetic = torch.lerp(aesthetic, held, weights.subjects * say)
            cut = cut.addcmul_(say, sliced)
        if self.evidence.ratings is not None and weights.composition:
            aesthetic = torch.lerp(aesthetic, windows.smooth(self.evidence.ratings), weights.composition)
        return aesthetic, cut.clamp_(0, 1)

    def _size(self, share: Tensor) -> Tensor:
        return share.clamp(0, 1) if self.curve is None else self.curve.at(share)

    def _layouts(self, windows: Windows) -> tuple[Tensor, Tensor | None]:
        """How well the layouts' regions are served: held, in the source's frame; calm, in the crop's.

        And by how much the score falls where one that must be calm is not, or None where none must.
        """
        served, penalties = [], []
        for each in self.constraint.layouts:
            if each.frame == "source":
                served.append(self._covered(windows, each.region))
                continue
            under = self._share_under(windows, each.region)
            served.append(1 - under)
            if each.hard:
                x1, y1, x2, y2 = each.region
                beyond = under - CALM * (x2 - x1) * (y2 - y1)
                penalties.append(torch.where(beyond > 0, BROKEN * (1 + beyond), 0))
        return _mean(served), functools.reduce(torch.add, penalties) if penalties else None

    def _share_under(self, windows: Windows, region: Region) -> Tensor:
        """The share of the crop's own heat, or of its detail where that is larger, under a region of the crop."""
        shares = []
        for table in (self.evidence.heat, self.evidence.detail):
            if table is not None:
                whole = windows.inner_sum(table, (0.0, 0.0, 1.0, 1.0))
                shares.append((windows.inner_sum(table, region) / whole.clamp_min(1e-12)).clamp(0, 1))
        return torch.stack(shares).amax(0)

    def _subjects(self, windows: Windows) -> tuple[Tensor, Tensor, Tensor]:
        """The subjects' weighted share inside and weighted share sliced, both `[B, *]`, and how much they have to say.

        That say is their summed weight up to 1, so that a tiny face counts no more for being the only one.
        """
        boxes, weights = self.evidence.subjects[..., :4], self.evidence.subjects[..., 4]
        total = weights.sum(1, keepdim=True)
        visible = windows.covered(boxes)
        shares = weights / total.clamp_min(1e-12)
        sliced = _beyond(OUT, visible, shares) - _beyond(WHOLE, visible, shares)
        return (
            _weighed(shares, visible, torch.zeros_like(total[:, 0])),
            sliced,
            total.clamp(0, 1).view(-1, *[1] * (sliced.ndim - 1)),
        )

    def _covered(self, windows: Windows, region: Region) -> Tensor:
        regions = self.evidence.heat.new_tensor([[region]]).expand(len(self.evidence), 1, 4)
        return windows.covered(regions)[:, 0].clamp(0, 1)


def _beyond(ramp: tuple[float, float], values: Tensor, shares: Tensor) -> Tensor:
    """As `_weighed`, of 0 for values before a ramp, 1 for those behind it, and linear between.

    Values are by far the largest tensor, so they are only clamped; all else is done with the sum.
    """
    low, high = ramp
    shares = shares / (high - low)
    return _weighed(shares, values.clamp(low, high), -low * shares.sum(1))


def _weighed(shares: Tensor, values: Tensor, more: Tensor) -> Tensor:
    """The sum of values `[B, M, *]` by their shares `[B, M]`, and of `[B]` more: `[B, *]`."""
    total = torch.baddbmm(more[:, None, None], shares[:, None], values.flatten(2))
    return total.view(len(values), *values.shape[2:])


def _mean(scores: list[Tensor]) -> Tensor:
    return functools.reduce(torch.add, scores) / len(scores)
