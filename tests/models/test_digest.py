"""The digest of weights, which a run's identity includes."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.objective import Objective
from salient_crop.models.composition.head import bundled_composition
from salient_crop.models.size_prior.framing import as_people_crop
from salient_crop.models.size_prior.prior import bundled_size_prior
from salient_crop.models.state_dict import digest_weights

WEIGHTS = {"a": torch.tensor([[1.0, 2.0]]), "b": torch.tensor(3)}


def test_nothing_has_the_digest_of_nothing():
    assert digest_weights({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_neither_order_nor_memory_layout_matters():
    stored = torch.tensor([[1.0, 0.0], [2.0, 0.0]])[:, 0][None]  # every second number of a larger tensor
    assert digest_weights({"b": WEIGHTS["b"], "a": stored}) == digest_weights(WEIGHTS)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"a": torch.tensor([[1.0, 2.5]]), "b": torch.tensor(3)},  # a value
        {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor(3)},  # a shape
        {"a": torch.tensor([[1.0, 2.0]]), "b": torch.tensor(3, dtype=torch.int32)},  # a type
        {"a": torch.tensor([[1.0, 2.0]]), "c": torch.tensor(3)},  # a name
    ],
)
def test_every_difference_changes_it(other):
    assert digest_weights(other) != digest_weights(WEIGHTS)


def test_an_objective_is_told_by_the_digests_of_its_models():
    people = as_people_crop(Objective())
    assert people.size_model.digest == digest_weights(bundled_size_prior())
    assert people.rater.digest == digest_weights(bundled_composition())
    assert people.size_model.digest != people.rater.digest
