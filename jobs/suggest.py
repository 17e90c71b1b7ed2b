"""What a person needs to judge a crop: where the value lies, who is in the picture, and which crops come next."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..cropping.box import Box
from ..cropping.checks import Size
from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.crop import Crop
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..models.analysis import Analysis
from ..models.selection import SearchBatch
from .on_cut import KEEP, choose_crop


@dataclass(frozen=True)
class Suggestions:
    """Crops of one picture.

    Attributes:
        best: the search's own.
        others: the next best distinct ones, the best first.
    """

    best: Crop
    others: tuple[Box, ...]


def suggest_crops(
    analysis: Analysis,
    size: Size,
    constraint: Constraint,
    objective: Objective = DEFAULT_OBJECTIVE,
    on_cut: str = KEEP,
    count: int = 3,
) -> Suggestions | None:
    """The crop that the search finds, and the next best; None where no crop obeys.

    Args:
        analysis: of the picture.
        size: its width and height in pixels.
        constraint, objective, on_cut: see `choose_crop`.
        count: of the others, at most.
    """
    batch = SearchBatch.of([analysis], size)
    try:
        best = choose_crop(batch, constraint, objective, on_cut)
    except UnsatisfiableError:
        return None
    with torch.inference_mode():
        others = batch.candidates(best, constraint, objective, count)
    return Suggestions(best, tuple(others))
