"""The average of checkpoints."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from salient_crop.models.focus.loading import load
from salient_crop.models.focus.network import FocusNetwork
from salient_crop.training.focus.average import main


def test_the_average_of_checkpoints_is_a_checkpoint(tmp_path: Path) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        networks = [FocusNetwork((8, 8, 8, 8)) for _ in range(3)]
    files = [tmp_path / f"{index}.safetensors" for index in range(3)]
    for network, file in zip(networks, files, strict=True):
        save_file({name: value.half() for name, value in network.state_dict().items()}, file)
    main([*map(str, files), "--out", str(tmp_path / "mean.safetensors")])
    weights = load_file(tmp_path / "mean.safetensors")
    expected = torch.stack([network.heads.mix.across.weight for network in networks]).mean(0)
    assert weights["heads.mix.across.weight"].dtype == torch.float16
    assert (weights["heads.mix.across.weight"].float() - expected).abs().max() < 1e-3
    load(weights).analyse(torch.rand(1, 3, 60, 80))
