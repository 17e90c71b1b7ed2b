"""The benchmark `constraints` on cases whose figures are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.size_curve import SizeCurve
from salient_crop.evaluation.constraints import build_constraint, evaluate_cases, evaluate_constraints, measure_crops
from salient_crop.evaluation.design_cases import DesignCase, read_cases
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


def write(folder: Path, content: object) -> Path:
    file = folder / "cases.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_rows_hold_the_figures_that_their_names_promise(tmp_path: Path) -> None:
    person = CASE | {"image": "b.jpg", "person": [10, 10, 150, 190]}
    result = evaluate_constraints(write(tmp_path, [CASE, person]))
    subsets = result["subsets"]
    assert result["benchmark"] == "constraints"
    assert (subsets["all"]["n"], subsets["person"]["n"]) == (2, 1)
    rows = subsets["all"]["rows"]
    baseline = subsets["person"]["rows"]
    assert baseline["saliency-short-edge"]["coverage"] == pytest.approx(1)
    # The person and the layout together are 200×190 pixels; their shorter edge makes a square of 190.
    assert baseline["saliency-long-edge"]["iou"] == pytest.approx(190 * 190 / 200**2)
    assert rows["largest, shifted to hold the layout"]["iou"] == pytest.approx(1)
    assert rows["largest, best position"]["iou"] == rows["best size, shifted"]["iou"] == pytest.approx(1)
    assert rows["largest, centred"]["iou"] == pytest.approx(1 / 3)
    assert rows["largest, centred"]["held"] == 0
    assert rows["published"]["iou"] == pytest.approx(1 / 3)
    assert rows["whole"]["iou"] == pytest.approx(0.5)
    assert rows["whole"]["ratio"] == 0
    assert rows["ours"]["held"] == rows["ours"]["ratio"] == rows["ours"]["coverage"] == 1


def test_cases_without_a_person_make_no_subset(tmp_path: Path) -> None:
    assert evaluate_constraints(write(tmp_path, [CASE]))["subsets"].keys() == {"all"}


def test_the_search_never_reads_the_truth(tmp_path: Path) -> None:
    first, second = (
        evaluate_cases(read_cases(write(tmp_path, [CASE | {"truth": truth}])))["ours"]
        for truth in ([0, 0, 200, 200], [200, 0, 400, 200])
    )
    assert first["coverage"] == second["coverage"]
    assert first["iou"] > 0.9
    assert second["iou"] < 0.1


def test_the_size_model_decides_the_size(tmp_path: Path) -> None:
    class Half:
        """Wants half of the largest box's side."""

        digest = "half"

        def curve(self, size: tuple[int, int], ratio: Ratio, held: object) -> SizeCurve:
            return SizeCurve(tuple(np.linspace(1, 0, 11)))

    case = DesignCase("a.jpg", (400, 200), Ratio(1, 1), (0, 0, 0.2, 0.2), (0.0, 0.0, 100.0, 100.0))
    assert evaluate_cases([case], Half())["ours"]["iou"].item() > 0.9


def test_a_published_crop_may_be_missing(tmp_path: Path) -> None:
    without = CASE | {"published": None}
    rows = evaluate_constraints(write(tmp_path, [CASE, without]))["subsets"]["all"]["rows"]
    assert rows["published"]["iou"] == pytest.approx(1 / 3), "the mean over those that have one"
    assert "published" not in evaluate_constraints(write(tmp_path, [without]))["subsets"]["all"]["rows"]


@pytest.mark.parametrize(
    ("box", "held", "ratio"),
    [
        ((np.nan,) * 4, np.nan, np.nan),
        ((0, 0, 200, 200), 1, 1),
        ((0, 0, 200, 199), 1, 1),  # a pixel off is rounding
        ((0, 0, 200, 198), 1, 0),
        ((1, 0, 201, 200), 0, 1),  # a pixel of the region is lost
    ],
)
def test_held_and_ratio(box: tuple, held: float, ratio: float) -> None:
    case = DesignCase("a.jpg", (400, 200), Ratio(1, 1), (0, 0, 0.5, 0.5), (0.0, 0.0, 200.0, 200.0))
    figures = measure_crops([case], np.array([box], float))
    assert figures["held"].tolist() == pytest.approx([held], nan_ok=True)
    assert figures["ratio"].tolist() == pytest.approx([ratio], nan_ok=True)


def test_the_region_is_a_hard_constraint() -> None:
    case = DesignCase("a.jpg", (400, 200), Ratio(1, 1), (0, 0, 0.5, 0.5), (0.0, 0.0, 200.0, 200.0))
    (region,) = build_constraint(case).text_regions
    assert (region.region, region.hard, region.frame) == ((0, 0, 0.5, 0.5), True, "source")


def test_a_cropper_adds_rows_of_its_own(tmp_path: Path) -> None:
    Image.new("RGB", (400, 200)).save(tmp_path / "a.jpg")
    progress: list[tuple[int, int]] = []
    rows = evaluate_constraints(
        write(tmp_path, [CASE]), tmp_path, CentreCropper(), progress=lambda *counts: progress.append(counts)
    )["subsets"]["all"]["rows"]
    assert rows["ours, centre"]["held"] == rows["saliency-short-edge, centre"]["ratio"] == 1
    assert "saliency-long-edge, centre" in rows
    assert progress == [(1, 1)]
