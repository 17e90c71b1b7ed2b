"""The targets and losses of the heatmap network against HCIC's code, of which only numbers are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from made_up import uniform

from salient_crop.training.design_heatmap.losses import pseudo_heatmap, ranking_loss

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "design_heatmap.json").read_text())


@pytest.mark.parametrize(("case", "count"), [("many", 14), ("few", 6)])
def test_pseudo_heatmap_is_hcics(case, count):
    boxes = (uniform("crops", (14, 4)) * 24).long()
    boxes[:, 2:] += 36
    ratings = uniform("ratings", (14,)).double() * 4 + 1
    target = pseudo_heatmap(boxes[:count].double() / 64, ratings[:count], mean_rating=3.0)
    golden = torch.tensor(GOLDEN["pseudo"][case]).double() / 255  # HCIC keeps bytes, cut off
    difference = target[2::6, 2::6] - golden
    assert difference.min() > -1e-4 and difference.max() < 1 / 255 + 1e-4


def test_pseudo_heatmap_of_poor_and_of_whole_pictures():
    boxes = uniform("poor", (20, 4)) * 0.4
    boxes[:, 2:] += 0.5
    assert pseudo_heatmap(boxes, torch.full((20,), 1.5), mean_rating=3.0).isfinite().all(), "none above the mean"
    whole = pseudo_heatmap(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([4.0]), 3.0)
    assert torch.equal(whole, torch.ones(64, 64))


def test_ranking_loss_is_the_published_one_with_the_sign():
    predicted, given = uniform("predicted", (9,)), uniform("given", (9,))
    assert ranking_loss(predicted[None], given[None]).item() == pytest.approx(GOLDEN["rank_loss"], abs=1e-5)
    pair = ranking_loss(torch.stack((predicted, predicted)), torch.stack((given, given)))
    assert pair.item() == pytest.approx(GOLDEN["rank_loss"], abs=1e-5), "pictures of a batch are not compared"


def test_ranking_loss_asks_for_the_right_order():
    given = torch.tensor([[0.0, 1.0, 2.0]])
    assert ranking_loss(given, given) == 0
    assert ranking_loss(-given, given) > ranking_loss(torch.zeros_like(given), given) > 0
    assert ranking_loss(torch.zeros(1, 1), torch.zeros(1, 1)) == 0
