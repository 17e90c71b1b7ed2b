"""Rated crops as tensors, and their augmentation: mirroring, trimming of margins, noise in the detections."""

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

# Added to the standard deviation of a photograph's ratings before dividing by it, so that small differences between
# crops that people hardly told apart are not enlarged.
MIN_DEVIATION = 0.2
MAX_TRIM = 0.22  # share of a side that `trim_margins` takes off at most
BORDER_TOLERANCE = 0.01  # a crop may reach so far beyond the trimmed picture, a subject must show more than this
MIN_CROPS = 25  # a photograph is not trimmed when fewer crops would be left


@dataclass(frozen=True, slots=True)
class RatedBatch:
    """P photographs with up to N crops and M subjects. The crops of a photograph share few edges, up to V a side.

    Attributes:
        edges: `[P, 4, V]` positions of left, top, right and bottom edges, relative to the photograph.
        edge_index: `[P, N, 4]` the edges of every crop, as indices of `edges`.
        valid: `[P, N]` which crops exist; the others are padding.
        subjects: `[P, M, 5]` relative x1, y1, x2, y2 and importance.
        present: `[P, M]` which subjects count; the others are padding or were dropped.
        aspect: `[P]` width / height of the photograph.
        target: `[P, N]`, see `normalise_ratings`.
    """

    edges: Tensor
    edge_index: Tensor
    valid: Tensor
    subjects: Tensor
    present: Tensor
    aspect: Tensor
    target: Tensor

    def select(self, index: Tensor) -> RatedBatch:
        """The photographs of an index or mask."""
        return RatedBatch(*(getattr(self, name)[index] for name in self.__slots__))

    def boxes(self) -> Tensor:
        """The crops `[P, N, 4]`: x1, y1, x2, y2."""
        return torch.stack([self.edges[:, side].gather(1, self.edge_index[..., side]) for side in range(4)], -1)


def collate(cases: Sequence[RankingCase]) -> RatedBatch:
    """All photographs in one batch, padded to the same number of crops, subjects and edges."""
    crops = max(len(case.boxes) for case in cases)
    most_subjects = max(1, max(len(case.subjects()) for case in cases))
    sides = [[np.unique(case.boxes[:, side], return_inverse=True) for side in range(4)] for case in cases]
    most_edges = max(len(values) for case in sides for values, _ in case)
    count = len(cases)
    batch = RatedBatch(
        edges=torch.zeros(count, 4, most_edges),
        edge_index=torch.zeros(count, crops, 4, dtype=torch.long),
        valid=torch.zeros(count, crops, dtype=torch.bool),
        subjects=torch.tensor([0.0, 0.0, 1.0, 1.0, 0.0]).repeat(count, most_subjects, 1),
        present=torch.zeros(count, most_subjects, dtype=torch.bool),
        aspect=torch.tensor([case.size[0] / case.size[1] for case in cases]),
        target=torch.zeros(count, crops),
    )
    for row, (case, case_sides) in enumerate(zip(cases, sides, strict=True)):
        for side, (values, inverse) in enumerate(case_sides):
            padded = np.concatenate([values, np.repeat(values[-1:], most_edges - len(values))])
            batch.edges[row, side] = torch.from_numpy(padded)
            batch.edge_index[row, : len(inverse), side] = torch.from_numpy(inverse.reshape(-1))
        batch.valid[row, : len(case.boxes)] = True
        subjects = case.subjects()
        batch.subjects[row, : len(subjects)] = subjects
        batch.present[row, : len(subjects)] = True
        batch.target[row, : len(case.boxes)] = torch.from_numpy(normalise_ratings(case.ratings)).float()
    batch.subjects[..., 2:4] = torch.maximum(batch.subjects[..., 2:4], batch.subjects[..., :2] + MIN_SIDE)
    return batch


def append_person_only(batch: RatedBatch) -> RatedBatch:
    """The photographs, followed by those with a main subject once more without all others.

    In use, a picture may come with its person alone: not every detector finds ten objects.
    """
    main = main_subjects(batch.subjects, batch.present)
    person_only = replace(batch, present=main).select(main.any(1))
    columns = ([getattr(each, name) for each in (batch, person_only)] for name in RatedBatch.__slots__)
    return RatedBatch(*(torch.cat(parts) for parts in columns))


def normalise_ratings(ratings: np.ndarray) -> np.ndarray:
    """Ratings `[N]` → targets `[N]` with mean 0: the ranks as quantiles of a normal distribution.

    Ranks, because the order of the crops is what is evaluated. The standard deviation is 1 for a photograph whose
    ratings differ much, and nearly 0 for one whose ratings are nearly equal.
    """
    quantiles = ndtri(rankdata(ratings) / (len(ratings) + 1))
    deviation = ratings.std()
    return (quantiles - quantiles.mean()) / max(quantiles.std(), 1e-6) * deviation / (deviation + MIN_DEVIATION)


def mirror(batch: RatedBatch) -> RatedBatch:
    """The mirror images: left and right edges are exchanged."""
    left, top, right, bottom = batch.edges.unbind(1)
    edges = torch.stack([1 - right, top, 1 - left, bottom], 1)
    subjects = mirror_boxes(batch.subjects)
    return replace(batch, edges=edges, edge_index=batch.edge_index[..., [2, 1, 0, 3]], subjects=subjects)


def augment(
    batch: RatedBatch, generator: torch.Generator, noise: float, dropped: float, person_only: float, trimmed: float
) -> RatedBatch:
    """Random variants of photographs that people would have rated nearly the same. Half of the batches are mirrored.

    Args:
        batch: P photographs.
        generator: the only source of randomness.
        noise: largest standard deviation of the noise on the subjects' edges, relative to the photograph: detectors
            differ.
        dropped: probability that a subject is dropped.
        person_only: probability that all but the main subjects are dropped, where there is one.
        trimmed: probability that `trim_margins` is applied to the batch.
    """
    if _uniform(generator) < 0.5:
        batch = mirror(batch)
    deviation = noise * torch.rand(len(batch.edges), 1, 1, generator=generator)
    noisy = batch.subjects[..., :4] + deviation * torch.randn(batch.subjects[..., :4].shape, generator=generator)
    present = batch.present & (torch.rand(batch.present.shape, generator=generator) >= dropped)
    main = main_subjects(batch.subjects, batch.present)
    keep_main = (torch.rand(len(main), 1, generator=generator) < person_only) & main.any(1, keepdim=True)
    present = torch.where(keep_main, main, present)
    batch = replace(batch, subjects=_replace_boxes(batch.subjects, noisy.clamp(0, 1)), present=present)
    return trim_margins(batch, generator) if _uniform(generator) < trimmed else batch


def trim_margins(batch: RatedBatch, generator: torch.Generator) -> RatedBatch:
    """Cuts random margins off the photographs, so that more crops reach the border.

    No crop of the data set touches the border, and the head would not learn what that means. Crops that do not fit any
    more become padding, subjects outside are dropped.
    """
    margins = MAX_TRIM * torch.rand(len(batch.edges), 4, generator=generator).pow(3)
    margins = margins * (torch.rand(margins.shape, generator=generator) < 0.5)
    low, high = margins[:, :2], 1 - margins[:, 2:]
    boxes = batch.boxes()
    inside = (boxes[..., :2] >= low[:, None] - BORDER_TOLERANCE).all(-1)
    inside &= (boxes[..., 2:] <= high[:, None] + BORDER_TOLERANCE).all(-1)
    unchanged = ((inside & batch.valid).sum(1) < MIN_CROPS)[:, None]
    low, high = low.masked_fill(unchanged, 0.0), high.masked_fill(unchanged, 1.0)
    start, length = torch.cat([low, low], 1), torch.cat([high - low, high - low], 1)
    edges = (batch.edges - start[..., None]) / length[..., None]
    subjects = ((batch.subjects[..., :4] - start[:, None]) / length[:, None]).clamp(0, 1)
    visible = (subjects[..., 2:] - subjects[..., :2] > BORDER_TOLERANCE).all(-1)
    return replace(
        batch,
        edges=edges,
        valid=batch.valid & (inside | unchanged),
        subjects=_replace_boxes(batch.subjects, subjects),
        present=batch.present & visible,
        aspect=batch.aspect * (high - low)[:, 0] / (high - low)[:, 1],
    )


def _replace_boxes(subjects: Tensor, boxes: Tensor) -> Tensor:
    """The subjects `[*, 5]` with other boxes `[*, 4]`, whose sides are made at least `MIN_SIDE` long."""
    low = boxes[..., :2].clamp_max(1 - MIN_SIDE)
    return torch.cat([low, torch.maximum(boxes[..., 2:], low + MIN_SIDE), subjects[..., 4:]], -1)


def _uniform(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator))
