"""Loading weights by name, with errors that name what is wrong, and their digest, which a run's identity includes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from salient_crop.cropping.objective import Objective
from salient_crop.models.composition.loading import load_bundled_composition
from salient_crop.models.size_prior.framing import as_people_crop
from salient_crop.models.size_prior.prior import load_bundled_size_prior
from salient_crop.models.state_dict import digest_weights, load_named, shape_of

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
    assert people.size_model.digest == digest_weights(load_bundled_size_prior())
    assert people.rater.digest == digest_weights(load_bundled_composition())
    assert len({people.size_model.digest, people.rater.digest, people.chooser.digest}) == 3


# --- loading ----------------------------------------------------------------------------------------------------------


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))


def test_all_weights_are_loaded_and_counters_may_be_missing():
    given = {name: torch.rand_like(each.float()) for name, each in network().state_dict().items()}
    del given["1.num_batches_tracked"]
    loaded = network()
    load_named(loaded, given, "a checkpoint")
    assert all(torch.equal(loaded.state_dict()[name], each) for name, each in given.items())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"0.bias": None}, r"a checkpoint lacks 0\.bias; is the file whole"),
        ({"2.bias": torch.zeros(2)}, r"a checkpoint has unknown 2\.bias"),
        ({"0.bias": torch.zeros(3)}, r"a checkpoint has the wrong shape of 0\.bias"),
        (dict.fromkeys(("0.bias", "0.weight", "1.bias")), r"lacks 0\.weight, 0\.bias, 1\.bias; is"),
        (
            dict.fromkeys(("0.bias", "0.weight", "1.bias", "1.weight")),
            r"lacks 0\.weight, 0\.bias, 1\.weight and 1 more",
        ),
    ],
)
def test_what_does_not_fit_is_named(change, complaint):
    given = {name: each for name, each in (network().state_dict() | change).items() if each is not None}
    with pytest.raises(ValueError, match=complaint):
        load_named(network(), given, "a checkpoint")


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_floats_of_any_width_are_loaded(kind):
    given = network().state_dict() | {"0.bias": torch.tensor([0.5, 2]).to(kind)}
    loaded = network()
    load_named(loaded, given, "a checkpoint")
    assert loaded.state_dict()["0.bias"].tolist() == [0.5, 2]


@pytest.mark.parametrize(
    ("name", "values", "complaint"),
    [
        ("0.bias", torch.tensor([1, 2]), r"has no numbers of a network in 0\.bias; is the file whole"),
        ("0.bias", torch.tensor([1, 2], dtype=torch.uint8), "has no numbers of a network in"),
        ("0.bias", torch.tensor([True, False]), "has no numbers of a network in"),
        ("0.bias", torch.tensor([1j, 2]), "has no numbers of a network in"),
        ("1.num_batches_tracked", torch.tensor(0.5), r"has no numbers of a network in 1\.num_batches_tracked"),
        ("0.bias", torch.tensor([1, torch.nan]), r"has NaN or infinity in 0\.bias; is the file whole"),
        ("0.bias", torch.tensor([-torch.inf, 1]).half(), "has NaN or infinity in"),
        ("0.bias", torch.tensor([torch.nan, 1]).to(torch.float8_e4m3fn), "has NaN or infinity in"),
    ],
)
def test_numbers_that_no_network_has_are_refused(name, values, complaint):
    with pytest.raises(ValueError, match=complaint):
        load_named(network(), network().state_dict() | {name: values}, "a checkpoint")


def test_shapes_alone_are_compared_without_numbers():
    with torch.device("meta"):
        shapes = network().state_dict()
        load_named(network(), shapes, "a checkpoint")
        with pytest.raises(ValueError, match=r"wrong shape of 0\.bias"):
            load_named(network(), shapes | {"0.bias": torch.zeros(3)}, "a checkpoint")


def test_shapes_are_read_where_they_have_the_right_number_of_dimensions():
    state = network().state_dict()
    assert shape_of(state, "0.weight", 4, "a checkpoint") == (2, 1, 3, 3)
    with pytest.raises(ValueError, match=r"a checkpoint lacks 7\.weight"):
        shape_of(state, "7.weight", 4, "a checkpoint")
    with pytest.raises(ValueError, match=r"a checkpoint has the wrong shape of 0\.bias"):
        shape_of(state, "0.bias", 4, "a checkpoint")
