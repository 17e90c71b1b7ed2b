"""Training the size prior: its targets, the same weights again, and a fair split of the photographs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from salient_crop.cropping.ratio import Ratio
from salient_crop.evaluation.design_cases import DesignCase
from salient_crop.models.size_prior.prior import SCALES
from salient_crop.training.size_prior import train as recipe

SIZE = (400, 200)


def case(name: str, scale: float) -> DesignCase:
    """A crop of the given share of the largest square's side, in the upper left corner."""
    side = 200 * scale
    return DesignCase(name, SIZE, Ratio(1, 1), (0.0, 0.0, 0.1, 0.1), (0.0, 0.0, side, side))


@pytest.mark.parametrize(("scale", "expected"), [(0.5, 0.5), (0.7, 0.7), (1.0, 1.0), (0.3, 0.5)])
def test_the_target_is_the_scale_of_the_crop(scale: float, expected: float) -> None:
    inputs, targets = recipe.build_samples([case("a", scale)])
    assert (inputs.shape, targets.shape) == ((2, 19), (2, 26))
    assert targets.sum(1).tolist() == pytest.approx([1, 1])
    assert SCALES[targets.argmax(1)].tolist() == pytest.approx([expected] * 2)
    # The second row does not know the region that the crop holds.
    assert not torch.equal(inputs[0], inputs[1])


def test_the_prior_learns_the_scale_that_goes_with_a_ratio() -> None:
    tall = Ratio(1, 2)
    cases = [case("a", 0.8), DesignCase("b", SIZE, tall, (0, 0, 0.1, 0.1), (0, 0, 60, 120))] * 8
    prior = recipe.train(cases)
    for ratio, scale in ((Ratio(1, 1), 0.8), (tall, 0.6)):
        scales = torch.linspace(0.5, 1, 51)
        worth = prior.curve(SIZE, ratio, (0, 0, 0.1, 0.1)).at(scales.square())
        assert float(scales[worth.argmax()]) == pytest.approx(scale, abs=0.02)


def written(folder: Path) -> Path:
    entries = [
        {"image": f"{number}.jpg", "width": 400, "height": 200, "ratio_h_over_w": 1.0, "layout": [0, 0, 40, 20]}
        | {"truth": [0, 0, 120 + number, 120 + number]}
        for number in range(8)
    ]
    file = folder / "cases.json"
    file.write_text(json.dumps(entries))
    return file


def test_the_command_writes_the_same_file_again_with_any_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "EPOCHS", 20)
    file, threads = written(tmp_path), torch.get_num_threads()
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            recipe.main([str(file), "--out", str(tmp_path / f"{number}.safetensors")])
    finally:
        torch.set_num_threads(threads)
    one, two = (tmp_path / f"{number}.safetensors" for number in (1, 2))
    assert one.read_bytes() == two.read_bytes()
    recipe.main([str(file), "--out", str(tmp_path / "seed.safetensors"), "--seed", "1"])
    assert one.read_bytes() != (tmp_path / "seed.safetensors").read_bytes()


def test_no_photograph_is_evaluated_with_a_prior_that_was_trained_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case(f"{number % 7}", 0.5 + number / 100) for number in range(21)]
    monkeypatch.setattr(recipe, "train", lambda cases, seed: {each.name for each in cases})
    monkeypatch.setattr(recipe, "evaluate_cases", lambda cases, prior: (prior, [each.name for each in cases]))
    parts = list(recipe.cross_validate(cases, 3))
    assert all(trained.isdisjoint(evaluated) for trained, evaluated in parts)
    assert sorted(name for _, evaluated in parts for name in evaluated) == sorted(each.name for each in cases)


def test_the_command_prints_every_part_and_then_the_means_over_all_cases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe.main([str(written(tmp_path)), "--folds", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" iou")[0].strip() for line in lines[:3]] == ["part 1 of 2, ours", "part 2 of 2, ours", "ours"]
    parts, mean = [float(line.split()[-9]) for line in lines[:2]], float(lines[2].split()[-9])
    assert mean == pytest.approx(sum(parts) / 2, abs=1e-4)


def test_the_command_wants_a_file_or_a_number_of_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        recipe.main([str(written(tmp_path))])
    assert "--out FILE or --folds N" in capsys.readouterr().err
