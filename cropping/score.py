"""The score of a box: aesthetic + layout + size − cut, each term in 0..1 and known by its name."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from .constraint import Constraint, Region
from .evidence import Evidence
from .framing import SizeCurve
from .layout import Layout
from .windows import Windows

# A subject of which less than OUT shows is out, one of which more than WHOLE shows is whole; between, it is sliced.
OUT, WHOLE = 0.02, 0.99
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
        """The score of every window, `[B, *]`; `BROKEN` lower, or more the further, where a hard layout is broken.

        So the least broken one is known where nothing obeys, and one that obeys always comes first.
        """
        total = self.total(self.terms(windows, aesthetic))
        for layout in self.constraint.layouts:
            if layout.hard and layout.frame == "crop":
                beyond = self._beyond_calm(windows, layout.region)
                total = total - torch.where(beyond > 0, BROKEN * (1 + beyond), 0)
        return total

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        weights = self.constraint.weights
        total = terms["aesthetic"] + weights.size * terms["size"]
        total = total.sub_(terms["cut"], alpha=weights.cut)
        if "layout" in terms:
            total = total.add_(terms["layout"], alpha=weights.layout)
        if "avoid" in terms:
            total = total.sub_(terms["avoid"], alpha=weights.avoid)
        return total

    def terms(self, windows: Windows, aesthetic: Tensor | None = None) -> dict[str, Tensor]:
        """Every term by name, each `[B, *]` in 0..1; `aesthetic` is the cropper's own where it has one."""
        weights = self.constraint.weights
        cut = weights.edge * windows.edge_sum()
        if aesthetic is None:
            aesthetic = windows.heat_sum()
        if self.evidence.subjects.shape[1]:
            held, sliced, say = self._subjects(windows)
            aesthetic = torch.lerp(aesthetic, held, weights.subjects * say)
            cut = cut + say * sliced
        if self.evidence.ratings is not None and weights.composition:
            aesthetic = torch.lerp(aesthetic, windows.smooth(self.evidence.ratings), weights.composition)
        terms = {
            "aesthetic": aesthetic,
            "size": self._size(windows.share() / self.largest_share),
            "cut": cut.clamp(0, 1),
        }
        if self.constraint.layouts:
            terms["layout"] = _mean([self._served(windows, each) for each in self.constraint.layouts])
        if self.constraint.avoid:
            terms["avoid"] = _mean([self._covered(windows, each) for each in self.constraint.avoid])
        return terms

    def _size(self, share: Tensor) -> Tensor:
        return share.clamp(0, 1) if self.curve is None else self.curve.at(share)

    def _beyond_calm(self, windows: Windows, region: Region) -> Tensor:
        """By how much a reserved region's share of the heat is more than calm."""
        x1, y1, x2, y2 = region
        return (self._share_under(windows, region) - CALM * (x2 - x1) * (y2 - y1)).clamp_min(0)

    def _served(self, windows: Windows, layout: Layout) -> Tensor:
        """How well a layout's region is served: held, in the source's frame; calm, in the crop's."""
        if layout.frame == "source":
            return self._covered(windows, layout.region)
        return 1 - self._share_under(windows, layout.region)

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
        shares = _spread(weights / total.clamp_min(1e-12), visible)
        held = (shares * visible).sum(1)
        return held, (shares * _sliced(visible)).sum(1), _spread(total[:, 0].clamp(0, 1), held)

    def _covered(self, windows: Windows, region: Region) -> Tensor:
        regions = self.evidence.heat.new_tensor([[region]]).expand(len(self.evidence), 1, 4)
        return windows.covered(regions)[:, 0].clamp(0, 1)


def _sliced(visible: Tensor) -> Tensor:
    """0 for a subject that is out or whole, 1 for one cut in between, steep on both sides."""
    entering = ((visible - OUT) / 0.08).clamp(0, 1)
    leaving = ((WHOLE - visible) / 0.04).clamp(0, 1)
    return entering * leaving


def _spread(values: Tensor, like: Tensor) -> Tensor:
    """Values of the first dimensions of `like`, made to broadcast against all of it."""
    return values.reshape(*values.shape, *[1] * (like.ndim - values.ndim))


def _mean(scores: list[Tensor]) -> Tensor:
    return functools.reduce(torch.add, scores) / len(scores)
