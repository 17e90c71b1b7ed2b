"""One step of training focus: its losses, and the average of the weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.models.focus.network import FocusNetwork
from salient_crop.training.focus.pictures import LabelledPicture
from salient_crop.training.focus.samples import Sample, make_sample
from salient_crop.training.focus.trainer import FocusTrainer, Schedule
from salient_crop.training.focus.views import View


@pytest.fixture
def trainer() -> FocusTrainer:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return FocusTrainer(FocusNetwork((8, 8, 8, 8)), Schedule(epochs=1, steps=4, rate=1e-3))


def samples(fixations: tuple = ((0.5, 0.5),)) -> Sample:
    """Two stacked samples of 64 × 64 pixels."""
    picture = LabelledPicture(Path("a"), "osie", fixations, Path("none"), 1.0, ((0.2, 0.2, 0.6, 0.6),))
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    sample = make_sample(picture, Image.fromarray(pixels), View((0, 0, 64, 64), (64, 64)), None)
    return Sample(*(torch.stack([each, each]) for each in sample))


@pytest.mark.parametrize(("fixations", "whole", "learned"), [((), True, False), (((0.5, 0.5),), True, True)])
def test_attention_is_learned_where_there_are_fixations(
    trainer: FocusTrainer, fixations: tuple, whole: bool, learned: bool
) -> None:
    losses = trainer.step(samples(fixations), whole)
    assert ("attention" in losses) == learned
    assert {"subject", "centres", "reach"} <= losses.keys()
    assert all(np.isfinite(value) for value in losses.values())


def test_attention_is_not_learned_from_parts(trainer: FocusTrainer) -> None:
    assert "attention" not in trainer.step(samples(), whole=False)


def test_the_average_follows_the_weights_slowly(trainer: FocusTrainer) -> None:
    name = "prior.weight"
    before = trainer.average[name].clone()
    trainer.step(samples(), whole=True)
    after = trainer.network.state_dict()[name]
    # The first step: a decay of 2 / 11.
    assert torch.allclose(trainer.average[name], before + (after - before) * (1 - 2 / 11), atol=1e-6)
    assert not torch.equal(before, after)


def test_a_state_is_continued_with_the_same_next_step(trainer: FocusTrainer, tmp_path: Path) -> None:
    trainer.step(samples(), whole=True)
    trainer.save(tmp_path)
    again = FocusTrainer(FocusNetwork((8, 8, 8, 8)), Schedule(epochs=1, steps=4, rate=1e-3))
    again.resume(tmp_path)
    assert again.steps_done == 1
    for each in (trainer, again):
        each.step(samples(), whole=True)
    for name, value in trainer.average.items():
        assert torch.equal(value, again.average[name]), name


def test_without_a_state_nothing_changes(trainer: FocusTrainer, tmp_path: Path) -> None:
    before = trainer.network.state_dict()["prior.weight"].clone()
    trainer.resume(tmp_path)
    assert trainer.steps_done == 0
    assert torch.equal(trainer.network.state_dict()["prior.weight"], before)
