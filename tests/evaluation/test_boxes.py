"""The benchmark `boxes`: every shape of file, and figures computed by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from salient_crop.evaluation.boxes import evaluate_boxes, measure_crop, read_cases, trivial_crops
from salient_crop.models.baselines.centre import CentreCropper


def write(folder: Path, content: object) -> Path:
    file = folder / "cases.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("content", "crops"),
    [
        ({"a.png": {"crop": [0, 0, 80, 60]}}, [[0, 0, 80, 60]]),
        ({"a.png": {"width": 80, "crops": [[0, 0, 40, 30], [0, 0, 80, 60]]}}, [[0, 0, 40, 30], [0, 0, 80, 60]]),
        ({"a.png": [[0, 0, 40, 30], [0, 0, 80, 60]]}, [[0, 0, 40, 30], [0, 0, 80, 60]]),
        ([{"url": "https://example.org/x/a.png", "crop": [10, 20, 30, 40]}], [[10, 20, 40, 60]]),
        ({"a.png": [[80, 60, 0, 0], [0, 60, 80, 0]]}, [[0, 0, 80, 60], [0, 0, 80, 60]]),  # corners reversed
    ],
)
def test_every_shape_of_file_is_read(content: object, crops: list[list[int]], tmp_path: Path) -> None:
    (case,) = read_cases(write(tmp_path, content), tmp_path)
    assert case.path == tmp_path / "a.png"
    assert case.crops.tolist() == crops


@pytest.mark.parametrize("crops", [[], [[0, 0, 1]], [[0, 0, 0, 9]], [[0, 9, 9, 9]], [[0, 0, 5, 5], [1, 1, 1, 2]]])
def test_crops_without_an_area_are_refused(crops: list, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cases\.json: entry 'a\.png'"):
        read_cases(write(tmp_path, {"a.png": crops}), tmp_path)


def test_the_most_similar_of_peoples_crops_counts() -> None:
    crops = np.array([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 20.0, 10.0], [30.0, 0.0, 40.0, 10.0]])
    figures = measure_crop(np.array([0.0, 0.0, 18.0, 10.0]), crops, (40, 10))
    assert figures == {"iou": pytest.approx(0.9), "bde": pytest.approx(2 / 40 / 4)}


def test_trivial_crops_are_centred() -> None:
    crops = trivial_crops((200, 100))
    assert crops["whole"].tolist() == [0, 0, 200, 100]
    assert crops["centred, 0.9 of each side"].tolist() == pytest.approx([10, 5, 190, 95])


def test_a_cropper_is_measured_beside_the_trivial_crops(tmp_path: Path) -> None:
    Image.new("RGB", (80, 60)).save(tmp_path / "a.png")
    Image.new("RGB", (80, 60)).save(tmp_path / "b.png")
    file = write(tmp_path, {"a.png": [[0, 0, 80, 60]], "b.png": [[0, 0, 40, 60]]})
    progress: list[tuple[int, int]] = []
    result = evaluate_boxes(file, tmp_path, CentreCropper(), lambda *counts: progress.append(counts))
    assert progress == [(1, 2), (2, 2)]
    assert (result["benchmark"], result["subsets"]["all"]["n"]) == ("boxes", 2)
    rows = result["subsets"]["all"]["rows"]
    assert rows["whole"]["iou"] == pytest.approx((1 + 0.5) / 2)
    assert rows["centred, 0.9 of each side"]["iou"] == pytest.approx(
        (0.81 + (36 * 54) / (72 * 54 + 4 * 60 + 36 * 6)) / 2
    )
    assert 0.4 < rows["ours"]["iou"] <= 0.75
    assert rows["ours"].keys() == {"iou", "bde"}
