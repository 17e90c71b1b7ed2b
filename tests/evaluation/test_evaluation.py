"""The benchmarks on files small enough to know the answers of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from salient_crop.cli.main import main
from salient_crop.evaluation.boxes import evaluate_boxes
from salient_crop.evaluation.constraints import evaluate_constraints, read_cases
from salient_crop.evaluation.fixations import evaluate_fixations
from salient_crop.evaluation.metrics import boundary_displacement, coverage, iou, spearman, top_accuracy
from salient_crop.evaluation.ranking import evaluate_ranking
from salient_crop.models.baselines.centre import CentreCropper

CASE = {
    "image": "a.jpg",
    "width": 400,
    "height": 200,
    "ratio_h_over_w": 1.0,
    "pattern": 0,
    "layout": [0, 0, 200, 100],
    "truth": [0, 0, 200, 200],
    "published": [100, 0, 300, 200],
}


def written(folder: Path, content: object) -> Path:
    file = folder / "cases.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_figures_by_hand() -> None:
    one, other = np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[1.0, 0.0, 3.0, 2.0]])
    assert iou(one, other).tolist() == pytest.approx([1 / 3])
    assert coverage(one, other).tolist() == [0.5]
    assert boundary_displacement(one, other, np.array([[4.0, 2.0]])).tolist() == pytest.approx([0.125])
    assert spearman(np.array([1.0, 2.0, 30.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(1)
    assert spearman(np.zeros(3), np.array([1.0, 2.0, 3.0])) == 0


def test_top_accuracy_counts_ties_in_every_order() -> None:
    ratings = np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
    assert top_accuracy(-ratings, ratings, 1, 5) == 0
    assert top_accuracy(ratings, ratings, 4, 5) == 1
    # A file may list crops from the best to the worst: scores that say nothing must not profit from that.
    assert top_accuracy(np.zeros(6), ratings, 1, 3) == pytest.approx(0.5)
    assert top_accuracy(np.array([1.0, 0, 0, 0, 0, 0]), ratings, 2, 3) == pytest.approx((1 + 2 / 5) / 2)


def test_constraints_rows_are_what_they_say(tmp_path: Path) -> None:
    person = CASE | {"image": "b.jpg", "person": [10, 10, 150, 190]}
    found = evaluate_constraints(written(tmp_path, [CASE, person]))
    subsets = found["subsets"]
    assert (subsets["all"]["n"], subsets["person"]["n"]) == (2, 1)
    rows = subsets["all"]["rows"]
    baseline = subsets["person"]["rows"]
    assert baseline["saliency-short-edge"]["coverage"] == pytest.approx(1)
    # The person and the layout together are 200×190 pixels; their shorter edge makes a square of 190.
    assert baseline["saliency-long-edge"]["iou"] == pytest.approx(190 * 190 / 200**2)
    assert rows["largest, shifted to hold the layout"]["iou"] == pytest.approx(1)
    assert rows["largest, centred"]["iou"] == pytest.approx(1 / 3)
    assert rows["published"]["iou"] == pytest.approx(1 / 3)
    assert rows["whole"]["iou"] == pytest.approx(0.5)
    assert rows["whole"]["ratio"] == 0
    assert rows["ours"]["held"] == rows["ours"]["ratio"] == rows["ours"]["coverage"] == 1


def test_ours_never_looks_at_the_truth(tmp_path: Path) -> None:
    other = CASE | {"truth": [200, 0, 400, 200]}
    first = evaluate_constraints(written(tmp_path, [CASE]))["subsets"]["all"]["rows"]["ours"]
    second = evaluate_constraints(written(tmp_path, [other]))["subsets"]["all"]["rows"]["ours"]
    assert first["coverage"] == second["coverage"]
    assert first["iou"] > 0.9
    assert second["iou"] < 0.1


def test_the_authors_own_file_needs_its_pictures(tmp_path: Path) -> None:
    entry = {
        "image_name": "a.png",
        "aspect_ratio": "0.75",
        "blank_space_index": 5,
        "blank_space": [20, 0, 80, 6],
        "blank_aspect_bbox": [10, 0, 90, 60],
    }
    file = written(tmp_path, {"a-5-0_75.png": entry})
    with pytest.raises(ValueError, match="--images"):
        read_cases(file)
    Image.new("RGB", (100, 60)).save(tmp_path / "a.png")
    case = read_cases(file, tmp_path)[0]
    assert (case.size, str(case.ratio)) == ((100, 60), "4:3")
    assert case.region == pytest.approx((0.2, 0.0, 0.8, 0.1))
    rows = evaluate_constraints(file, tmp_path, CentreCropper())["subsets"]["all"]["rows"]
    assert rows["ours, centre"]["held"] == 1
    assert rows["saliency-short-edge, centre"]["ratio"] == 1


def test_an_entry_that_lacks_a_field_is_named(tmp_path: Path) -> None:
    broken = {key: value for key, value in CASE.items() if key != "truth"}
    with pytest.raises(ValueError, match=r"cases\.json: entry 1 .*truth"):
        evaluate_constraints(written(tmp_path, [CASE, broken]))


@pytest.mark.parametrize("content", ["[]", "{", "3", "[1]", "{}", '{"a": 1}'])
@pytest.mark.parametrize(
    "evaluate",
    [
        lambda file: evaluate_constraints(file, file.parent),
        evaluate_ranking,
        lambda file: evaluate_boxes(file, file.parent, CentreCropper()),
        lambda file: evaluate_fixations(file, CentreCropper()),
    ],
    ids=["constraints", "ranking", "boxes", "fixations"],
)
def test_a_file_that_is_no_benchmark_is_named(evaluate: Callable[[Path], dict], content: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"odd\.json"):
        evaluate(file)


def photo(person: bool = False) -> dict:
    # The middles of the cells of a 12 × 12 grid, as in GAICD.
    low, high = range(4), range(8, 12)
    boxes = [[x * 40 + 20, y * 20 + 10, u * 40 + 20, v * 20 + 10] for x in low for y in low for u in high for v in high]
    entry = {"width": 480, "height": 240, "boxes": boxes, "mos": [sum(box) / 100 for box in boxes]}
    return entry | {"objects": [[10, 20, 200, 240], [5, 5, 30, 30]]} | ({"person": [20, 20, 90, 200]} if person else {})


def test_ranking_reports_both_subsets_and_the_trivial_rows(tmp_path: Path) -> None:
    file = written(tmp_path, {"a.jpg": photo(), "b.jpg": photo(person=True), "c.jpg": photo()})
    subsets = evaluate_ranking(file)["subsets"]
    assert (subsets["all"]["n"], subsets["person"]["n"]) == (3, 1)
    for subset in subsets.values():
        assert {"ours", "whole", "area", "closest to the middle"} <= subset["rows"].keys()
        figures = {"srcc", "pcc", *(f"acc{k}/{n}" for k in (1, 2, 3, 4) for n in (5, 10))}
        assert all(row.keys() == figures for row in subset["rows"].values())
    # The other photographs hold the very same boxes and ratings.
    assert subsets["all"]["rows"]["mean rating of the same box elsewhere"]["srcc"] > 0.9


def test_the_order_of_the_boxes_gives_nothing_away(tmp_path: Path) -> None:
    entry = photo(person=True)
    order = np.argsort(entry["mos"])
    entries = []
    for each in (order, order[::-1]):
        shuffled = entry | {"boxes": [entry["boxes"][i] for i in each], "mos": [entry["mos"][i] for i in each]}
        entries.append(evaluate_ranking(written(tmp_path, {"a.jpg": shuffled}))["subsets"]["all"]["rows"])
    for name, row in entries[0].items():
        assert row == pytest.approx(entries[1][name], abs=1e-6), name


def test_boxes_of_all_three_shapes(tmp_path: Path) -> None:
    Image.new("RGB", (80, 60)).save(tmp_path / "a.png")
    for content in (
        {"a.png": {"crop": [0, 0, 80, 60]}},
        {"a.png": [[0, 0, 40, 30], [0, 0, 80, 60]]},
        [{"url": "https://example.org/x/a.png", "crop": [0, 0, 80, 60]}],
    ):
        rows = evaluate_boxes(written(tmp_path, content), tmp_path, CentreCropper())["subsets"]["all"]["rows"]
        assert rows["whole"]["iou"] == 1
        assert rows["centred, 0.9 of each side"]["iou"] == pytest.approx(0.81)


def test_the_command_prints_json_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, [CASE])
    assert main(["evaluate", "constraints", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["benchmark"] == "constraints"
    assert main(["evaluate", "constraints", str(file)]) == 0
    assert "largest, centred" in capsys.readouterr().out


def test_the_command_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "ranking", str(tmp_path / "missing.json")]) == 2
    assert "missing.json" in capsys.readouterr().err
    assert main(["evaluate", "boxes", str(written(tmp_path, {}))]) == 2
    assert "--images" in capsys.readouterr().err
