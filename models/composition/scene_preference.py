"""Which crops suit a scene as a whole: from where its subjects lie to a smooth preference among all crops.

The subjects are seen together, as a coarse picture of them and a list of where their edges are, and a small network
tells the coefficients of a cubic polynomial in the room that a crop leaves on its four sides. The network is taught by
a kernel machine, which learns more from a thousand photographs than the network could by itself; see
`training/composition/kernel.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import torch
from torch import Tensor, nn

from ...cropping.boxes import cell_shares

CELLS, BINS = 8, 16  # of the coarse picture along a side, and of the lists of edges
DESCRIPTION = 2 * CELLS**2 + 4 * BINS
OBJECTS, MAIN, EDGES = 0.23, 2.4, 0.42  # how much each part of the description counts
DOUBT = 1.3  # how much less the objects count of which a detector was less sure: the last a quarter of the first
SMALLEST = 0.002  # of the picture's area; what is smaller counts as little
FARTHEST = 1 / 3  # room beyond which no rated crop goes: more of it changes nothing
# All products of three out of 1 and the room on the left, top, right and bottom: every monomial up to the third degree.
MONOMIALS = tuple(combinations_with_replacement(range(5), 3))
_IN_THE_MIRROR = (0, 3, 2, 1, 4)
MIRRORED = [MONOMIALS.index(tuple(sorted(_IN_THE_MIRROR[i] for i in each))) for each in MONOMIALS]


class ScenePreference(nn.Module):
    """Subjects `[P, M, 5]` and which of them are present `[P, M]` → coefficients `[P, 35]` for `cubic`."""

    def __init__(self, hidden: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(DESCRIPTION, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.out = nn.Linear(hidden, len(MONOMIALS))

    def forward(self, subjects: Tensor, present: Tensor) -> Tensor:
        return self.out(self.layers(describe(subjects, present)))


def describe(subjects: Tensor, present: Tensor) -> Tensor:
    """A scene as a whole, `[P, 192]`: what covers each of 8 × 8 cells, once the objects and once the main subjects, and
    how many left, top, right and bottom edges of objects lie near each of 16 places.

    Small objects count more for their area, and those of which a detector was less sure count less.
    """
    x1, y1, x2, y2, importance = subjects.unbind(-1)
    main = main_subjects(subjects, present)
    weight = torch.exp(DOUBT * (2 * importance - 1).clamp_max(0)) * (present & ~main)
    dense = weight * OBJECTS * ((x2 - x1) * (y2 - y1)).clamp_min(SMALLEST).rsqrt()
    counted = torch.stack([dense, main * MAIN], -1)
    maps = torch.einsum("pmy,pmx,pmc->pcyx", cell_shares(y1, y2, CELLS), cell_shares(x1, x2, CELLS), counted)
    places = torch.linspace(0, 1, BINS, device=subjects.device)
    edges = subjects[..., :4].transpose(1, 2)[..., None]
    near = torch.exp(-0.5 * ((edges - places) * BINS).square())
    listed = torch.einsum("pemb,pm->peb", near, weight * EDGES)
    return torch.cat([maps.flatten(1), listed.flatten(1)], 1)


def main_subjects(subjects: Tensor, present: Tensor) -> Tensor:
    """Which of the subjects `[P, M, 5]` that are present `[P, M]` the picture is of, `[P, M]`."""
    return present & (subjects[..., 4] >= 1)


def cubic(crop: Sequence[Tensor]) -> list[Tensor]:
    """The monomials, 35 tensors, of crops given by their edges x1, y1, x2, y2."""
    x1, y1, x2, y2 = crop
    rooms = [room.clamp(0, FARTHEST) * 4 for room in (x1, y1, 1 - x2, 1 - y2)]
    factors = [torch.ones_like(x1), *rooms]
    pairs = {(j, k): factors[j] * factors[k] for j, k in combinations_with_replacement(range(5), 2)}
    return [factors[i] * pairs[j, k] for i, j, k in MONOMIALS]
