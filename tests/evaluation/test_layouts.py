"""The benchmark of text regions: figures worked out by hand, and a folder from end to end."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.cropping.box import Box
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.ratio import Ratio
from salient_crop.evaluation.layouts import evaluate_layouts, measure_layout, read_cases
from salient_crop.models.registry import load_cropper

SIZE, SQUARE = (100, 100), Ratio(1, 1)
LEFT = (0.0, 0.0, 0.5, 1.0)


def figures(box=(0, 0, 100, 100), heads=(), subject=None, heat=((0.0, 1.0),)):
    inputs = SearchInputs.from_maps(torch.tensor([heat], dtype=torch.float64))
    return measure_layout(Box(*box), SIZE, LEFT, SQUARE, heads, subject, inputs)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"free": 1, "canvas": 0}),
        ({"heads": [(0.55, 0.1, 0.8, 0.4)]}, {"free": 1}),
        ({"heads": [(0.491, 0.1, 0.69, 0.4)]}, {"heads_free": 1}),
        ({"heads": [(0.48, 0.1, 0.68, 0.4)]}, {"heads_free": 0, "free": 0}),
        ({"heads": [(0.55, 0.1, 0.8, 0.4)], "box": (0, 0, 60, 60)}, {"heads_in": 0, "heads_free": 1, "free": 0}),
        # Too large for any square: it cannot be in, but may not be under the text.
        ({"heads": [(0.0, 0.0, 1.1, 0.4)], "box": (-100, 0, 100, 100)}, {"heads_in": 1}),
        ({"heat": ((0.25, 0.75),)}, {"calm": 1}),
        ({"heat": ((0.26, 0.74),)}, {"calm": 0, "free": 0}),
        ({"box": (-50, 0, 100, 100)}, {"canvas": 0.5, "calm": 1}),
    ],
)
def test_figures_of_one_crop(given, expected):
    found = figures(**given)
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_a_subject_is_under_the_text_by_its_share_and_by_that_of_the_text():
    subject = np.zeros((50, 50), bool)
    subject[:, 25:] = True
    assert figures(subject=subject)["subject_free"]
    subject[:, 23:] = True  # 2 of 27 columns are under the text, and 2 of its 25 over the subject
    assert not figures(subject=subject)["subject_free"]
    subject[5:, 23:25] = False  # a hand in its corner
    assert figures(subject=subject)["subject_free"]


@pytest.fixture
def folder(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for name in ("a", "b", "c"):
        Image.new("RGB", (60, 40), (90, 90, 90)).save(tmp_path / "images" / f"{name}.png")
    mask = Image.new("1", (60, 40))
    mask.paste(1, (25, 10, 35, 40))
    mask.save(tmp_path / "masks" / "b.png")
    heads = {"a.png": [[40, 30, 60, 60]], "b.png": [], "c.png": []}
    (tmp_path / "heads.json").write_text(json.dumps({"heads": heads}))
    return tmp_path


def test_a_folder_from_end_to_end(folder):
    cases, left_out = read_cases(folder)
    assert ([each.name for each in cases], left_out) == (["a.png", "b.png"], ["c.png"])
    result = evaluate_layouts(folder, load_cropper("centre"))
    assert list(result["subsets"]) == [
        "all",
        *("left third", "right 40%", "left half", "top quarter", "bottom third", "bottom right half"),
        *("16:9", "4:5"),
    ]
    rows = result["subsets"]["all"]["rows"]
    assert list(rows) == ["ours", "ours, padded", "centre"]
    assert rows["ours"]["canvas"] == rows["centre"]["canvas"] == 0
    assert rows["ours, padded"]["calm"] == 1
    assert rows["centre"]["calm"] < rows["ours, padded"]["calm"]


def test_a_folder_of_which_nothing_is_known_is_refused(folder):
    (folder / "heads.json").write_text(json.dumps({"heads": {"c.png": []}}))
    with pytest.raises(ValueError, match="no photograph has heads, or a mask"):
        read_cases(folder)
