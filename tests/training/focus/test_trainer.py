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


@pytest.fixture
def taught(trainer: FocusTrainer) -> FocusTrainer:
    """A trainer with another network as the teacher."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        teacher = FocusNetwork((8, 8, 8, 8))
    return FocusTrainer(trainer.network, Schedule(epochs=1, steps=4, rate=1e-3), teacher)


TAUGHT = {"taught attention", "taught subject"}


@pytest.mark.parametrize(
    ("fixations", "masked", "whole", "missing"),
    [
        (False, False, True, TAUGHT),
        (False, True, True, TAUGHT),
        (True, False, True, {"taught subject"}),
        (False, False, False, {"taught subject"}),  # where people look in a part nobody knows, the teacher neither
        (True, True, True, set()),
        (False, True, False, set()),
    ],
)
def test_the_teacher_speaks_where_nobody_else_does(
    trainer: FocusTrainer, taught: FocusTrainer, fixations: bool, masked: bool, whole: bool, missing: set[str]
) -> None:
    given = samples(((0.5, 0.5),) if fixations else ())._replace(mask_weight=torch.full((2,), float(masked)))
    losses = taught.step(given, whole)
    assert TAUGHT & losses.keys() == missing
    assert (losses.get("taught subject", 0) > 0) == (not masked)
    assert losses.get("taught attention", 1) > 0
    assert not TAUGHT & trainer.step(given, whole).keys(), "without a teacher"


def test_what_the_teacher_says_of_one_picture_leaves_the_others_alone(taught: FocusTrainer) -> None:
    """Of two pictures the second has neither fixations nor mask."""
    one = samples()._replace(mask_weight=torch.tensor([1.0, 0.0]))
    one = one._replace(fixations=one.fixations * torch.tensor([1.0, 0.0])[:, None, None])
    both = samples(())._replace(mask_weight=torch.zeros(2))
    first, second = taught._losses(one, whole=True), taught._losses(both, whole=True)
    assert first["taught attention"].item() == pytest.approx(second["taught attention"].item(), rel=1e-4)
    assert first["taught subject"].item() == pytest.approx(second["taught subject"].item() / 2, rel=1e-4)


def test_the_network_comes_to_say_what_the_teacher_says_and_the_teacher_stays(taught: FocusTrainer) -> None:
    before = {name: value.clone() for name, value in taught._teacher.state_dict().items()}
    first, *_, last = (taught.step(samples(()), whole=True) for _ in range(4))
    assert last["taught attention"] < first["taught attention"]
    assert all(torch.equal(before[name], value) for name, value in taught._teacher.state_dict().items())
    assert not any(each.requires_grad for each in taught._teacher.parameters())


@pytest.mark.parametrize("frozen", [0, 3, 7])
def test_the_first_blocks_keep_their_weights(frozen: int) -> None:
    network = FocusNetwork((8, 8, 8, 8))
    FocusTrainer(network, Schedule(epochs=1, steps=4, rate=1e-3, frozen=frozen))
    trained = [all(each.requires_grad for each in layer.parameters()) for layer in network.backbone.layers]
    assert trained == [index >= frozen for index in range(len(trained))]
    assert not any(each.requires_grad for each in network.backbone.stem.parameters())


def test_kinds_are_learned(trainer: FocusTrainer) -> None:
    of_animal = samples()._replace(animal=torch.ones(2, 16, 16))
    first, *_, last = (trainer.step(of_animal, whole=True)["animal"] for _ in range(4))
    assert 0 < last < first


def test_the_average_follows_the_weights_slowly(trainer: FocusTrainer) -> None:
    name = "prior.weight"
    before = trainer.average[name].clone()
    trainer.step(samples(), whole=True)
    after = trainer.network.state_dict()[name]
    # The first step: a decay of 2 / 11.
    assert torch.allclose(trainer.average[name], before + (after - before) * (1 - 2 / 11), atol=1e-6)
    assert not torch.equal(before, after)


@pytest.mark.parametrize("whole", [True, False])
def test_a_state_is_continued_with_the_same_next_step(trainer: FocusTrainer, tmp_path: Path, whole: bool) -> None:
    """Also where the next step has no loss for some of the parameters."""
    trainer.step(samples(), whole=True)
    trainer.save(tmp_path)
    again = FocusTrainer(FocusNetwork((8, 8, 8, 8)), Schedule(epochs=1, steps=4, rate=1e-3))
    again.resume(tmp_path)
    assert again.steps_done == 1
    for each in (trainer, again):
        each.step(samples(), whole)
    for name, value in trainer.average.items():
        assert torch.equal(value, again.average[name]), name


def test_without_a_state_nothing_changes(trainer: FocusTrainer, tmp_path: Path) -> None:
    before = trainer.network.state_dict()["prior.weight"].clone()
    trainer.resume(tmp_path)
    assert trainer.steps_done == 0
    assert torch.equal(trainer.network.state_dict()["prior.weight"], before)
