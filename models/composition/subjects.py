"""Subjects as the composition head takes them: boxes with an importance."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...cropping.subject import Subject

RANKS = 10  # of objects that have an importance of their own


def rank_importance(rank: int) -> float:
    """The importance of a detector's object by its rank, 0 for the most certain one.

    >>> [round(rank_importance(rank), 2) for rank in (0, 9, 50)]
    [0.5, 0.05, 0.05]
    """
    return 0.5 * (1 - min(rank, RANKS - 1) / RANKS)


def encode_subjects(subjects: Sequence[Subject]) -> Tensor:
    """Subjects as `CompositionHead.score` takes them, `[M, 5]`: relative x1, y1, x2, y2 and importance.

    Persons and prompted subjects are what the picture is of; where there are neither, animals are, and without those
    heads. Then follow the heads of what the picture is of, and objects, among them the animals beside a person, by
    their weight.
    """
    people = [each for each in subjects if each.kind in ("person", "prompt")]
    main = people or [each for each in subjects if each.kind == "animal"]
    heads = [each.essence for each in subjects if each.kind == "face" or (each.head is not None and each in main)]
    things = [each for each in subjects if each.kind == "object" or (each.kind == "animal" and people)]
    others = (heads if main else []) + [each.region for each in sorted(things, key=lambda each: -each.weight)]
    rows = [(*region, 1.0) for region in [each.region for each in main] or heads]
    rows += [(*region, rank_importance(rank)) for rank, region in enumerate(others)]
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 5)
