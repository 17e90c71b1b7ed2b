"""The benchmark `ranking` on photographs whose figures are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.evaluation.ranking import AnchorMeans, RankingCase, evaluate_ranking, read_cases, trivial_scores
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper


def write(folder: Path, content: object) -> Path:
    file = folder / "cases.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def photograph(person: bool = False) -> dict:
    # The middles of the cells of a 12 × 12 grid, as in GAICD.
    low, high = range(4), range(8, 12)
    boxes = [[x * 40 + 20, y * 20 + 10, u * 40 + 20, v * 20 + 10] for x in low for y in low for u in high for v in high]
    entry = {"width": 480, "height": 240, "boxes": boxes, "mos": [sum(box) / 100 for box in boxes]}
    return entry | {"objects": [[10, 20, 200, 240], [5, 5, 30, 30]]} | ({"person": [20, 20, 90, 200]} if person else {})


def case(name: str, ratings: list[float], boxes: list[list[float]]) -> RankingCase:
    return RankingCase(name, (120, 120), np.array(boxes) / 120, np.array(ratings), None, np.zeros((0, 4)))


def test_both_subsets_and_the_trivial_rows_are_reported(tmp_path: Path) -> None:
    file = write(tmp_path, {"a.jpg": photograph(), "b.jpg": photograph(person=True), "c.jpg": photograph()})
    progress: list[tuple[int, int]] = []
    subsets = evaluate_ranking(file, progress=lambda *counts: progress.append(counts))["subsets"]
    assert (subsets["all"]["n"], subsets["person"]["n"]) == (3, 1)
    assert progress == [(1, 3), (2, 3), (3, 3)]
    for subset in subsets.values():
        assert {"ours", "whole", "area", "closest to the middle"} <= subset["rows"].keys()
        figures = {"srcc", "pcc", *(f"acc{k}/{n}" for k in (1, 2, 3, 4) for n in (5, 10))}
        assert all(row.keys() == figures for row in subset["rows"].values())
    # The other photographs hold the very same boxes and ratings.
    assert subsets["all"]["rows"]["mean rating of the same box elsewhere"]["srcc"] > 0.9
    assert "ours, from the person's box alone" in subsets["person"]["rows"]
    assert "ours, from the person's box alone" not in subsets["all"]["rows"]


def test_the_order_of_the_boxes_does_not_help(tmp_path: Path) -> None:
    entry = photograph(person=True)
    order = np.argsort(entry["mos"])
    entries = []
    for each in (order, order[::-1]):
        shuffled = entry | {"boxes": [entry["boxes"][i] for i in each], "mos": [entry["mos"][i] for i in each]}
        entries.append(evaluate_ranking(write(tmp_path, {"a.jpg": shuffled}))["subsets"]["all"]["rows"])
    for name, row in entries[0].items():
        assert row == pytest.approx(entries[1][name], abs=1e-6), name


def test_trivial_scores_prefer_large_and_centred_boxes() -> None:
    scores = trivial_scores(case("a", [1.0, 2.0, 3.0], [[0, 0, 60, 60], [30, 30, 90, 90], [0, 0, 120, 60]]))
    assert scores["area"].tolist() == pytest.approx([0.25, 0.25, 0.5])
    assert scores["closest to the middle"].tolist() == pytest.approx([-0.125, 0, -0.0625])
    assert scores["whole"].tolist() == [0, 0, 0]


def test_the_mean_of_the_same_box_leaves_the_photograph_itself_out() -> None:
    one, other = [5, 5, 65, 65], [5, 5, 75, 65]
    cases = [case("a", [1.0, 2.0], [one, one]), case("b", [5.0], [one]), case("c", [9.0], [other])]
    means = AnchorMeans(cases)
    assert means.leave_out(cases[0]).tolist() == [5, 5]
    assert means.leave_out(cases[1]).tolist() == [1.5]
    assert means.leave_out(cases[2]).tolist() == [pytest.approx(17 / 4)], "a box that nobody else has"


def test_subjects_are_objects_by_confidence_and_then_the_person(tmp_path: Path) -> None:
    (read,) = read_cases(write(tmp_path, {"a.jpg": photograph(person=True)}))
    subjects = read.subjects()
    assert subjects[:, :4].tolist()[0] == pytest.approx([10 / 480, 20 / 240, 200 / 480, 1])
    assert subjects[:, 4].tolist() == pytest.approx([0.5, 0.45, 1])
    assert read.subjects(with_objects=False).shape == (1, 5)
    (nobody,) = read_cases(write(tmp_path, {"a.jpg": photograph()}))
    assert nobody.subjects(with_objects=False).shape == (0, 5)


def test_a_cropper_scores_the_crops_from_pixels(tmp_path: Path) -> None:
    class RightEdge(Cropper):
        """Likes crops the more, the further they reach to the right."""

        name = "right-edge"

        def analyse(self, images: torch.Tensor) -> list[Analysis]:
            assert images.shape == (1, 3, 240, 480)
            analysis = Analysis(torch.ones(2, 2))
            object.__setattr__(analysis, "score", lambda boxes: boxes[:, 2])
            return [analysis]

    entry = photograph()
    entry["mos"] = [box[2] / 100 for box in entry["boxes"]]
    Image.new("RGB", (480, 240)).save(tmp_path / "a.jpg")
    rows = evaluate_ranking(write(tmp_path, {"a.jpg": entry}), tmp_path, RightEdge())["subsets"]["all"]["rows"]
    assert rows["ours, right-edge"]["srcc"] == pytest.approx(1)


@pytest.mark.parametrize(
    "change",
    [
        {"boxes": [], "mos": []},
        {"boxes": [[0, 0, 1, 1]], "mos": [1.0]},  # a single crop cannot be ranked
        {"boxes": [[0, 0, 1, 1], [0, 0, 2, 2]], "mos": [1.0]},
        {"boxes": [[0, 0, 1], [0, 0, 2]], "mos": [1.0, 2.0]},
        {"width": "wide"},
    ],
)
def test_an_entry_that_cannot_be_ranked_is_named(change: dict, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cases\.json: entry 'b\.jpg'"):
        read_cases(write(tmp_path, {"a.jpg": photograph(), "b.jpg": photograph() | change}))
