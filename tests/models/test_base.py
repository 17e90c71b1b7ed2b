"""The contract of a cropper: what a class must have, what images it takes, and the digest of its weights."""

from __future__ import annotations

from functools import cached_property

import pytest
import torch
from torch import nn

from salient_crop.models.base import Cropper, validate_images
from salient_crop.models.baselines.centre import CentreCropper
from salient_crop.models.baselines.saliency_edge import SaliencyEdgeCropper


def analyse(self, images):
    return []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, r"Mine\.name must be a string.*users choose the cropper by it"),
        ({"analyse": analyse}, r"Mine\.name must be a string"),
        ({"name": "", "analyse": analyse}, r"Mine\.name must be a string that is not empty"),
        ({"name": 7, "analyse": analyse}, r"Mine\.name must be a string"),
        ({"name": property(lambda self: "mine"), "analyse": analyse}, r"Mine\.name must not be a property: .*without"),
        ({"name": cached_property(lambda self: "mine"), "analyse": analyse}, r"Mine\.name must not be a property"),
        (
            {"name": "mine", "module": property(lambda self: None), "analyse": analyse},
            r"Mine\.module must not be",
        ),
        ({"name": "mine", "analyse": property(analyse)}, r"Mine\.analyse must not be a property"),
        ({"name": "mine"}, r"Mine must define analyse\(images\)"),
    ],
)
def test_a_class_that_breaks_the_contract_is_refused_when_it_is_made(body, complaint):
    with pytest.raises(TypeError, match=complaint):
        type("Mine", (Cropper,), body)


def test_a_class_that_keeps_the_contract_is_made_and_a_subclass_inherits_it():
    mine = type("Mine", (Cropper,), {"name": "mine", "analyse": analyse})
    assert type("Other", (mine,), {})().name == "mine"
    assert (mine().device, mine().digest) == (None, "")


def test_an_attribute_that_became_a_property_in_a_subclass_is_refused():
    with pytest.raises(TypeError, match=r"Other\.name must not be a property"):
        type("Other", (CentreCropper,), {"name": property(lambda self: "other")})


# --- the digest of the weights ----------------------------------------------------------------------------------------


class Weighted(Cropper):
    name = "weighted"

    def __init__(self) -> None:
        self.module = nn.BatchNorm2d(3)

    def analyse(self, images):
        return []


def test_the_digest_tells_weights_apart_and_not_where_or_how_they_lie():
    one, same, other, counted = Weighted(), Weighted(), Weighted(), Weighted()
    with torch.no_grad():
        other.module.bias[1] += 1e-7
        counted.module.running_mean[0] = 1.0
    assert len(one.digest) == 64 and one.digest == same.digest
    assert len({one.digest, other.digest, counted.digest}) == 3, "a weight or a buffer differs"
    moved = Weighted()
    moved.module.to(memory_format=torch.channels_last).requires_grad_(False)
    assert moved.digest == one.digest


def test_the_digest_is_computed_once(monkeypatch):
    cropper = Weighted()
    before = cropper.digest
    monkeypatch.setattr(cropper.module, "state_dict", lambda: pytest.fail("computed again"))
    assert cropper.digest == before


def test_a_wrapper_gives_the_digest_of_the_cropper_inside():
    assert SaliencyEdgeCropper(Weighted(), "long").digest == Weighted().digest
    assert SaliencyEdgeCropper(CentreCropper(), "long").digest == ""


# --- images -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "images",
    [
        None,
        [[[[0.5]]]],
        torch.zeros(1, 3, 4, 4).numpy(),
        torch.zeros(1, 3, 4, 4, device="meta"),
        torch.eye(3).to_sparse(),
    ],
)
def test_what_is_no_plain_tensor_is_refused(images):
    with pytest.raises(TypeError, match=r"images must be a plain tensor \[B, 3, H, W\], got "):
        validate_images(images)


@pytest.mark.parametrize(
    ("images", "complaint"),
    [
        (torch.zeros(0, 3, 4, 4), r"\[0, 3, 4, 4\]"),
        (torch.zeros(1, 3, 0, 4), r"at least one pixel"),
        (torch.zeros(3, 4, 4), r"\[B, 3, H, W\]"),
        (torch.zeros(1, 4, 4, 4), r"\[1, 4, 4, 4\]"),
        (torch.zeros(1, 4, 4, 3), r"\[1, 4, 4, 3\]"),  # channels last
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), r"floats.*torch\.uint8"),
        (torch.full((1, 3, 4, 4), torch.nan), r"finite values in 0\.\.1, got nan"),
        (torch.tensor([0.5, torch.nan, 0.5]).view(1, 3, 1, 1), r"finite"),
        (torch.tensor([0.5, torch.inf, 0.5]).view(1, 3, 1, 1), r"0\.5 to inf"),
        (torch.tensor([0.5, -torch.inf, 0.5]).view(1, 3, 1, 1), r"-inf to 0\.5"),
        (torch.tensor([0.0, 128.0, 255.0]).view(1, 3, 1, 1), r"0 to 255"),
        (torch.tensor([-1.0, 0.0, 1.0]).view(1, 3, 1, 1), r"-1 to 1"),
        (torch.tensor([0.0, 0.0, 1.51]).view(1, 3, 1, 1), r"0 to 1\.51"),
        (torch.tensor([-0.51, 0.0, 1.0]).view(1, 3, 1, 1), r"-0\.51 to 1"),
    ],
)
def test_what_is_no_batch_of_images_is_refused(images, complaint):
    with pytest.raises(ValueError, match=f"images must .*{complaint}"):
        validate_images(images)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_images_become_float32_and_may_overshoot_by_a_half(dtype):
    images = torch.tensor([-0.5, 0.25, 1.5], dtype=dtype).view(1, 3, 1, 1)
    assert validate_images(images).dtype == torch.float32
    assert torch.equal(validate_images(images), images.float())
