"""Rated crops as tensors, and the ways to see each photograph anew: mirrored, reframed, with other detections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.special import ndtri
from scipy.stats import rankdata
from torch import Tensor

from ...evaluation.ranking import RankingCase
from ...models.composition.features import MIN_SIDE, mirror_boxes
from ...models.composition.scene_preference import main_subjects

FLAT = 0.2  # added to a photograph's deviation, so that one whose crops people hardly told apart is not blown up


@dataclass(frozen=True, slots=True)
class RatedBatch:
    """P photographs with up to N crops and M subjects.

    Attributes:
        edges: `[P, 4, V]` the places of left, top, right and bottom edges.
        which: `[P, N, 4]` every crop's edges, as indices of `edges`.
        rated: `[P, N]` which crops there are.
        subjects: `[P, M, 5]`, and `present` `[P, M]` which of them there are.
        shape: `[P]` width / height.
        target: `[P, N]` ratings by their order, in standard deviations of the photograph's own; see `standard`.
    """

    edges: Tensor
    which: Tensor
    rated: Tensor
    subjects: Tensor
    present: Tensor
    shape: Tensor
    target: Tensor

    def chosen(self, index: Tensor) -> RatedBatch:
        return RatedBatch(*(getattr(self, name)[index] for name in self.__slots__))

    def boxes(self) -> Tensor:
        """`[P, N, 4]`."""
        return torch.stack([self.edges[:, side].gather(1, self.which[..., side]) for side in range(4)], -1)


def gather(cases: Sequence[RankingCase]) -> RatedBatch:
    """All photographs, brought to the same numbers of crops and subjects."""
    crops = max(len(case.boxes) for case in cases)
    most = max(1, max(len(case.subjects()) for case in cases))
    sides = [[np.unique(case.boxes[:, side], return_inverse=True) for side in range(4)] for case in cases]
    places = max(len(values) for case in sides for values, _ in case)
    count = len(cases)
    batch = RatedBatch(
        edges=torch.zeros(count, 4, places),
        which=torch.zeros(count, crops, 4, dtype=torch.long),
        rated=torch.zeros(count, crops, dtype=torch.bool),
        subjects=torch.tensor([0.0, 0.0, 1.0, 1.0, 0.0]).repeat(count, most, 1),
        present=torch.zeros(count, most, dtype=torch.bool),
        shape=torch.tensor([case.size[0] / case.size[1] for case in cases]),
        target=torch.zeros(count, crops),
    )
    for row, (case, own) in enumerate(zip(cases, sides, strict=True)):
        for side, (values, inverse) in enumerate(own):
            padded = np.concatenate([values, np.repeat(values[-1:], places - len(values))])
            batch.edges[row, side] = torch.from_numpy(padded)
            batch.which[row, : len(inverse), side] = torch.from_numpy(inverse.reshape(-1))
        batch.rated[row, : len(case.boxes)] = True
        subjects = case.subjects()
        batch.subjects[row, : len(subjects)] = subjects
        batch.present[row, : len(subjects)] = True
        batch.target[row, : len(case.boxes)] = torch.from_numpy(standard(case.ratings)).float()
    batch.subjects[..., 2:4] = torch.maximum(batch.subjects[..., 2:4], batch.subjects[..., :2] + MIN_SIDE)
    return batch


def also_alone(batch: RatedBatch) -> RatedBatch:
    """The photographs, and those of a person once more without anything else: not everybody has ten objects to tell."""
    main = main_subjects(batch.subjects, batch.present)
    alone = replace(batch, present=main).chosen(main.any(1))
    joined = ([getattr(each, name) for each in (batch, alone)] for name in RatedBatch.__slots__)
    return RatedBatch(*(torch.cat(parts) for parts in joined))


def standard(ratings: np.ndarray) -> np.ndarray:
    """The order of the ratings, as quantiles of a normal distribution: how crops rank is what is asked in the end."""
    quantiles = ndtri(rankdata(ratings) / (len(ratings) + 1))
    spread = ratings.std()
    return (quantiles - quantiles.mean()) / max(quantiles.std(), 1e-6) * spread / (spread + FLAT)


def mirror(batch: RatedBatch) -> RatedBatch:
    """The mirror images: left and right edges change places, and so do their lists."""
    left, top, right, bottom = batch.edges.unbind(1)
    edges = torch.stack([1 - right, top, 1 - left, bottom], 1)
    return replace(batch, edges=edges, which=batch.which[..., [2, 1, 0, 3]], subjects=mirror_boxes(batch.subjects))


def seen_anew(
    batch: RatedBatch, generator: torch.Generator, noise: float, missed: float, alone: float, reframed: float
) -> RatedBatch:
    """Other views that people would have rated the same, or nearly.

    Args:
        batch: photographs.
        generator: of all chance.
        noise: greatest deviation of subjects' edges, relative; detectors differ.
        missed: share of subjects left out.
        alone: share of the photographs of a person that are seen without anything else.
        reframed: share of the batches in which the photographs lose some of their margins, so that crops reach the
            border, where no rated crop lies.
    """
    if _chance(generator) < 0.5:
        batch = mirror(batch)
    amount = noise * torch.rand(len(batch.edges), 1, 1, generator=generator)
    moved = batch.subjects[..., :4] + amount * torch.randn(batch.subjects[..., :4].shape, generator=generator)
    present = batch.present & (torch.rand(batch.present.shape, generator=generator) >= missed)
    main = main_subjects(batch.subjects, batch.present)
    lonely = (torch.rand(len(main), 1, generator=generator) < alone) & main.any(1, keepdim=True)
    present = torch.where(lonely, main, present)
    batch = replace(batch, subjects=_with_edges(batch.subjects, moved.clamp(0, 1)), present=present)
    return _reframed(batch, generator) if _chance(generator) < reframed else batch


def _reframed(batch: RatedBatch, generator: torch.Generator) -> RatedBatch:
    margins = 0.22 * torch.rand(len(batch.edges), 4, generator=generator).pow(3)
    margins = margins * (torch.rand(margins.shape, generator=generator) < 0.5)
    low, high = margins[:, :2], 1 - margins[:, 2:]
    boxes = batch.boxes()
    inside = (boxes[..., :2] >= low[:, None] - 0.01).all(-1) & (boxes[..., 2:] <= high[:, None] + 0.01).all(-1)
    # Too few crops left to rank: this one stays as it was.
    few = ((inside & batch.rated).sum(1) < 25)[:, None]
    low, high = low.masked_fill(few, 0.0), high.masked_fill(few, 1.0)
    start, length = torch.cat([low, low], 1), torch.cat([high - low, high - low], 1)
    edges = (batch.edges - start[..., None]) / length[..., None]
    moved = ((batch.subjects[..., :4] - start[:, None]) / length[:, None]).clamp(0, 1)
    visible = (moved[..., 2:] - moved[..., :2] > 0.01).all(-1)
    return replace(
        batch,
        edges=edges,
        rated=batch.rated & (inside | few),
        subjects=_with_edges(batch.subjects, moved),
        present=batch.present & visible,
        shape=batch.shape * (high - low)[:, 0] / (high - low)[:, 1],
    )


def _with_edges(subjects: Tensor, edges: Tensor) -> Tensor:
    low = edges[..., :2].clamp_max(1 - MIN_SIDE)
    return torch.cat([low, torch.maximum(edges[..., 2:], low + MIN_SIDE), subjects[..., 4:]], -1)


def _chance(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator))
