"""Files of weights."""

from __future__ import annotations

import torch
from safetensors.torch import load_file

from salient_crop.training.weights import export


def test_weights_are_exported_under_their_own_names(tmp_path):
    network = torch.nn.Linear(3, 2)
    network.weight = torch.nn.Parameter(network.weight.T.contiguous().T)  # a view in another order
    export(network, tmp_path / "weights.safetensors")
    weights = load_file(tmp_path / "weights.safetensors")
    assert weights.keys() == {"weight", "bias"}
    assert torch.equal(weights["weight"], network.weight)
    assert [path.name for path in tmp_path.iterdir()] == ["weights.safetensors"]
