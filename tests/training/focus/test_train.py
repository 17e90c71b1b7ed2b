"""Training focus on tiny pictures, one stage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from salient_crop.models.focus.loading import load
from salient_crop.models.focus.network import FocusNetwork
from salient_crop.training.focus.train import main


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """Random weights of focus."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = {name: value.half() for name, value in FocusNetwork().state_dict().items()}
    save_file(weights, tmp_path / "start.safetensors")
    return tmp_path / "start.safetensors"


def test_a_stopped_training_ends_where_an_uninterrupted_one_does(
    data: Path, start: Path, tmp_path: Path, small_pictures: None
) -> None:
    given = ["--data", data, "--labels", data / "labels", "--fine-tune", start, "--batch", "4", "--area", "4096"]
    words = [*map(str, given), "--device", "cpu", "--epochs", "2"]
    main([*words, "--out", str(tmp_path / "whole")])
    main([*words, "--out", str(tmp_path / "stopped"), "--stop-after", "1"])
    main([*words, "--out", str(tmp_path / "stopped")])
    whole, stopped = (load_file(tmp_path / name / "focus.safetensors") for name in ("whole", "stopped"))
    assert all(torch.equal(whole[name], stopped[name]) for name in whole)
    after_one = load_file(tmp_path / "stopped" / "focus-1.safetensors")
    assert not torch.equal(after_one["prior.weight"], stopped["prior.weight"])
    trained = {name for name, value in load_file(start).items() if not torch.equal(whole[name], value)}
    assert "prior.weight" in trained
    assert not any(name.startswith(("backbone.stem", "backbone.layers.2.")) for name in trained), "frozen"
    assert any(name.startswith("backbone.layers.3.") for name in trained)
    lines = [json.loads(line) for line in (tmp_path / "stopped" / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[0].keys() == {"epoch", "attention", "subject", "centres", "reach"}
    load(whole).analyse(torch.rand(1, 3, 60, 80))
