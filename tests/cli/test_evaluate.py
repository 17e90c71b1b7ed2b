"""`salient-crop evaluate`: flags and tables. What it measures is tested in `tests/evaluation`."""

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
