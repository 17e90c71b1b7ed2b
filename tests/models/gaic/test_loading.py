"""Checkpoints of GAIC: three kinds, recognised by their keys, and named where they are torn."""

from __future__ import annotations

import pytest
import torch
from made_up import made_up_state
from published_gaic import PUBLISHED
from safetensors.torch import save_file

from salient_crop.models.gaic.analysis import GaicAnalysis
from salient_crop.models.gaic.loading import load
from salient_crop.models.gaic.proposals import grid_anchors
from salient_crop.models.registry import load_cropper

SEED = 1


def test_opinions_mean_the_same_whoever_trained_the_network():
    """The authors' networks predict standardised opinions, bo-zhang's plain ones."""
    opinions = {}
    for published, last, rating in (("official", 3, 0.5), ("bo-zhang", 2, 0.5 * 0.8 + 2.95)):
        state = made_up_state(PUBLISHED[f"{published} shufflenetv2"], SEED)
        state[f"FC_layers.{last}.weight"].zero_()
        state[f"FC_layers.{last}.bias"].fill_(rating)
        loaded = load(state)
        features = torch.zeros(1, len(state["DimRed.bias"]), 16, 16)
        analysis = GaicAnalysis(loaded.network, features[0], (256, 256), loaded.variant)
        opinions[published] = analysis.score(torch.tensor([[0.1, 0.1, 0.9, 0.9]])).item()
    assert opinions == pytest.approx(dict.fromkeys(opinions, (0.5 * 0.8 + 2.95 - 1) / 4), abs=1e-6)


def test_torn_checkpoint_is_named():
    state = made_up_state(PUBLISHED["official mobilenetv2"], SEED)
    del state["Feat_ext.feature4.0.9.conv.3.weight"]
    with pytest.raises(ValueError, match="lacks backbone.stage4.2.conv.3.weight"):
        load(state)


@pytest.mark.parametrize(
    ("name", "ours"), [("FC_layers.0.0.weight", "head.0.weight"), ("FC_layers.1.0.weight", "head.2.weight")]
)
def test_a_missing_layer_whose_shape_is_needed_is_named(name, ours):
    state = made_up_state(PUBLISHED["official mobilenetv2"], SEED)
    del state[name]
    with pytest.raises(ValueError, match=f"a GAIC checkpoint lacks {ours}"):
        load(state)
    with pytest.raises(ValueError, match=f"wrong shape of {ours}"):
        load(state | {name: torch.zeros(3)})


@pytest.mark.parametrize(
    "name",
    [
        "feature3.x",
        "feature4.conv",
        "feature4.0.conv",
        "feature5.0.conv.weight",
        "feature3.0.é.b",
        "feature3.1.conv.x.y.weight",
    ],
)
@pytest.mark.parametrize("published", ["official mobilenetv2", "bo-zhang mobilenetv2"])
def test_a_name_that_is_none_of_a_layer_is_named(published, name):
    state = made_up_state(PUBLISHED[published], SEED) | {f"Feat_ext.{name}": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"a GAIC checkpoint (lacks|has unknown) [bB]ackbone\.stage"):
        load(state)


@pytest.mark.parametrize(("reduced", "side"), [(1, 91), (17, 22)])
def test_a_network_that_reads_too_much_of_each_box_is_refused(reduced, side):
    state = made_up_state(PUBLISHED["official mobilenetv2"], SEED)
    state["DimRed.weight"] = torch.zeros(reduced, 448, 1, 1)
    state["FC_layers.0.0.weight"] = torch.zeros(1, 1, 1, side)
    with pytest.raises(ValueError, match=f"reads {2 * reduced * side * side} numbers of each box"):
        load(state)


def test_unknown_backbone_is_named():
    state = {"DimRed.weight": torch.zeros(8, 77, 1, 1), "FC_layers.0.0.weight": torch.zeros(768, 16, 9, 9)}
    with pytest.raises(ValueError, match="reduces 77 channels.*448 .MobileNetV2"):
        load(state)


def test_counters_of_old_and_marks_of_profiled_checkpoints_do_not_matter():
    state = made_up_state(PUBLISHED["official shufflenetv2"], SEED)
    state = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    state |= {"total_ops": torch.zeros(1), "Feat_ext.feature3.0.total_params": torch.zeros(1)}
    load(state)


def test_a_users_file_is_recognised_and_a_torn_one_is_named(tmp_path, photograph):
    state = made_up_state(PUBLISHED["bo-zhang shufflenetv2"], SEED)
    torch.save({"state_dict": state}, tmp_path / "whole.pth")
    save_file(state, tmp_path / "whole.safetensors")
    boxes, ratings = grid_anchors((352, 256)), []
    for name in ("whole.pth", "whole.safetensors"):
        ratings.append(load_cropper(tmp_path / name).analyse(photograph)[0].rate(boxes))
    assert torch.equal(*ratings) and ratings[0].std() > 0
    state["FC_layers.0.0.weight"] = state["FC_layers.0.0.weight"][:, :40]
    torch.save(state, tmp_path / "torn.pth")
    with pytest.raises(ValueError, match="torn.pth: a GAIC checkpoint has the wrong shape of head.0.weight"):
        load_cropper(tmp_path / "torn.pth")
