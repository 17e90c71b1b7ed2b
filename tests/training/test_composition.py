"""Training the composition head: the kernel machine learns a rule, and the network learns from it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from salient_crop.evaluation.metrics import spearman
from salient_crop.evaluation.ranking import RankingCase, score_crops
from salient_crop.models.composition.scene_preference import MIRROR_ORDER, ScenePreference, cubic_monomials
from salient_crop.training.composition.kernel import KernelTeacher, learn
from salient_crop.training.composition.samples import RatedBatch, also_alone, gather, mirror, seen_anew
from salient_crop.training.composition.train import Recipe, train


def photograph(number: int) -> RankingCase:
    """Crops on a grid, liked the more, the nearer their middle is to that of the only object."""
    rng = np.random.default_rng(number)
    low = rng.uniform(0.1, 0.6, 2)
    thing = np.array([*low, *(low + 0.25)])
    starts, ends = np.arange(4) / 12 + 1 / 24, np.arange(8, 12) / 12 + 1 / 24
    edges = np.meshgrid(starts, starts, ends, ends, indexing="ij")
    boxes = rng.permutation(np.stack([each.ravel() for each in edges], 1))[:80]
    away = (boxes[:, :2] + boxes[:, 2:]) / 2 - (thing[:2] + thing[2:]) / 2
    ratings = -np.square(away).sum(1) + rng.normal(0, 0.002, len(boxes))
    return RankingCase(f"{number}.jpg", (600, 400), boxes, ratings, None, thing[None])


@pytest.fixture(scope="module")
def data() -> RatedBatch:
    return gather([photograph(number) for number in range(80)])


@pytest.fixture(scope="module")
def unseen() -> RatedBatch:
    return gather([photograph(number) for number in range(100, 120)])


def agreement(coefficients: torch.Tensor, batch: RatedBatch) -> float:
    """Spearman correlation of what the coefficients say with the ratings, on average."""
    said = (torch.stack(cubic_monomials(batch.boxes().unbind(-1)), -1) @ coefficients[..., None])[..., 0]
    rows = zip(said, batch.target, batch.rated, strict=True)
    return float(np.mean([spearman(one[there].detach().numpy(), true[there].numpy()) for one, true, there in rows]))


def test_the_kernel_machine_finds_a_rule_that_holds_for_other_photographs(data: RatedBatch, unseen: RatedBatch) -> None:
    teacher = KernelTeacher(data)
    everywhere = (teacher.basis @ teacher.mean).expand(len(unseen.edges), -1)
    told = teacher(unseen.subjects, unseen.present) @ teacher.basis.T
    assert agreement(told, unseen) > max(0.8, agreement(everywhere, unseen) + 0.2)


def test_the_network_says_what_its_teacher_says(data: RatedBatch, unseen: RatedBatch) -> None:
    torch.manual_seed(0)
    taste = ScenePreference()
    learn(taste, data, seed=0, steps=300)
    assert agreement(taste(unseen.subjects, unseen.present), unseen) > 0.75


def test_only_photographs_of_a_person_are_seen_alone_and_with_nobody_else() -> None:
    person = np.array([0.3, 0.2, 0.6, 0.9])
    cases = [replace(photograph(number), person=person if number % 2 else None) for number in range(8)]
    batch = gather(cases)
    main = batch.subjects[..., 4] >= 1
    generator = torch.Generator().manual_seed(0)
    seen = seen_anew(batch, generator, noise=0, missed=0, alone=1, reframed=0)
    assert torch.equal(seen.present[1::2], (main & batch.present)[1::2])
    assert torch.equal(seen.present[::2], batch.present[::2])
    both = also_alone(batch)
    assert torch.equal(both.present[:8], batch.present)
    assert torch.equal(both.present[8:], (main & batch.present)[1::2])
    assert torch.equal(both.target[8:], batch.target[1::2])


def test_mirrored_coefficients_judge_mirrored_crops() -> None:
    coefficients = torch.randn(35, generator=torch.Generator().manual_seed(1))
    boxes = gather([photograph(1)])
    seen, mirrored = (torch.stack(cubic_monomials(each.boxes()[0].unbind(-1)), -1) for each in (boxes, mirror(boxes)))
    assert torch.allclose(seen @ coefficients, mirrored @ coefficients[MIRROR_ORDER], atol=1e-4)


def test_a_head_learns_and_learns_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of it, in small."""
    monkeypatch.setattr("salient_crop.training.composition.train.learn", partial(learn, steps=200))
    cases = [photograph(number) for number in range(60)]
    head, again = (train(cases, Recipe(epochs=8), seed=0) for _ in range(2))
    others = [photograph(number) for number in range(100, 110)]
    scores = [score_crops(head, each) for each in others]
    assert np.array_equal(scores[0], score_crops(again, others[0]))
    assert np.mean([spearman(own, each.ratings) for own, each in zip(scores, others, strict=True)]) > 0.6
