"""The whole recipe of the bundled weights, on tiny pictures."""

from __future__ import annotations

from pathlib import Path

import torch
import torchvision
from safetensors.torch import load_file

from salient_crop.models.focus.loading import load
from salient_crop.models.focus.network import FocusNetwork
from salient_crop.training.focus.bundle import main


def test_the_recipe_of_the_bundled_weights_runs_in_one_command(
    data: Path, tmp_path: Path, small_pictures: None
) -> None:
    imagenet = tmp_path / "imagenet.pth"
    torch.save(torchvision.models.mobilenet_v2().state_dict(), imagenet)
    given = ["--data", data, "--labels", data / "labels", "--imagenet", imagenet, "--out", tmp_path / "run"]
    main([*map(str, given), "--epochs", "1", "2", "--batch", "4", "--device", "cpu"])
    parts = ["first/focus", "second/focus-1", "second/focus-2"]
    states = [load_file(tmp_path / "run" / f"{part}.safetensors") for part in parts]
    mean = load_file(tmp_path / "run" / "focus.safetensors")
    for name, value in mean.items():
        expected = torch.stack([state[name].float() for state in states]).mean(0)
        assert torch.allclose(value.float(), expected, rtol=1e-3, atol=1e-4)
    assert any(not torch.equal(states[0][name], states[2][name]) for name in mean)
    assert isinstance(load(mean).network, FocusNetwork)
