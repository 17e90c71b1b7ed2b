"""Training the composition head as a whole, in small, and its losses."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from salient_crop.evaluation.metrics import spearman
from salient_crop.evaluation.ranking import RankingCase, score_crops
from salient_crop.models.composition.head import CompositionHead
from salient_crop.models.composition.loading import load_composition
from salient_crop.training.composition import train as recipe
from salient_crop.training.composition.kernel import distil
from salient_crop.training.composition.train import Recipe, cross_validate, initialise, ranking_loss, train


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("salient_crop.training.composition.kernel.BATCH_SIZE", 32)
    monkeypatch.setattr(recipe, "distil", partial(distil, steps=100))


def test_a_head_learns_and_learns_the_same_again(quick: None, photograph: Callable[[int], RankingCase]) -> None:
    cases = [photograph(number) for number in range(60)]
    head, again = (train(cases, Recipe(epochs=8), seed=0) for _ in range(2))
    others = [photograph(number) for number in range(100, 110)]
    scores = [score_crops(head, each) for each in others]
    assert np.array_equal(scores[0], score_crops(again, others[0]))
    assert np.mean([spearman(own, each.ratings) for own, each in zip(scores, others, strict=True)]) > 0.6


def test_training_leaves_the_global_generator_alone(quick: None, photograph: Callable[[int], RankingCase]) -> None:
    cases = [photograph(number) for number in range(4)]
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    recipe.fit(recipe.collate(cases), Recipe(epochs=1), seed=0)
    assert torch.equal(torch.rand(3), expected)


ALONE = {"pairwise": 0.0, "listwise": 0.0}
TARGET = torch.tensor([[-1.0, 0.0, 1.0]])
VALID = torch.ones(1, 3, dtype=torch.bool)


def test_the_squared_error_does_not_depend_on_the_mean_of_the_scores() -> None:
    assert ranking_loss(TARGET + 5, TARGET, VALID, Recipe(**ALONE)) == 0
    assert ranking_loss(TARGET * 2, TARGET, VALID, Recipe(**ALONE)) == pytest.approx(2 / 3)


@pytest.mark.parametrize("weights", [{"pairwise": 1.0, "listwise": 0.0}, {"pairwise": 0.0, "listwise": 1.0}])
def test_a_wrong_order_costs_more_than_a_right_one(weights: dict[str, float]) -> None:
    right, wrong = (ranking_loss(scores, TARGET, VALID, Recipe(**weights)) for scores in (TARGET, TARGET.flip(1)))
    squared = ranking_loss(TARGET.flip(1), TARGET, VALID, Recipe(**ALONE))
    assert wrong - squared > right + 0.5


def test_padding_does_not_change_the_loss() -> None:
    scores, target = (torch.tensor([[*row, 9.0]]) for row in ([0.0, 0.5, 0.1], [-1.0, 0.0, 1.0]))
    padded = ranking_loss(scores, target, torch.tensor([[True] * 3 + [False]]), Recipe())
    assert padded == pytest.approx(float(ranking_loss(scores[:, :3], target[:, :3], VALID, Recipe())), rel=1e-5)


def test_initial_weights_keep_the_scale_of_their_inputs() -> None:
    head = CompositionHead()
    initialise(head, torch.Generator().manual_seed(0))
    weights = dict(head.named_parameters())
    assert (weights["middle.bias"] == 0).all()
    for name, inputs in (("middle.weight", 64), ("tell", 4 * 32), ("judge_edges", 4 * 24), ("edge_context", 32)):
        assert weights[name].detach().std() * inputs**0.5 == pytest.approx(1, abs=0.1), name


def test_every_photograph_is_evaluated_once_by_a_head_that_was_not_trained_on_it(
    photograph: Callable[[int], RankingCase],
) -> None:
    cases = [photograph(number) for number in range(7)]
    trained: list[set[str]] = []

    def fit_head(chosen: list[RankingCase]) -> CompositionHead:
        trained.append({case.name for case in chosen})
        head = CompositionHead()
        initialise(head, torch.Generator().manual_seed(0))
        return head.eval()

    lines: list[str] = []
    cross_validate(cases, 3, fit_head, lines.append)
    held_out = [{case.name for case in cases} - names for names in trained]
    assert sorted(name for names in held_out for name in names) == [case.name for case in cases]
    assert [line.split(" srcc")[0] for line in lines] == [
        "part 1: all (3)",
        "part 2: all (2)",
        "part 3: all (2)",
        "all 3: all (7)",
    ]


def test_the_command_writes_a_file_that_loads(
    quick: None, photograph: Callable[[int], RankingCase], tmp_path: Path
) -> None:
    entries = {}
    for number in range(6):
        case, scale = photograph(number), np.array([600, 400] * 2)
        entries[case.name] = {"width": 600, "height": 400, "boxes": (case.boxes * scale).tolist()}
        entries[case.name] |= {"mos": case.ratings.tolist(), "objects": (case.objects * scale).tolist()}
    file = tmp_path / "gaicd.json"
    file.write_text(json.dumps(entries))
    recipe.main([str(file), "--out", str(tmp_path / "head.safetensors"), "--epochs", "1"])
    head = load_composition(tmp_path / "head.safetensors")
    assert np.isfinite(score_crops(head, photograph(9))).all()
    with pytest.raises(SystemExit):
        recipe.main([str(file)])
