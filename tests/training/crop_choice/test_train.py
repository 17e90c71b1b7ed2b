"""The recipe of the crop choice, on photographs that are made up."""

from __future__ import annotations

import json

import pytest
import torch
from PIL import Image

from salient_crop.models.analysis import Analysis
from salient_crop.models.crop_choice.choice import load_crop_choice
from salient_crop.models.crop_choice.features import list_features
from salient_crop.models.crop_choice.free import list_boxes
from salient_crop.models.impression import Impression
from salient_crop.training.crop_choice import train as recipe
from salient_crop.training.crop_choice.samples import (
    COMPONENTS,
    Photograph,
    best_overlap,
    principal_components,
    read_photographs,
)

NETWORK = "ab" * 32


def photograph(index: int) -> Photograph:
    """People leave out the left of odd ones and the right of even ones, where there is nothing to see."""
    generator = torch.Generator().manual_seed(index)
    attention = torch.full((8, 12), 1e-4)
    gist = torch.rand(12, 3, 4, generator=generator)
    crop = (0.31, 0.0, 1.0, 1.0) if index % 2 else (0.0, 0.0, 0.69, 1.0)
    (attention[:, 5:] if index % 2 else attention[:, :7]).fill_(1.0)
    analysis = Analysis(attention, (), torch.ones(8, 12))
    analysis.impression = Impression(attention / attention.sum(), torch.ones(8, 12), torch.ones(8, 12), gist, NETWORK)
    return Photograph(f"{index}.jpg", (120, 80), analysis, torch.tensor([crop], dtype=torch.float64))


def test_the_components_of_the_gist_have_a_spread_of_one() -> None:
    photographs = [photograph(index) for index in range(20)]
    mean, components = principal_components([each.analysis.impression for each in photographs])
    assert (mean.shape, components.shape) == ((12,), (12, COMPONENTS))
    cells = torch.cat([each.analysis.impression.gist.repeat_interleave(2, 1).flatten(1).T for each in photographs])
    assert ((cells - mean) @ components).std(0) == pytest.approx(torch.ones(COMPONENTS), abs=0.1)


def test_the_most_similar_crop_of_a_photograph_counts() -> None:
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]], dtype=torch.float64)
    crops = torch.tensor([[0.0, 0.0, 0.5, 1.0], [0.0, 0.0, 1.0, 0.8]], dtype=torch.float64)
    assert best_overlap(boxes, crops).tolist() == pytest.approx([0.8])


def test_people_who_leave_out_where_nothing_is_are_followed_on_photographs_that_were_not_learned(monkeypatch) -> None:
    pytest.importorskip("lightgbm", reason="the recipe needs LightGBM")
    monkeypatch.setattr(recipe, "ROUNDS", 30)
    (first, *others) = recipe.cross_validate([photograph(index) for index in range(20)], NETWORK, 2)
    found = torch.cat([first, *others])
    assert found.shape == (20, 2)
    assert found[:, 0].mean() > 0.8, "the whole picture has 0.69"
    assert found[:, 1].mean() > 0.8, "so it is with the whole search"


def test_a_model_that_lightgbm_dumped_is_read_as_it_judges() -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="the recipe needs LightGBM")
    count = len(list_features(COMPONENTS))
    rows = torch.rand(3000, count, generator=torch.Generator().manual_seed(0))
    data = lightgbm.Dataset(rows.numpy(), (rows[:, 0] * rows[:, 5] + rows[:, 7].round()).numpy())
    booster = lightgbm.train({**recipe.PARAMETERS, "seed": 0}, data, 20)
    trees = recipe.read_trees(booster.dump_model(), count)
    assert trees(rows).tolist() == pytest.approx(booster.predict(rows.numpy()).tolist(), abs=1e-4)


def test_weights_are_written_for_the_network_that_saw_the_photographs(monkeypatch, tmp_path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("RGB", (96, 64), "#456").save(tmp_path / "images" / "a.png")
    (tmp_path / "crops.json").write_text(json.dumps({"a.png": [[0, 0, 48, 64]]}), encoding="utf-8")
    (seen,) = read_photographs(tmp_path / "crops.json", tmp_path / "images", recipe.load_bundled())
    assert (seen.name, seen.size, seen.crops.tolist()) == ("a.png", (96, 64), [[0, 0, 0.5, 1]])
    monkeypatch.setattr(recipe, "fit_trees", lambda features, targets, seed: recipe.Trees(1, 1))
    choice = recipe.train([seen] * 20, NETWORK)
    assert bytes(choice.network.tolist()).hex() == NETWORK
    assert load_crop_choice(choice.state(), "the file").digest == choice.digest
    assert len(list_boxes()) == 2401
