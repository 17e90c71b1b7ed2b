"""Reading benchmark files: what cannot be read is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from made_pictures import save_picture

from salient_crop.evaluation.boxes import evaluate_boxes
from salient_crop.evaluation.cases import parse_each, read_json, read_numbers, read_picture_path, read_size
from salient_crop.evaluation.constraints import evaluate_constraints
from salient_crop.evaluation.fixations import evaluate_fixations
from salient_crop.evaluation.ranking import evaluate_ranking
from salient_crop.images.errors import PictureError
from salient_crop.models.baselines.centre import CentreCropper


@pytest.mark.parametrize("content", [b"", b"{", b"3", b'"a"', b"\xff[]", b"[" * 5000, b"9" * 5000])
def test_content_that_is_no_benchmark_is_refused_by_the_files_name(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"odd\.json"):
        read_json(file)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], r"odd\.json holds no cases"),
        ([("a", "1"), ("b", "one")], r"odd\.json: entry 'b' is not a number: ValueError"),
        ([("a", None)], r"odd\.json: entry 'a' is not a number: TypeError"),
    ],
)
def test_an_entry_that_cannot_be_parsed_is_named(entries: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_each(Path("odd.json"), entries, lambda _, entry: int(entry), "a number")


@pytest.mark.parametrize("content", ["[]", "{}", "[1]", '{"a": 1}', '[{"image": "a.png"}]'])
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
def test_every_benchmark_names_the_file_that_it_cannot_read(evaluate, content: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"odd\.json"):
        evaluate(file)


@pytest.mark.parametrize("name", ["../a.png", "/a.png", "b/../../a.png", "", "a\0.png", 5, None, ["a.png"]])
def test_a_picture_elsewhere_is_not_read(name: object) -> None:
    with pytest.raises((TypeError, ValueError), match="picture"):
        read_picture_path(Path("photos"), name)
    assert read_picture_path(Path("photos"), "b/a.png") == Path("photos/b/a.png")


@pytest.mark.parametrize("size", [(0, 9), (9, -1), (2**31, 2**31), (20_000, 20_000), (1.5, 9), ("9", 9), ([9], 9)])
def test_sizes_that_no_picture_has(size: tuple) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_size({"width": size[0], "height": size[1]})


@pytest.mark.parametrize(
    "values",
    [[float("nan")], [float("inf")], [1e300], [10**400], ["1"], [None], [[1]], {"a": 1}, "12", [True], [[1, 2], [3]]],
)
def test_numbers_are_finite_numbers_of_a_pictures_size(values: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_numbers(values)
    assert read_numbers([1, 2.5]).tolist() == [1, 2.5]
    assert read_numbers([], 4).shape == (0, 4)


LOOKS = {"image": "a.png", "width": 40, "height": 30, "fixations": [[[5, 5]]]}
RATED = {"width": 40, "height": 30, "boxes": [[0, 0, 9, 9], [0, 0, 20, 20]], "mos": [1, 2]}
DESIGN = {"image": "a.png", "width": 40, "height": 30, "ratio_h_over_w": 1.0, "layout": [0, 0, 9, 9]}
DESIGN |= {"truth": [0, 0, 20, 20]}


@pytest.mark.parametrize(
    ("evaluate", "content"),
    [
        (evaluate_fixations, [LOOKS | {"width": [40]}]),
        (evaluate_fixations, [LOOKS | {"width": 50}]),
        (evaluate_fixations, [LOOKS | {"image": "../a.png"}]),
        (evaluate_fixations, [LOOKS | {"fixations": [[[1e400, 5]]]}]),
        (evaluate_ranking, {"a.png": RATED | {"boxes": [[0, 0, 1e400, 9], [0, 0, 20, 20]]}}),
        (evaluate_ranking, {"a.png": RATED | {"objects": [[-1e300, 0, 9, 9]]}}),
        (evaluate_ranking, {"a.png": RATED | {"person": [0, 0, 1e300, 9]}}),
        (evaluate_constraints, [DESIGN | {"ratio_h_over_w": "1e99999999"}]),
        (evaluate_constraints, [DESIGN | {"ratio_h_over_w": 10**400}]),
        (evaluate_constraints, [DESIGN | {"truth": [0, 0, 1e308, 9]}]),
    ],
)
def test_numbers_and_names_that_no_benchmark_has_are_refused_by_the_file(
    evaluate: Callable, content: object, tmp_path: Path
) -> None:
    file = tmp_path / "odd.json"
    file.write_text(json.dumps(content).replace("Infinity", "1e400"))
    save_picture(tmp_path / "images" / "a.png", (40, 30))
    with pytest.raises((ValueError, PictureError), match=r"odd\.json|a\.png"):
        evaluate(file, *([CentreCropper()] if evaluate is evaluate_fixations else []))
