"""What of a picture the features of boxes are computed from: summed-area tables, and where heat and subjects end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor
from torch.nn import functional as F

from ...cropping.box_sums import normalise, summed_area
from ...cropping.checks import Region
from ...cropping.regions import clip
from ...cropping.subject import Subject
from ..impression import Impression

# The shares of heat that may lie beyond an edge.
QUANTILES = (0.02, 0.1, 0.25)
NOWHERE: Region = (0.5, 0.5, 0.5, 0.5)


@dataclass(frozen=True)
class PictureTables:
    """One picture, ready for any number of boxes. All tensors are float64.

    Attributes:
        shape: log(width / height).
        maps: `[3, h + 1, w + 1]` tables of attention, extent and detail, each of which sums to 1.
        moments: `[4, h + 1, w + 1]` tables of attention times x, y, x² and y².
        gist: `[K, h + 1, w + 1]` tables of the principal components of the gist, over the area.
        gist_mean: `[K]`, their means over the picture.
        ends: for attention, then extent, and each of `QUANTILES`: where that share lies beyond, a region.
        subjects, heads: the smallest region around all main subjects and around all heads, or None.
        scene: what does not depend on a box: mean extent, peak of attention, number of heads, people, animals.
    """

    shape: float
    maps: Tensor
    moments: Tensor
    gist: Tensor
    gist_mean: Tensor
    ends: tuple[tuple[Region, ...], tuple[Region, ...]]
    subjects: Region | None
    heads: Region | None
    scene: tuple[float, float, float, float, float]

    @classmethod
    def blank(cls, components: int) -> PictureTables:
        """Of a picture without anything in it, and a gist of so many components."""
        nothing = torch.zeros(1, 2, 2, dtype=torch.float64)
        ends = (NOWHERE,) * len(QUANTILES)
        return cls(
            shape=0.0,
            maps=nothing.expand(3, -1, -1),
            moments=nothing.expand(4, -1, -1),
            gist=nothing.expand(components, -1, -1),
            gist_mean=torch.zeros(components),
            ends=(ends, ends),
            subjects=None,
            heads=None,
            scene=(0.0,) * 5,
        )

    @classmethod
    def of(
        cls,
        impression: Impression,
        subjects: Sequence[Subject],
        size: tuple[int, int],
        components: Tensor,
        mean: Tensor,
    ) -> PictureTables:
        """The tables of a picture of (width, height) `size`.

        Args:
            impression: of the picture.
            subjects: of the picture.
            size: in pixels.
            components: `[C, K]`, the principal components of the gist, scaled to a spread of 1.
            mean: `[C]`, of the gist.
        """
        attention, extent = impression.attention.cpu().double(), impression.extent.cpu().double()
        detail = F.interpolate(impression.detail.cpu().double()[None, None], attention.shape, mode="area")[0]
        maps = torch.cat([normalise(attention[None]), normalise(extent[None]), normalise(detail)])
        x, y = (_middles(cells) for cells in (attention.shape[1], attention.shape[0]))
        weights = torch.stack([each.expand_as(attention) for each in (x, y[:, None], x * x, (y * y)[:, None])])
        gist = torch.einsum("chw,ck->khw", impression.gist.cpu().float() - mean[:, None, None], components).double()
        heads = [each for each in subjects if each.head is not None]
        main = [each for each in subjects if each.kind in ("person", "animal")] or list(subjects)
        return cls(
            shape=log(size[0] / size[1]),
            maps=summed_area(maps),
            moments=summed_area(maps[0] * weights),
            gist=summed_area(gist / gist[0].numel()),
            gist_mean=gist.mean((1, 2)),
            ends=(find_ends(maps[0]), find_ends(maps[1])),
            subjects=_enclose([each.region for each in main]),
            heads=_enclose([each.essence for each in heads]),
            scene=(
                float(extent.mean()),
                log(float(maps[0].max()) * maps[0].numel()),
                float(min(len(heads), 4)),
                float(any(each.kind == "person" for each in subjects)),
                float(any(each.kind == "animal" for each in subjects)),
            ),
        )


def find_ends(heat: Tensor) -> tuple[Region, ...]:
    """For each of `QUANTILES`, the region beyond each of whose edges that share of heat `[h, w]`, of sum 1, lies."""
    across, down = (_quantiles(heat.sum(axis)) for axis in (0, 1))
    count = len(QUANTILES)
    return tuple((across[i], down[i], across[count + i], down[count + i]) for i in range(count))


def _quantiles(heat: Tensor) -> list[float]:
    """The positions 0..1 before which each of `QUANTILES` lies, then those after which it does, of heat `[n]`."""
    sums = F.pad(heat.cumsum(0), (1, 0))
    wanted = sums.new_tensor([*QUANTILES, *(1 - each for each in QUANTILES)])
    after = torch.searchsorted(sums, wanted).clamp(1, len(heat))
    before = sums[after - 1]
    share = ((wanted - before) / (sums[after] - before).clamp_min(1e-12)).clamp(0, 1)
    return ((after - 1 + share) / len(heat)).tolist()


def _middles(cells: int) -> Tensor:
    return (torch.arange(cells, dtype=torch.float64) + 0.5) / cells


def _enclose(regions: Sequence[Region]) -> Region | None:
    """The smallest region around the parts of regions that lie on the picture."""
    if not regions:
        return None
    edges = list(zip(*map(clip, regions), strict=True))
    return min(edges[0]), min(edges[1]), max(edges[2]), max(edges[3])
