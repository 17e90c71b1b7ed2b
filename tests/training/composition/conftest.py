"""Rated photographs whose ratings follow a known rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from salient_crop.evaluation.ranking import RankingCase


def rated_photograph(number: int) -> RankingCase:
    """80 crops on a grid; the rating falls with the distance from the middle of the only object."""
    rng = np.random.default_rng(number)
    low = rng.uniform(0.1, 0.6, 2)
    thing = np.array([*low, *(low + 0.25)])
    starts, ends = np.arange(4) / 12 + 1 / 24, np.arange(8, 12) / 12 + 1 / 24
    edges = np.meshgrid(starts, starts, ends, ends, indexing="ij")
    boxes = rng.permutation(np.stack([each.ravel() for each in edges], 1))[:80]
    distance = (boxes[:, :2] + boxes[:, 2:]) / 2 - (thing[:2] + thing[2:]) / 2
    ratings = -np.square(distance).sum(1) + rng.normal(0, 0.002, len(boxes))
    return RankingCase(f"{number}.jpg", (600, 400), boxes, ratings, None, thing[None])


@pytest.fixture(scope="session")
def photograph() -> Callable[[int], RankingCase]:
    """Makes the photograph of a number, always the same."""
    return rated_photograph
