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
    """Random weights of focus, from before it knew animals."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = {name: value.half() for name, value in FocusNetwork(animals=False).state_dict().items()}
    save_file(weights, tmp_path / "start.safetensors")
    return tmp_path / "start.safetensors"


def words_for(data: Path, start: Path) -> list[str]:
    given = ["--data", data, "--labels", data / "labels", "--fine-tune", start, "--batch", "4", "--area", "4096"]
    return [*map(str, given), "--device", "cpu"]


LOSSES = {"attention", "subject", "centres", "reach", "animal"}


@pytest.mark.parametrize(
    ("options", "frozen", "losses"),
    [
        ([], 3, LOSSES),
        (["--keep", "--frozen", "7"], 7, LOSSES | {"taught attention", "taught subject"}),
    ],
)
def test_a_stopped_training_ends_where_an_uninterrupted_one_does(
    with_animals: Path,
    start: Path,
    tmp_path: Path,
    small_pictures: None,
    options: list[str],
    frozen: int,
    losses: set[str],
) -> None:
    words = [*words_for(with_animals, start), "--epochs", "2", *options]
    main([*words, "--out", str(tmp_path / "whole")])
    main([*words, "--out", str(tmp_path / "stopped"), "--stop-after", "1"])
    main([*words, "--out", str(tmp_path / "stopped")])
    whole, stopped = (load_file(tmp_path / name / "focus.safetensors") for name in ("whole", "stopped"))
    assert all(torch.equal(whole[name], stopped[name]) for name in whole)
    after_one = load_file(tmp_path / "stopped" / "focus-1.safetensors")
    assert not torch.equal(after_one["prior.weight"], stopped["prior.weight"])
    trained = {name for name, value in load_file(start).items() if not torch.equal(whole[name][: len(value)], value)}
    assert "prior.weight" in trained
    assert not any(name.startswith(("backbone.stem", f"backbone.layers.{frozen - 1}.")) for name in trained), "frozen"
    assert any(name.startswith(f"backbone.layers.{frozen}.") for name in trained)
    lines = [json.loads(line) for line in (tmp_path / "stopped" / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[0].keys() == {"epoch", *losses}
    load(whole).analyse(torch.rand(1, 3, 60, 80))


def test_a_network_that_knew_people_only_learns_animals_beside_them(
    with_animals: Path, start: Path, tmp_path: Path, small_pictures: None
) -> None:
    """At next to no learning rate all that changes is that there is one more output."""
    words = [*words_for(with_animals, start), "--epochs", "1", "--rate", "1e-9", "--keep"]
    main([*words, "--out", str(tmp_path / "grown")])
    before, after = load_file(start), load_file(tmp_path / "grown" / "focus.safetensors")
    assert {name: len(value) for name, value in after.items() if len(value) != len(before[name])} == {
        "heads.out.weight": 6,
        "heads.out.bias": 6,
    }
    for name, value in before.items():
        assert torch.allclose(after[name][: len(value)].float(), value.float(), atol=1e-4), name
    (line,) = map(json.loads, (tmp_path / "grown" / "log.jsonl").read_text().splitlines())
    assert line["taught attention"] == pytest.approx(0, abs=1e-3), "the start agrees with itself"
    main([*words_for(with_animals, tmp_path / "grown" / "focus.safetensors"), "--epochs", "1", "--out", str(tmp_path)])
    again = load_file(tmp_path / "focus.safetensors")
    assert len(again["heads.out.bias"]) == 6, "and grows no more"


def test_groups_of_pictures_can_be_left_out(
    with_animals: Path, start: Path, small_pictures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def stop(pictures: list, *_: object) -> None:
        seen.append({each.group for each in pictures})
        raise InterruptedError

    monkeypatch.setattr("salient_crop.training.focus.train.plan_epoch", stop)
    for options in ([], ["--without", "pets", "flms"]):
        with pytest.raises(InterruptedError):
            main([*words_for(with_animals, start), "--out", str(with_animals / "run"), *options])
    assert seen == [{"crowd", "people", "pets", "flms"}, {"crowd", "people"}]
