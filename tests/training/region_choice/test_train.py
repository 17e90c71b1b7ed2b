"""The recipe of the region choice, on photographs that are made up."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.ratio import Ratio
from salient_crop.evaluation.design_cases import DesignCase
from salient_crop.models.analysis import Analysis
from salient_crop.models.impression import Impression
from salient_crop.models.region_choice.choice import load_region_choice
from salient_crop.models.size_prior.prior import SizePrior
from salient_crop.training.region_choice import train as recipe
from salient_crop.training.region_choice.samples import build_samples

NETWORK = "ab" * 32
SIZE = (120, 80)


def photograph(index: int) -> tuple[DesignCase, Analysis]:
    """People leave out the left of odd ones and the right of even ones, where there is nothing to see."""
    generator = torch.Generator().manual_seed(index)
    attention = torch.full((8, 12), 1e-4)
    (attention[:, 5:] if index % 2 else attention[:, :7]).fill_(1.0)
    gist = torch.rand(12, 3, 4, generator=generator)
    analysis = Analysis(torch.ones(8, 12), (), torch.ones(8, 12))
    analysis.impression = Impression(attention / attention.sum(), torch.ones(8, 12), torch.ones(8, 12), gist, NETWORK)
    truth = (40.0, 0.0, 120.0, 80.0) if index % 2 else (0.0, 0.0, 80.0, 80.0)
    return DesignCase(f"{index}.jpg", SIZE, Ratio(1, 1), (0.4, 0.0, 0.6, 0.95), truth), analysis


@pytest.fixture
def photographs(monkeypatch) -> list[tuple[DesignCase, Analysis]]:
    monkeypatch.setattr(recipe, "NETWORKS", 2)
    monkeypatch.setattr(recipe, "EPOCHS", 40)
    monkeypatch.setattr(recipe, "BATCH_SIZE", 8)
    return [photograph(index) for index in range(16)]


def test_the_target_is_the_place_that_overlaps_the_persons_crop_most(photographs) -> None:
    cases = [case for case, _ in photographs]
    samples = build_samples(cases, {case.name: analysis for case, analysis in photographs})
    assert samples.features.shape[:2] == samples.target.shape == samples.known.shape
    assert samples.target.sum(1).tolist() == pytest.approx([1.0] * len(cases))
    assert samples.target.amax(1).tolist() == pytest.approx([1.0] * len(cases), abs=0.3)
    assert not samples.target[~samples.known].any()


def test_people_who_leave_out_where_nothing_is_are_followed_on_photographs_that_were_not_learned(photographs) -> None:
    cases = [case for case, _ in photographs]
    analyses = {case.name: analysis for case, analysis in photographs}
    parts = list(recipe.cross_validate(cases, analyses, NETWORK, 2))
    figures = recipe.pool(parts)
    assert len(figures[recipe.WITH_PIXELS]["iou"]) == len(cases)
    assert figures[recipe.WITH_PIXELS]["held"].all()
    assert figures[recipe.WITH_PIXELS]["iou"].mean() > 0.9
    assert figures[recipe.OURS]["iou"].mean() < 0.8, "without pixels, nobody knows the side"


def test_the_weights_depend_on_the_samples_and_the_seed_alone(photographs) -> None:
    cases = [case for case, _ in photographs]
    size_prior = SizePrior()
    samples = build_samples(cases, {case.name: analysis for case, analysis in photographs})
    first, again, other = (recipe.train(samples, size_prior, NETWORK, seed) for seed in (0, 0, 1))
    assert first.digest == again.digest != other.digest
    assert bytes(first.network.tolist()).hex() == NETWORK
    assert load_region_choice(first.state_dict(), "the file").digest == first.digest
