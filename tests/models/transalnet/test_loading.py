"""Checkpoints of TranSalNet."""

from __future__ import annotations

import pytest
from made_up import made_up_state
from published_transalnet import published

from salient_crop.models.transalnet.loading import load

SMALL = (128, 96)


@pytest.mark.parametrize("name", ["decoder.conv7.weight", "encoder.encoder.0.weight"])
def test_a_torn_checkpoint_is_named(name):
    state = made_up_state(published("res", SMALL))
    del state[name]
    with pytest.raises(ValueError, match=f"a TranSalNet checkpoint lacks {name}"):
        load(state, SMALL)


def test_weights_for_another_frame_are_refused_by_name():
    with pytest.raises(ValueError, match=r"wrong shape of decoder\.TransEncoder\d\.position_embeddings"):
        load(made_up_state(published("res", SMALL)), (160, 96))
