"""Rated crops as tensors, and what their augmentation keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from salient_crop.evaluation.ranking import RankingCase
from salient_crop.models.composition.scene_preference import MIRROR_ORDER, cubic_monomials
from salient_crop.training.composition import samples
from salient_crop.training.composition.samples import (
    RatedBatch,
    append_person_only,
    augment,
    collate,
    mirror,
    normalise_ratings,
    trim_margins,
)

PERSON = np.array([0.3, 0.2, 0.6, 0.9])
NOTHING = {"noise": 0.0, "dropped": 0.0, "person_only": 0.0, "trimmed": 0.0}


@pytest.fixture(scope="module")
def batch(photograph: Callable[[int], RankingCase]) -> RatedBatch:
    """Eight photographs, every second one with a person beside the object."""
    cases = [photograph(number) for number in range(8)]
    return collate([replace(case, person=PERSON if number % 2 else None) for number, case in enumerate(cases)])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_crops_and_subjects_of_different_number_are_padded(photograph: Callable[[int], RankingCase]) -> None:
    one, two = photograph(0), photograph(1)
    two = replace(two, boxes=two.boxes[:30], ratings=two.ratings[:30], person=PERSON, size=(300, 600))
    empty = replace(photograph(2), objects=np.zeros((0, 4)))
    batch = collate([one, two, empty])
    assert batch.valid.sum(1).tolist() == [80, 30, 80]
    assert batch.present.sum(1).tolist() == [1, 2, 0]
    assert batch.aspect.tolist() == [1.5, 0.5, 1.5]
    for row, case in enumerate((one, two, empty)):
        assert np.allclose(batch.boxes()[row][batch.valid[row]].numpy(), case.boxes, atol=1e-6)


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        ([2.0, 2.0], [0, 0]),  # nothing to learn from
        ([1.0, 2.0], [-0.5 / 0.7, 0.5 / 0.7]),
        ([1.0, 2.0, 3.0], [-1.2247 * 0.8165 / 1.0165, 0, 1.2247 * 0.8165 / 1.0165]),
        ([1.0, 1.0, 4.0], [-0.7071 * 1.4142 / 1.6142] * 2 + [1.4142 * 1.4142 / 1.6142]),  # a tie
    ],
)
def test_targets_are_the_ranks_of_the_ratings(ratings: list[float], expected: list[float]) -> None:
    assert normalise_ratings(np.array(ratings)).tolist() == pytest.approx(expected, abs=1e-3)


def test_mirrored_coefficients_belong_to_mirrored_crops(batch: RatedBatch) -> None:
    coefficients = torch.randn(35, generator=generator(1))
    one, other = (torch.stack(cubic_monomials(each.boxes()[0].unbind(-1)), -1) for each in (batch, mirror(batch)))
    assert torch.allclose(one @ coefficients, other @ coefficients[MIRROR_ORDER], atol=1e-4)
    assert torch.equal(mirror(mirror(batch)).edge_index, batch.edge_index)


def test_nothing_changes_but_the_side_where_no_augmentation_is_asked_for(batch: RatedBatch) -> None:
    results = [augment(batch, generator(seed), **NOTHING) for seed in range(20)]
    sides = {torch.equal(each.edge_index, batch.edge_index) for each in results}
    assert sides == {True, False}, "some are mirrored, some are not"
    for each in results:
        wanted = batch if torch.equal(each.edge_index, batch.edge_index) else mirror(batch)
        assert torch.allclose(each.subjects, wanted.subjects, atol=1e-6)
        assert torch.equal(each.present, batch.present)


def test_only_photographs_of_a_person_are_reduced_to_the_person(batch: RatedBatch) -> None:
    main = (batch.subjects[..., 4] >= 1) & batch.present
    result = augment(batch, generator(), **{**NOTHING, "person_only": 1.0})
    assert torch.equal(result.present[1::2], main[1::2])
    assert torch.equal(result.present[::2], batch.present[::2])
    both = append_person_only(batch)
    assert torch.equal(both.present[:8], batch.present)
    assert torch.equal(both.present[8:], main[1::2])
    assert torch.equal(both.target[8:], batch.target[1::2])


def test_subjects_are_dropped_and_moved_as_often_and_as_far_as_asked(batch: RatedBatch) -> None:
    many = batch.select(torch.arange(8).repeat(50))
    dropped = augment(many, generator(), **{**NOTHING, "dropped": 0.3})
    assert (many.present & ~dropped.present).sum() / many.present.sum() == pytest.approx(0.3, abs=0.05)
    noisy = augment(many, generator(), **{**NOTHING, "noise": 0.01})
    origin = many if torch.equal(noisy.edge_index, many.edge_index) else mirror(many)
    moved = (noisy.subjects - origin.subjects)[many.present][:, :4]
    assert 0.003 < moved.std() < 0.01
    assert torch.equal(noisy.subjects[..., 4], origin.subjects[..., 4])


def test_trimmed_photographs_keep_the_crops_that_fit_at_their_place(batch: RatedBatch) -> None:
    many = batch.select(torch.arange(8).repeat(20))
    result = trim_margins(many, generator())
    changed = ~torch.isclose(result.aspect, many.aspect) | (result.edges != many.edges).flatten(1).any(1)
    assert changed.any() and not changed.all()
    assert torch.equal(result.edges[~changed], many.edges[~changed])
    assert (result.valid.sum(1)[changed] >= samples.MIN_CROPS).all()
    fitting = result.boxes()[result.valid]
    assert fitting.min() > -0.02 and fitting.max() < 1.02
    # Edges and subjects are moved alike.
    row = int((changed & (result.subjects[:, 0, :4] % 1 > 0).all(1)).nonzero()[0])
    for axis in (0, 1):
        old, new = many.edges[row, axis], result.edges[row, axis]
        scale = (new[-1] - new[0]) / (old[-1] - old[0])
        expected = (many.subjects[row, 0, [axis, axis + 2]] - old[0]) * scale + new[0]
        assert torch.allclose(result.subjects[row, 0, [axis, axis + 2]], expected, atol=1e-5)


def test_photographs_that_would_lose_too_many_crops_stay_as_they_are(
    batch: RatedBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "MIN_CROPS", 81)
    result = trim_margins(batch, generator())
    assert torch.equal(result.edges, batch.edges)
    assert torch.equal(result.valid, batch.valid)
    assert torch.equal(result.aspect, batch.aspect)
