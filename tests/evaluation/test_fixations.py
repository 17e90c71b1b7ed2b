"""The benchmark `fixations`, with figures computed by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from salient_crop.evaluation.fixations import evaluate_fixations, read_cases
from salient_crop.evaluation.peers import Peer
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper


class LeftBorder(Cropper):
    """All heat lies at the left border."""

    name = "left-border"

    def analyse(self, images: torch.Tensor) -> list[Analysis]:
        heat = torch.zeros(30, 40)
        heat[:, 0] = 1
        return [Analysis(heat) for _ in images]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    entries = []
    for name, points in (("a_1.png", [[5, 45], [90, 45]]), ("a_2.png", [[5, 40]]), ("b_1.png", [[100, 50]])):
        Image.new("RGB", (120, 90)).save(tmp_path / "images" / name)
        # Centre square: 15 to 105. The face is cut by it, but not by the leftmost square.
        entries.append(
            {"image": name, "width": 120, "height": 90, "fixations": [points], "faces": [[10, 20, 10, 10, 1]]}
        )
    (tmp_path / "fixations.json").write_text(json.dumps(entries))
    return tmp_path / "fixations.json"


def test_a_cropper_beside_the_centre_and_the_best_possible(file: Path) -> None:
    result = evaluate_fixations(file, LeftBorder(), peers=())
    everything = result["subsets"]["all"]
    assert result["benchmark"] == "fixations"
    assert everything["n"] == 3
    assert list(result["subsets"]) == ["all", "a", "b"]
    rows = everything["rows"]
    assert list(rows) == ["ours", "centre", "best possible"]
    # Squares at 0 (ours) and 15 (centre), 2:3 boxes at 0 and 30, 9:16 boxes at 0 and 34; 2:1 boxes are full width.
    assert rows["ours"]["kept"] == pytest.approx((0.5 + 0.5 + 0.5 + 1 + (1 + 1 + 1 + 1) + (0 + 0 + 0 + 1)) / 12)
    assert rows["centre"]["kept"] == pytest.approx((0.5 + 0 + 0 + 1 + (0 + 0 + 0 + 1) + (1 + 0 + 0 + 1)) / 12)
    assert rows["best possible"]["place"] == 1
    assert rows["centre"]["place"] == 0
    gained = rows["ours"]["kept"] - rows["centre"]["kept"]
    assert rows["ours"]["place"] == pytest.approx(gained / (rows["best possible"]["kept"] - rows["centre"]["kept"]))
    assert rows["ours"]["faces_cut"] == 0
    assert rows["centre"]["faces_cut"] == pytest.approx(1 / 4)
    assert rows["best possible"]["faces_cut"] == 0
    assert "nss" in rows["ours"] and "nss" not in rows["centre"]


def test_figures_that_a_file_has_no_data_for_are_left_out(file: Path) -> None:
    entries = json.loads(file.read_text())
    for entry in entries:
        del entry["faces"]
    file.write_text(json.dumps(entries))
    rows = evaluate_fixations(file, LeftBorder(), peers=())["subsets"]["all"]["rows"]
    assert "faces_cut" not in rows["ours"]


def test_only_selected_photographs_count(file: Path) -> None:
    result = evaluate_fixations(file, LeftBorder(), peers=(), select=lambda path: path.stem == "b_1")
    assert list(result["subsets"]) == ["all"]
    assert result["subsets"]["all"]["n"] == 1
    with pytest.raises(ValueError, match="no picture"):
        evaluate_fixations(file, LeftBorder(), peers=(), select=lambda path: False)


def test_installed_peers_are_measured_too(file: Path) -> None:
    left = Peer("left", "numpy", lambda pixels, size: (0, 0))
    missing = Peer("missing", "no_such_package_at_all", lambda pixels, size: (0, 0))
    rows = evaluate_fixations(file, LeftBorder(), peers=(left, missing))["subsets"]["all"]["rows"]
    assert rows["left"]["kept"] == rows["ours"]["kept"]
    assert "missing" not in rows


@pytest.mark.parametrize(("batch_size", "expected"), [(2, [(2, 3), (3, 3)]), (8, [(3, 3)])])
def test_progress_counts_the_photographs_of_each_batch(
    file: Path, batch_size: int, expected: list[tuple[int, int]]
) -> None:
    progress: list[tuple[int, int]] = []
    evaluate_fixations(
        file, LeftBorder(), peers=(), batch_size=batch_size, progress=lambda *counts: progress.append(counts)
    )
    assert progress == expected


def test_faces_and_the_fixations_of_all_viewers_are_read(tmp_path: Path) -> None:
    entry = {"image": "osie_7.png", "width": 30, "height": 20, "fixations": [[[1, 2], [3, 4]], [], [[5, 6]]]}
    entries = [entry | {"faces": [[10, 11, 4, 5, 1, 0, 0, 0]]}, entry | {"image": "b.png", "fixations": []}]
    (tmp_path / "f.json").write_text(json.dumps(entries))
    one, two = read_cases(tmp_path / "f.json")
    assert (one.path, one.size, one.data_set) == (tmp_path / "images" / "osie_7.png", (30, 20), "osie")
    assert one.fixations.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert one.faces.tolist() == [[10, 11, 14, 16]]
    assert (two.fixations.shape, two.faces.shape, two.data_set) == ((0, 2), (0, 4), "")


def test_an_entry_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text('[{"image": "a.png", "width": 3, "height": 3}]')
    with pytest.raises(ValueError, match=r"f\.json: entry 0 is not"):
        read_cases(tmp_path / "f.json")
