"""`salient-crop evaluate`: flags and tables. What it measures is tested in `tests/evaluation`."""

import json

import numpy as np
import pytest
from PIL import Image

from salient_crop.cli.evaluate import format_tables
from salient_crop.cli.main import main
from salient_crop.jobs.contact_sheet import GAP, LINE
from salient_crop.jobs.heads_sheet import CELL_SIZE


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        (["boxes"], "--images"),
        (["fixations", "--images", "."], "--images"),
        (["heads", "--images", "."], "--images"),
        (["fixations", "--sheet", "sheet.png"], "--sheet"),
        (["ranking", "--sheet", "sheet.png"], "--sheet"),
        (["constraints", "--cropper", "centre"], "--cropper"),
        (["ranking", "--cropper", "centre"], "--cropper"),
        (["ranking", "--images", ".", "--cropper", "nonesuch"], "--cropper"),
        (["ranking", "--runtime", "torch"], "--runtime"),
        (["constraints", "--precision", "bfloat16"], "--precision"),
        (
            ["fixations", "--cropper", "centre", "--precision", "bfloat16"],
            "--precision: bfloat16: centre has no network",
        ),
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


@pytest.fixture
def folder(tmp_path):
    """Two grey photographs of 120 × 80: one head in the middle, and one at the left that the centred crops lose."""
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    for name in ("middle", "left"):
        Image.new("RGB", (120, 80), (90, 90, 90)).save(tmp_path / "images" / f"{name}.jpg")
        Image.new("L", (120, 80), 255).save(tmp_path / "masks" / f"{name}.png")
    heads = {"middle.jpg": [[45, 40, 55, 60]], "left.jpg": [[0, 40, 10, 60]], "other.jpg": []}
    (tmp_path / "heads.json").write_text(json.dumps({"heads": heads}))
    return tmp_path


def heads(folder, *words):
    return main(["evaluate", "heads", str(folder), "--cropper", "centre", *words])


def test_heads_are_measured_in_a_folder_and_the_worst_are_named(folder, capsys):
    assert heads(folder) == 0
    printed = capsys.readouterr().out
    tables = printed.split("\n\n")
    assert [table.splitlines()[0] for table in tables[:6]] == [
        f"heads, {name}: 2 cases" for name in ("all", "1:1", "4:5", "2:3", "3:2", "16:9")
    ]
    # The centred crops at 1:1, 4:5 and 2:3 lose the head at the left.
    assert [line.split() for line in tables[0].splitlines()[1:3]] == [
        ["whole", "lost", "beheaded"],
        ["ours", "0.7000", "0.3000", "0.3000"],
    ]
    assert tables[0].splitlines()[-1].split() == ["of", "10", "10", "10"]
    names = "left.jpg 1:1, left.jpg 4:5, left.jpg 2:3"
    assert f"\nwhole: {names}\nlost: {names}\nbeheaded: {names}\n" in tables[6] + "\n"
    assert tables[7] == "left out, without a mask of people: other.jpg\n"


def test_the_network_is_run_as_it_is_asked_for_and_json_says_how(folder, monkeypatch, capsys):
    def measure(folder, cropper, progress):
        told.append(cropper.runtime_on("cpu"))
        return {"benchmark": "heads", "subsets": {}}

    told = []
    monkeypatch.setattr("salient_crop.evaluation.heads.evaluate_heads", measure)
    for flags in ([], ["--precision", "bfloat16"]):
        asked = ["--device", "cpu", "--runtime", "torch", *flags]
        assert main(["evaluate", "heads", str(folder), "--json", *asked]) == 0
        said = json.loads(capsys.readouterr().out)["cropper"]
        assert (said["name"], said["device"], said["runtime"], len(said["weights"])) == ("focus", "cpu", told[-1], 64)
    assert told == ["torch", "torch bfloat16"]


def test_a_sheet_of_the_worst_heads_is_drawn_beside_tables_or_json(folder, capsys):
    sheet = folder / "worst.png"
    assert heads(folder, "--sheet", str(sheet)) == 0
    with Image.open(sheet) as image:
        # Seven headings, and a row of photographs for each of the three figures that have bad crops.
        assert image.height == GAP + 7 * LINE + 3 * (CELL_SIZE[1] + 2 * LINE + GAP)
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert ((pixels == (0x00, 0xD5, 0xFF)).all(axis=-1)).any()
    once = sheet.read_bytes()
    sheet.unlink()
    capsys.readouterr()
    assert heads(folder, "--sheet", str(sheet), "--json") == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == ["other.jpg"]
    assert sheet.read_bytes() == once
    assert heads(folder, "--sheet", str(sheet)) == 0  # a sheet of before may be drawn anew


@pytest.mark.parametrize(
    ("sheet", "complaint"),
    [
        ("{folder}/sheet.gif", "--sheet {folder}/sheet.gif: a sheet is a"),
        ("{folder}/images/left.jpg", "--sheet {folder}/images/left.jpg: one of the pictures themselves"),
        ("{folder}/masks/left.png", "--sheet {folder}/masks/left.png: one of the pictures themselves"),
        ("{folder}/heads.json/sheet.png", "--sheet {folder}/heads.json/sheet.png: "),
    ],
)
def test_a_sheet_that_cannot_be_written_is_named(folder, sheet, complaint, capsys):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert heads(folder, "--sheet", sheet.format(folder=folder)) == 2
    assert f"salient-crop: {complaint.format(folder=folder)}" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["heads.json", "none"])
def test_anything_but_a_folder_is_refused_where_a_folder_is_needed(folder, name, capsys):
    assert heads(folder / name) == 2
    assert f"salient-crop: {folder / name}: there is no such folder" in capsys.readouterr().err


def test_an_unusable_folder_is_named(folder, capsys):
    (folder / "heads.json").write_text('{"heads": {"left.jpg": [[0, 0, 200, 10]]}}')
    assert heads(folder) == 2
    assert f"salient-crop: {folder / 'heads.json'}: entry 'left.jpg' is not" in capsys.readouterr().err


def test_tables_have_room_for_long_names_and_a_line_of_counts():
    subset = {"n": 3, "of": {"whole": 15, "several_sliced": 7}, "rows": {"ours": {"whole": 0.5, "several_sliced": 1.0}}}
    assert format_tables({"benchmark": "heads", "subsets": {"all": subset}}).splitlines() == [
        "heads, all: 3 cases",
        "         whole  several_sliced",
        "ours    0.5000          1.0000",
        "of          15               7",
    ]
