"""`salient-crop evaluate`: flags and tables. What it measures is tested in `tests/evaluation`."""

import json

import pytest

from salient_crop.cli.evaluate import format_tables
from salient_crop.cli.main import main


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        (["boxes"], "--images"),
        (["fixations", "--images", "."], "--images"),
        (["constraints", "--cropper", "centre"], "--cropper"),
        (["ranking", "--cropper", "centre"], "--cropper"),
        (["ranking", "--images", ".", "--cropper", "nonesuch"], "--cropper"),
    ],
)
def test_a_flag_that_is_missing_or_does_nothing_is_named(words, flag, tmp_path, capsys):
    file = tmp_path / "benchmark.json"
    file.write_text("[]")
    benchmark, *flags = words
    assert main(["evaluate", benchmark, str(file), *flags]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"salient-crop: {flag}")
    assert error.count("\n") == 1


def test_tables_align_and_mark_what_was_not_measured():
    rows = {"ours": {"iou": 0.5, "acc": 1.0}, "centred": {"iou": 0.25}}
    result = {"benchmark": "boxes", "subsets": {"all": {"n": 2, "rows": rows}, "none": {"n": 0, "rows": {"a": {}}}}}
    assert format_tables(result).splitlines() == [
        "boxes, all: 2 cases",
        "              iou       acc",
        "ours       0.5000    1.0000",
        "centred    0.2500         –",
        "",
        "boxes, none: 0 cases",
        " ",
        "a",
    ]


def test_json_is_all_that_is_printed_on_the_standard_output(tmp_path, capsys):
    case = {"image": "a.jpg", "width": 400, "height": 200, "ratio_h_over_w": 1.0}
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([case | {"layout": [0, 0, 200, 100], "truth": [0, 0, 200, 200]}]))
    assert main(["evaluate", "constraints", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["benchmark"] == "constraints"
    assert main(["evaluate", "constraints", str(file)]) == 0
    assert capsys.readouterr().out.startswith("constraints, all: 1 cases")


@pytest.mark.parametrize("content", [None, "[]"])
def test_a_file_that_cannot_be_used_is_named(content, tmp_path, capsys):
    file = tmp_path / "cases.json"
    if content is not None:
        file.write_text(content)
    assert main(["evaluate", "ranking", str(file)]) == 2
    assert "cases.json" in capsys.readouterr().err
