"""The whole recipe of the bundled weights, on tiny pictures."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import torchvision
from safetensors.torch import load_file

from salient_crop.models.focus.loading import load
from salient_crop.models.focus.network import FocusNetwork
from salient_crop.training.focus.bundle import main


def test_the_recipe_of_the_bundled_weights_runs_in_one_command(
    with_animals: Path, tmp_path: Path, small_pictures: None
) -> None:
    data = with_animals
    imagenet = tmp_path / "imagenet.pth"
    torch.save(torchvision.models.mobilenet_v2().state_dict(), imagenet)
    given = ["--data", data, "--labels", data / "labels", "--imagenet", imagenet, "--out", tmp_path / "run"]
    main([*map(str, given), "--epochs", "1", "2", "1", "--batch", "4", "--device", "cpu"])
    parts = ["first/focus", "second/focus-1", "second/focus-2"]
    states = [load_file(tmp_path / "run" / f"{part}.safetensors") for part in parts]
    mean = load_file(tmp_path / "run" / "second" / "mean.safetensors")
    for name, value in mean.items():
        expected = torch.stack([state[name].float() for state in states]).mean(0)
        assert torch.allclose(value.float(), expected, rtol=1e-3, atol=1e-4)
    assert any(not torch.equal(states[0][name], states[2][name]) for name in mean)
    losses = {stage: read_losses(tmp_path / "run" / stage / "log.jsonl") for stage in ("first", "second", "third")}
    taught = {"taught attention", "taught subject"}
    assert (losses["first"] & taught, losses["second"] & taught, losses["third"] & taught) == (set(), set(), taught)
    bundled = load_file(tmp_path / "run" / "focus.safetensors")
    third = load_file(tmp_path / "run" / "third" / "focus.safetensors")
    assert all(torch.equal(bundled[name], value) for name, value in third.items())
    changed = {name for name, value in mean.items() if not torch.equal(bundled[name], value)}
    assert not any(name.startswith("backbone.layers.6.") for name in changed), "frozen"
    assert any(name.startswith("backbone.layers.7.") for name in changed)
    assert isinstance(load(bundled).network, FocusNetwork)


def read_losses(log: Path) -> set[str]:
    """The names of the losses in a log."""
    return {name for line in log.read_text().splitlines() for name in json.loads(line)}
