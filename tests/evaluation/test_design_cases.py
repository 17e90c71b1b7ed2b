"""Reading the cases of the design constraints test set, in both shapes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from salient_crop.evaluation.design_cases import DesignCase, read_cases

CASE = {
    "image": "a.jpg",
    "width": 400,
    "height": 200,
    "ratio_h_over_w": 1.5,
    "pattern": 0,
    "layout": [0, 0, 200, 100],
    "truth": [0, 0, 100, 150],
}
AUTHORS_CASE = {
    "image_name": "a.png",
    "aspect_ratio": "0.75",
    "blank_space_index": 5,
    "blank_space": [20, 0, 80, 6],
    "blank_aspect_bbox": [10, 0, 90, 60],
}


def write(folder: Path, content: object) -> Path:
    file = folder / "cases.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("extra", "published", "person"),
    [
        ({}, None, None),
        ({"published": None, "person": []}, None, None),
        ({"published": [1, 2, 3, 4], "person": [5, 6, 7, 8]}, (1, 2, 3, 4), (5, 6, 7, 8)),
    ],
)
def test_a_list_of_cases(extra: dict, published: tuple | None, person: tuple | None, tmp_path: Path) -> None:
    (case,) = read_cases(write(tmp_path, [CASE | extra]))
    assert (case.name, case.size, str(case.ratio)) == ("a.jpg", (400, 200), "2:3")
    assert (case.region, case.truth) == ((0, 0, 0.5, 0.5), (0, 0, 100, 150))
    assert (case.published, case.person) == (published, person)


def test_the_person_is_the_only_subject(tmp_path: Path) -> None:
    (case,) = read_cases(write(tmp_path, [CASE | {"person": [100, 50, 300, 200]}]))
    (subject,) = case.subjects()
    assert (subject.region, subject.kind) == ((0.25, 0.25, 0.75, 1), "person")
    (nobody,) = read_cases(write(tmp_path, [CASE]))
    assert nobody.subjects() == ()


def test_the_authors_own_file_needs_its_pictures(tmp_path: Path) -> None:
    file = write(tmp_path, {"a-5-0_75.png": AUTHORS_CASE})
    with pytest.raises(ValueError, match="--images"):
        read_cases(file)
    Image.new("RGB", (100, 60)).save(tmp_path / "a.png")
    (case,) = read_cases(file, tmp_path)
    assert isinstance(case, DesignCase)
    assert (case.size, str(case.ratio)) == ((100, 60), "4:3")
    assert case.region == pytest.approx((0.2, 0.0, 0.8, 0.1))
    assert case.truth == (10, 0, 90, 60)


@pytest.mark.parametrize(
    "broken",
    [
        {key: value for key, value in CASE.items() if key != "truth"},
        CASE | {"truth": [100, 0, 100, 150]},  # no width
        CASE | {"layout": [0, 0, 200]},
        CASE | {"ratio_h_over_w": 0},
    ],
)
def test_an_entry_that_cannot_be_read_is_named(broken: dict, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cases\.json: entry 1 "):
        read_cases(write(tmp_path, [CASE, broken]))
