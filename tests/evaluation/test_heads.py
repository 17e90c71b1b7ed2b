"""The benchmark `heads`, with figures computed by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.evaluation.heads import evaluate_heads, read_cases
from salient_crop.evaluation.peers import Peer
from salient_crop.images.errors import PictureError
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper

Heads = Sequence[Sequence[float]]
LEFT, RIGHT = [0, 10, 10, 40], [90, 10, 100, 40]  # heads in hundredths; in pixels 0 to 12 and 108 to 120 across
EVERYWHERE = slice(0, 120)


class LeftBorder(Cropper):
    """All heat lies at the left border."""

    name = "left-border"

    def analyse(self, images: torch.Tensor) -> list[Analysis]:
        heat = torch.zeros(20, 30)
        heat[:, 0] = 1
        return [Analysis(heat) for _ in images]


class Folder:
    """A folder of photographs of 120 × 80.

    The largest boxes are 80, 64, 53 and 120 pixels wide, and 120 × 68. `LeftBorder` puts the first three at 0, the
    centred ones begin at 20, 28 and 33; the last one begins 6 pixels down in either case.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heads: dict[str, Heads] = {}
        for name in ("images", "masks"):
            (path / name).mkdir()

    def add(self, name: str, heads: Heads, people: slice = EVERYWHERE) -> None:
        Image.new("RGB", (120, 80)).save(self.path / "images" / name)
        self.add_mask(Path(name).stem, people)
        self.heads[name] = heads
        self.write({"heads": self.heads})

    def add_mask(self, stem: str, columns: slice = EVERYWHERE, rows: slice = slice(0, 80)) -> None:
        mask = np.zeros((80, 120), np.uint8)
        mask[rows, columns] = 255
        Image.fromarray(mask).save(self.path / "masks" / f"{stem}.png")

    def write(self, content: object) -> None:
        (self.path / "heads.json").write_text(json.dumps(content))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def people(folder: Folder) -> Folder:
    """One head at the left, one at the right, two heads, and a close-up at 2:3 (57.6 > 53) and 16:9 (72 > 67.5)."""
    folder.add("a.jpg", [LEFT], slice(0, 60))
    folder.add("b.jpg", [RIGHT], slice(50, 120))
    folder.add("c.jpg", [[10, 10, 20, 40], RIGHT])
    folder.add("d.png", [[0, 0, 48, 90]])
    return folder


def list_worst(result: dict, figure: str) -> list[str]:
    return [f"{each['photo']} {each['ratio']}" for each in result["worst"][figure]]


def test_a_cropper_beside_the_centre(people: Folder) -> None:
    result = evaluate_heads(people.path, LeftBorder(), peers=())
    assert result["benchmark"] == "heads"
    assert list(result["subsets"]) == ["all", "1:1", "4:5", "2:3", "3:2", "16:9"]
    everything = result["subsets"]["all"]
    assert everything["n"] == 4
    one = {"whole": 13, "lost": 13, "beheaded": 13}
    assert everything["of"] == one | {"several_whole": 7, "several_sliced": 10, "close_shown": 2, "close_chin": 2}
    # Ours loses b at three ratios, but only at 1:1 does 30/70 of the person stay, else 14/70 and 3/70.
    assert everything["rows"]["ours"] == pytest.approx(
        {
            **{"whole": 10 / 13, "lost": 3 / 13, "beheaded": 1 / 13},
            **{"several_whole": 7 / 7, "several_sliced": 0 / 10},
            **{"close_shown": (53 / (160 / 3) + 66 / 67.5) / 2, "close_chin": 1},
        }
    )
    # The centre loses a and b at three ratios, and cuts 20/57.6 and 28/57.6 off d.
    assert everything["rows"]["centre"] == pytest.approx(
        {
            **{"whole": 5 / 13, "lost": 6 / 13, "beheaded": 8 / 13},
            **{"several_whole": 4 / 7, "several_sliced": 1 / 10},
            **{"close_shown": ((57.6 - 33) / (160 / 3) + 66 / 67.5) / 2, "close_chin": 1},
        }
    )


def test_every_ratio_has_its_own_figures(people: Folder) -> None:
    subsets = evaluate_heads(people.path, LeftBorder(), peers=())["subsets"]
    assert {subset["n"] for subset in subsets.values()} == {4}
    assert [subsets[ratio]["of"]["whole"] for ratio in ("1:1", "4:5", "2:3", "3:2", "16:9")] == [3, 3, 2, 3, 2]
    assert subsets["1:1"]["rows"]["ours"] == pytest.approx(
        {"whole": 2 / 3, "lost": 1 / 3, "beheaded": 1 / 3, "several_whole": 1, "several_sliced": 0}
    )
    assert subsets["4:5"]["rows"]["ours"]["beheaded"] == 0
    assert subsets["16:9"]["of"]["several_whole"] == 2
    assert subsets["3:2"]["rows"]["ours"] == subsets["3:2"]["rows"]["centre"]


def test_the_worst_crops_of_ours_are_listed(people: Folder) -> None:
    result = evaluate_heads(people.path, LeftBorder(), peers=())
    lost = ["b.jpg 1:1", "b.jpg 4:5", "b.jpg 2:3"]
    assert {figure: list_worst(result, figure) for figure in result["worst"]} == {
        **{"whole": lost, "lost": lost, "beheaded": ["b.jpg 1:1"]},
        **{"several_whole": [], "several_sliced": [], "close_shown": ["d.png 16:9"], "close_chin": []},
    }
    first = result["worst"]["whole"][0]
    assert first["box"] == [0, 0, 80, 80]
    assert first["heads"] == [[0.9, 0.1, 1.0, 0.4]]
    json.dumps(result)


def test_the_worst_come_first(folder: Folder) -> None:
    # At 2:3 the box ends at 53 of the head's 12 pixels from 48, 50.4 and 44.4.
    for name, start in {"a.jpg": 40, "b.jpg": 42, "c.jpg": 37}.items():
        folder.add(name, [[start, 10, start + 10, 40]])
    result = evaluate_heads(folder.path, LeftBorder(), peers=())
    assert list_worst(result, "whole") == ["b.jpg 2:3", "a.jpg 2:3", "c.jpg 2:3"]


def test_at_most_twenty_are_listed_in_the_order_of_photographs_and_ratios(folder: Folder) -> None:
    for name in "gfedcba":
        folder.add(f"{name}.jpg", [RIGHT])
    expected = [f"{name}.jpg {ratio}" for name in "abcdefg" for ratio in ("1:1", "4:5", "2:3")]
    assert list_worst(evaluate_heads(folder.path, LeftBorder(), peers=()), "lost") == expected[:20]


def test_installed_peers_are_measured_too(people: Folder) -> None:
    left = Peer("left", "numpy", lambda pixels, size: (0, 0))
    missing = Peer("missing", "no_such_package_at_all", lambda pixels, size: (0, 0))
    rows = evaluate_heads(people.path, LeftBorder(), peers=(left, missing))["subsets"]["all"]["rows"]
    assert list(rows) == ["ours", "centre", "left"]
    assert rows["left"]["whole"] == rows["ours"]["whole"] != rows["centre"]["whole"]


def test_progress_counts_the_photographs(people: Folder) -> None:
    progress: list[tuple[int, int]] = []
    evaluate_heads(people.path, LeftBorder(), peers=(), progress=lambda *counts: progress.append(counts))
    assert progress == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_photographs_without_a_mask_of_people_are_left_out(people: Folder) -> None:
    people.add("few.jpg", [LEFT])
    people.add("enough.jpg", [LEFT])
    people.add("none.jpg", [LEFT])
    people.add_mask("few", slice(0, 20), slice(0, 10))
    people.add_mask("enough", slice(0, 21), slice(0, 10))
    (people.path / "masks" / "none.png").unlink()
    people.add_mask("empty", slice(0, 0))  # needs no entry
    cases, left_out = read_cases(people.path)
    assert [case.name for case in cases] == ["a.jpg", "b.jpg", "c.jpg", "d.png", "enough.jpg"]
    assert left_out == ["few.jpg", "none.jpg"]
    result = evaluate_heads(people.path, LeftBorder(), peers=())
    assert result["left_out"] == left_out
    assert result["subsets"]["all"]["n"] == 5


def test_a_mask_without_an_entry_is_named(people: Folder) -> None:
    people.add_mask("e")
    with pytest.raises(ValueError, match=r"heads\.json: entry 'e\.jpg' is missing, .*e\.png"):
        read_cases(people.path)


def test_a_photograph_without_heads_counts_but_adds_nothing(people: Folder) -> None:
    before = evaluate_heads(people.path, LeftBorder(), peers=())["subsets"]["all"]
    people.add("e.jpg", [])
    after = evaluate_heads(people.path, LeftBorder(), peers=())["subsets"]["all"]
    assert after == before | {"n": 5}


def test_figures_of_nothing_are_left_out(folder: Folder) -> None:
    folder.add("a.jpg", [LEFT])
    subset = evaluate_heads(folder.path, LeftBorder(), peers=())["subsets"]["all"]
    assert set(subset["of"]) == set(subset["rows"]["ours"]) == {"whole", "lost", "beheaded"}


@pytest.mark.parametrize(
    "entry",
    [
        *(None, 5, "left", "", {}, [5], ["left"], [None]),
        *([[0, 10, 10]], [[0, 10, 10, 40, 0]], [LEFT, [0, 10, 0, 40]], [[10, 10, 0, 40]], [[0, 40, 10, 10]]),
        *(
            [[-1, 10, 10, 40]],
            [[0, 10, 101, 40]],
            [["0", 10, 10, 40]],
            [[0, 10, 10, True]],
            [[0, 10, 10, float("nan")]],
        ),
    ],
)
def test_a_malformed_entry_is_named(folder: Folder, entry: object) -> None:
    folder.add("a.jpg", [LEFT])
    folder.write({"heads": {"a.jpg": [LEFT], "b.jpg": entry}})
    with pytest.raises(ValueError, match=r"heads\.json: entry 'b\.jpg' is not a list of heads"):
        read_cases(folder.path)


@pytest.mark.parametrize("content", [[], {}, {"heads": []}, {"heads": {}}, {"a.jpg": [LEFT]}])
def test_a_file_of_another_shape_is_named(folder: Folder, content: object) -> None:
    folder.add("a.jpg", [LEFT])
    folder.write(content)
    with pytest.raises(ValueError, match=r"heads\.json"):
        read_cases(folder.path)


def test_what_a_folder_lacks_is_named(folder: Folder) -> None:
    with pytest.raises(OSError, match=r"heads\.json"):
        evaluate_heads(folder.path, LeftBorder())
    folder.add("a.jpg", [LEFT], slice(0, 0))
    with pytest.raises(ValueError, match="masks: no mask of people"):
        evaluate_heads(folder.path, LeftBorder())
    folder.add_mask("a")
    (folder.path / "images" / "a.jpg").unlink()
    with pytest.raises(PictureError, match=r"a\.jpg: there is no such file"):
        evaluate_heads(folder.path, LeftBorder())


def test_a_mask_that_does_not_fit_or_cannot_be_read_is_named(folder: Folder) -> None:
    folder.add("a.jpg", [LEFT])
    mask = folder.path / "masks" / "a.png"
    Image.new("L", (60, 40), 255).save(mask)
    with pytest.raises(PictureError, match=r"a\.png: a mask of 60 × 40 beside a photograph of 120 × 80"):
        evaluate_heads(folder.path, LeftBorder())
    mask.write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"a\.png: not a picture"):
        evaluate_heads(folder.path, LeftBorder())
