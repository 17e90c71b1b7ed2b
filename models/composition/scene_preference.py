"""A preference among all crops of a scene as a whole, from where its subjects lie.

A small network takes a coarse map of the subjects and histograms of their edges, and predicts the coefficients of a
cubic polynomial in the margins between the crop and the four sides of the picture. It is trained to reproduce kernel
ridge regression, which generalises better from a thousand photographs than the network trained on them directly; see
`training/composition/kernel.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import torch
from torch import Tensor, nn

from ...cropping.boxes import cell_shares

CELLS, BINS = 8, 16  # of the coarse map along a side, and of the histograms of edges
DESCRIPTION = 2 * CELLS**2 + 4 * BINS
OBJECT_SCALE, MAIN_SCALE, EDGE_SCALE = 0.23, 2.4, 0.42  # of the parts of the description
RANK_DECAY = 1.3  # of the weight of objects by the detector's ranking: the last has a quarter of the first's
MIN_AREA = 0.002  # of the picture; smaller objects are treated as that large
MAX_MARGIN = 1 / 3  # relative; no rated crop has a larger margin, so a larger one counts as this
# All products of three out of 1 and the margins on the left, top, right and bottom: the monomials up to degree 3.
MONOMIALS = tuple(combinations_with_replacement(range(5), 3))
_MIRROR_FACTORS = (0, 3, 2, 1, 4)
MIRROR_ORDER = [MONOMIALS.index(tuple(sorted(_MIRROR_FACTORS[i] for i in each))) for each in MONOMIALS]


class ScenePreference(nn.Module):
    """Subjects `[P, M, 5]` and which of them are present `[P, M]` → coefficients `[P, 35]` of `cubic_monomials`."""

    def __init__(self, hidden: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(DESCRIPTION, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.out = nn.Linear(hidden, len(MONOMIALS))

    def forward(self, subjects: Tensor, present: Tensor) -> Tensor:
        return self.out(self.layers(describe_scene(subjects, present)))


def describe_scene(subjects: Tensor, present: Tensor) -> Tensor:
    """A scene as a whole: coverage of 8 × 8 cells by objects and by main subjects, and histograms of objects' edges.

    Small objects have more weight for their area; objects of which a detector was less sure have less.

    Args:
        subjects: `[P, M, 5]`.
        present: `[P, M]`, which of them count.

    Returns:
        `[P, 192]`.
    """
    x1, y1, x2, y2, importance = subjects.unbind(-1)
    main = main_subjects(subjects, present)
    weight = torch.exp(RANK_DECAY * (2 * importance - 1).clamp_max(0)) * (present & ~main)
    density = weight * OBJECT_SCALE * ((x2 - x1) * (y2 - y1)).clamp_min(MIN_AREA).rsqrt()
    layers = torch.stack([density, main * MAIN_SCALE], -1)
    maps = torch.einsum("pmy,pmx,pmc->pcyx", cell_shares(y1, y2, CELLS), cell_shares(x1, x2, CELLS), layers)
    bins = torch.linspace(0, 1, BINS, device=subjects.device)
    edges = subjects[..., :4].transpose(1, 2)[..., None]
    near = torch.exp(-0.5 * ((edges - bins) * BINS).square())
    histograms = torch.einsum("pemb,pm->peb", near, weight * EDGE_SCALE)
    return torch.cat([maps.flatten(1), histograms.flatten(1)], 1)


def main_subjects(subjects: Tensor, present: Tensor) -> Tensor:
    """Which of the subjects `[P, M, 5]` that are present `[P, M]` the picture is of, `[P, M]`."""
    return present & (subjects[..., 4] >= 1)


def cubic_monomials(crop: Sequence[Tensor]) -> list[Tensor]:
    """The monomials in the margins of crops given by their edges x1, y1, x2, y2: 35 tensors of their shape."""
    x1, y1, x2, y2 = crop
    margins = [margin.clamp(0, MAX_MARGIN) * 4 for margin in (x1, y1, 1 - x2, 1 - y2)]
    factors = [torch.ones_like(x1), *margins]
    pairs = {(j, k): factors[j] * factors[k] for j, k in combinations_with_replacement(range(5), 2)}
    return [factors[i] * pairs[j, k] for i, j, k in MONOMIALS]
