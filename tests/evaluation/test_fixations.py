"""Judging where people look: every number against one worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.evaluation.fixations import (
    Case,
    cut_faces,
    evaluate_fixations,
    judge_heat,
    kept_shares,
    middle,
    positions,
    read_cases,
)
from salient_crop.evaluation.peers import PEERS
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper


class Left(Cropper):
    """Thinks that all value lies at the left border."""

    name = "left"

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


def test_ours_centre_and_the_best_possible(file: Path) -> None:
    found = evaluate_fixations(file, Left(), peers=())
    everything = found["subsets"]["all"]
    assert found["benchmark"] == "fixations"
    assert everything["n"] == 3
    assert set(found["subsets"]) == {"all", "a", "b"}
    rows = everything["rows"]
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


def test_only_the_chosen_pictures_count(file: Path) -> None:
    found = evaluate_fixations(file, Left(), peers=(), chosen=lambda path: path.stem == "b_1")
    assert list(found["subsets"]) == ["all"]
    assert found["subsets"]["all"]["n"] == 1
    with pytest.raises(ValueError, match="no picture"):
        evaluate_fixations(file, Left(), peers=(), chosen=lambda path: False)


def test_progress_reaches_the_end(file: Path) -> None:
    told: list[tuple[int, int]] = []
    evaluate_fixations(file, Left(), peers=(), batch_size=2, progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 3), (3, 3)]


def test_a_broken_entry_is_named(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text('[{"image": "a.png", "width": 3, "height": 3}]')
    with pytest.raises(ValueError, match="entry 0"):
        read_cases(tmp_path / "f.json")


def case(points: list[list[float]], size: tuple[int, int] = (80, 60)) -> Case:
    return Case(Path("x_1.png"), size, np.array(points, float), np.zeros((0, 4)))


def test_even_heat_knows_nothing() -> None:
    assert judge_heat(torch.ones(6, 8), case([[10, 10], [70, 50]])) == {"nss": 0.0, "cc": 0.0, "auc": 0.5}


def test_heat_on_the_fixation_is_best_and_elsewhere_worst() -> None:
    heat = torch.zeros(60, 80)
    heat[20:30, 40:50] = 1
    on, off = judge_heat(heat, case([[45, 25]])), judge_heat(heat, case([[5, 55]]))
    mean = 100 / 4800
    assert on["nss"] == pytest.approx((1 - mean) / np.sqrt(mean * (1 - mean)))
    assert on["auc"] == pytest.approx(1 - 50 / 4800)
    assert on["cc"] > 0.5 > 0 > off["cc"]
    assert off["nss"] < 0


def test_fixations_outside_the_picture_are_left_out() -> None:
    heat = torch.rand(6, 8)
    assert judge_heat(heat, case([[10, 10], [-4, 10], [10, 900]])) == judge_heat(heat, case([[10, 10]]))


def test_positions_are_all_that_fit_and_the_middle_one_is_the_centre() -> None:
    across = positions((10, 4), (4, 4))
    assert across.tolist() == [[left, 0, left + 4, 4] for left in range(7)]
    assert middle(across).tolist() == [3, 0, 7, 4]
    down = positions((4, 9), (4, 4))
    assert middle(down).tolist() == [0, 2, 4, 6]
    assert len(positions((4, 4), (4, 4))) == 1


def test_a_face_is_cut_when_part_of_it_shows() -> None:
    boxes = np.array([[0.0, 0, 50, 50]])
    faces = np.array([[10.0, 10, 20, 20], [45, 0, 55, 10], [60, 60, 70, 70], [30.2, 30, 50.4, 50], [49.8, 0, 60, 9]])
    assert cut_faces(faces, boxes).tolist() == [[False, True, False, False, False]]
    assert kept_shares(np.array([[50.0, 5], [49, 5], [0, 0], [-1, 0]]), boxes).tolist() == [0.5]


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_stay_inside_the_picture(peer, samples: Path) -> None:
    from salient_crop.cropping.ratio import Ratio

    if not peer.available():
        pytest.skip(f"{peer.package} is not installed")
    image = torch.from_numpy(np.array(Image.open(samples / "raccoon.jpg").convert("RGB").resize((150, 113))))
    x1, y1, x2, y2 = peer.crop(image.permute(2, 0, 1).float() / 255, Ratio(2, 3))
    assert (x2 - x1, y2 - y1) == Ratio(2, 3).largest_in((150, 113))
    assert 0 <= x1 < x2 <= 150
    assert 0 <= y1 < y2 <= 113
