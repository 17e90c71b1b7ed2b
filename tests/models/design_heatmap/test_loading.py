"""Checkpoints of the heatmap network, its own and HCIC's."""

from __future__ import annotations

import pytest
import torch
from made_up import made_up_state
from published_hcic import published_hcic

from salient_crop.models.design_heatmap.loading import load

HCICS = ("feat_ext.weight", "f4_layer.bias", "content_preserve.relation_encoder.weight")
OURS = ("reduce.weight", "lateral.1.bias", "relate.weight")


@pytest.mark.parametrize(("name", "ours"), list(zip(HCICS, OURS, strict=True)))
def test_a_torn_checkpoint_is_named(name, ours):
    state = made_up_state(published_hcic())
    del state[name]
    with pytest.raises(ValueError, match=f"a design-heatmap checkpoint lacks {ours}"):
        load(state)


def test_a_tensor_of_another_shape_is_named():
    state = made_up_state(published_hcic()) | {"feat_ext.weight": torch.zeros(32)}
    with pytest.raises(ValueError, match="wrong shape of reduce.weight"):
        load(state)


def test_its_own_checkpoint_gives_the_same_cropper(cropper):
    assert load(cropper.network.state_dict()).digest == cropper.digest


def test_hcics_boxes_are_rated_by_the_heat_they_hold(cropper):
    weights = cropper.network.rating.weights
    assert (weights.weight.tolist(), weights.bias.tolist()) == ([[1, 0, 0]], [0])
