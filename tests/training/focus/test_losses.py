"""Losses are least for what they ask for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from salient_crop.training.focus.head_targets import encode_heads
from salient_crop.training.focus.losses import (
    animal_loss,
    attention_loss,
    centre_loss,
    divergence_loss,
    reach_loss,
    standardise,
    subject_loss,
)


def random(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def test_attention_is_best_where_it_equals_the_fixations_density() -> None:
    density = random(2, 9, 12).flatten(1).softmax(1).view(2, 9, 12)
    perfect = attention_loss(density.log(), density, density)
    assert perfect < attention_loss(density.log() + 0.3 * random(2, 9, 12), density, density)
    # Without divergence, with a correlation of 1, only NSS is left.
    nss = (standardise(density.flatten(1)) * density.flatten(1)).sum(1).mean()
    assert float(perfect) == pytest.approx(-0.1 * float(nss), abs=1e-5)


def test_a_constant_map_is_standardised_to_nothing() -> None:
    assert standardise(torch.ones(1, 5)).tolist() == [[0] * 5]
    assert standardise(torch.tensor([[1.0, 3.0]])).tolist() == [[-1, 1]]


def test_subjects_are_compared_where_there_is_a_mask() -> None:
    mask = (random(2, 9, 12) > 0.5).float()
    ones = torch.ones(2)
    assert subject_loss(mask * 20 - 10, mask, ones) < 0.01
    assert subject_loss(10 - mask * 20, mask, ones) > 5
    assert subject_loss(10 - mask * 20, mask, torch.zeros(2)) == 0
    half = torch.stack([mask[0] * 20 - 10, 10 - mask[1] * 20])
    assert subject_loss(half, mask, torch.tensor([1.0, 0.0])) < 0.01


@pytest.fixture
def head() -> tuple[torch.Tensor, ...]:
    """The targets of one head, with a batch dimension."""
    box, uncertain = np.array([[3.0, 2, 9, 8]]), np.zeros((0, 4))
    return tuple(each[None] for each in encode_heads(box, np.array([True]), uncertain, (12, 9), True))


def test_centres_are_found_and_unknown_cells_do_not_count(head: tuple[torch.Tensor, ...]) -> None:
    centres, weight, *_ = head
    right = torch.logit(centres.clamp(1e-4, 1 - 1e-4))
    assert centre_loss(right, centres, weight) < centre_loss(torch.zeros(1, 9, 12), centres, weight)
    wrong = right.clone()
    wrong[0, 0, 11] = 8  # a head where there is none
    assert centre_loss(wrong, centres, weight) > centre_loss(right, centres, weight) + 1
    weight = weight.clone()
    weight[0, 0, 11] = 0
    assert centre_loss(wrong, centres, weight) == pytest.approx(float(centre_loss(right, centres, weight)), abs=1e-3)


def test_distances_are_compared_by_generalised_iou(head: tuple[torch.Tensor, ...]) -> None:
    _, _, near, reach, _ = head
    exact = reach.clamp_min(0.05).log()
    assert reach_loss(exact, reach, near).abs() < 1e-3
    assert reach_loss(exact + 0.5, reach, near) > 0.2
    assert reach_loss(exact + 0.5, reach, torch.zeros_like(near)) == 0
    # One cell, boxes of 2 × 2 and 4 × 2 that share the centre: IoU 1/2 fills the hull, so GIoU is 1/2 as well.
    one = torch.ones(1, 4, 1, 1)
    wide = torch.tensor([2.0, 1, 2, 1]).view(1, 4, 1, 1)
    assert reach_loss(one.log(), wide, torch.ones(1, 1, 1)).item() == pytest.approx(0.5)


def test_kinds_are_compared_near_centres_only(head: tuple[torch.Tensor, ...]) -> None:
    _, _, near, _, animal = head
    assert animal_loss(animal * 20 - 10, animal, near) < 1e-3
    assert animal_loss(10 - animal * 20, animal, near) > 5
    away = torch.where(near > 0, animal * 20 - 10, 10.0)
    assert animal_loss(away, animal, near) < 1e-3
    assert animal_loss(10 - animal * 20, animal, torch.zeros_like(near)) == 0
    # In doubt log 2, whatever the weight, where the weights sum to 1 or more.
    assert animal_loss(torch.zeros_like(animal), animal, 2 * near).item() == pytest.approx(np.log(2))
    assert animal_loss(torch.zeros_like(animal), animal, 6 * near).item() == pytest.approx(np.log(2))


def test_divergence_is_that_of_two_distributions() -> None:
    even, teacher = torch.zeros(1, 1, 2), torch.tensor([[[0.75, 0.25]]]).log()
    expected = 0.75 * np.log(0.75 / 0.5) + 0.25 * np.log(0.25 / 0.5)
    assert divergence_loss(even, teacher).item() == pytest.approx(expected)
    assert divergence_loss(teacher + 5, teacher).item() == pytest.approx(0, abs=1e-6), "a softmax knows no offset"
    both = divergence_loss(torch.cat([even, teacher]), torch.cat([teacher, teacher]))
    assert both.item() == pytest.approx(expected / 2), "a mean over pictures"
    assert divergence_loss(teacher, even).item() == pytest.approx(-(np.log(0.75 / 0.5) + np.log(0.25 / 0.5)) / 2)
