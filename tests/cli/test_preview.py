"""`salient-crop preview`: the contact sheet of a manifest."""

import json
import shutil

import pytest
from made_pictures import save_picture, tree
from PIL import Image

from salient_crop.cli.main import main


@pytest.fixture(scope="module")
def cropped(tmp_path_factory):
    """A folder with `photos`, one of them damaged, and the crops of a run over them in `out`."""
    home = tmp_path_factory.mktemp("preview")
    for index in range(4):
        save_picture(home / "photos" / f"{index}.png", (120 + index, 80), index)
    (home / "photos" / "bad.jpg").touch()
    assert main(["crop", str(home / "photos"), "--out", str(home / "out"), "--cropper", "centre"]) == 1
    return home


@pytest.fixture
def home(cropped, tmp_path):
    shutil.copytree(cropped, tmp_path / "home")
    return tmp_path / "home"


def preview(home, *words):
    return main(["preview", str(home / "out" / "manifest.jsonl"), *words])


def test_every_picture_is_drawn_and_a_failed_one_makes_the_status_1(home, capsys):
    assert preview(home, "--out", str(home / "sheet.png")) == 1
    whole = Image.open(home / "sheet.png").size
    assert "5 of 5 pictures" in capsys.readouterr().out
    assert preview(home, "--out", str(home / "few.png"), "--count", "1") == 0
    assert "1 of 5 pictures" in capsys.readouterr().out
    few = Image.open(home / "few.png").size
    assert few[0] * few[1] < whole[0] * whole[1]


def test_the_folder_of_the_crops_stands_for_its_manifest(home, capsys):
    assert main(["preview", str(home / "out"), "--out", str(home / "sheet.png")]) == 1
    assert "5 of 5 pictures" in capsys.readouterr().out
    assert main(["preview", str(home / "photos"), "--out", str(home / "sheet.png")]) == 2
    assert "photos: there is no manifest.jsonl in it" in capsys.readouterr().err


def test_the_most_doubtful_pictures_are_shown_where_that_is_asked_for(home, capsys):
    manifest = home / "out" / "manifest.jsonl"
    lines = [json.loads(line) for line in manifest.read_text("utf-8").splitlines()]
    for line, confidence in zip(lines, (0.9, 0.2, 0.5, 0.1), strict=False):
        for crop in line["crops"]:
            crop["confidence"] = confidence
    manifest.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    assert [line["source"] for line in lines if line["crops"]] == ["0.png", "1.png", "2.png", "3.png"]
    assert preview(home, "--out", str(home / "doubtful.png"), "--doubtful", "2") == 0
    assert "2 of 5 pictures" in capsys.readouterr().out
    kept = [line for line in lines if line["source"] in ("3.png", "1.png")]
    manifest.write_text("".join(f"{json.dumps(line)}\n" for line in kept[::-1]), "utf-8")
    assert preview(home, "--out", str(home / "expected.png")) == 0
    assert (home / "doubtful.png").read_bytes() == (home / "expected.png").read_bytes()


@pytest.mark.parametrize("count", ["5", "60"])  # the default, too
def test_a_number_of_doubtful_pictures_and_one_of_any_exclude_each_other(home, count, capsys):
    with pytest.raises(SystemExit) as caught:
        preview(home, "--out", str(home / "sheet.png"), "--doubtful", "3", "--count", count)
    assert caught.value.code == 2
    assert "argument --count: not allowed with argument --doubtful" in capsys.readouterr().err
    assert not (home / "sheet.png").exists()


def test_the_heat_is_that_of_the_cropper_of_the_run_or_of_the_flag(home, capsys):
    sheets = {}
    for name, words in {"own": [], "same": ["--cropper", "centre"], "other": ["--cropper", "smartcrop"]}.items():
        assert preview(home, "--out", str(home / f"{name}.png"), "--count", "1", *words) == 0
        sheets[name] = (home / f"{name}.png").read_bytes()
    assert sheets["own"] == sheets["same"] != sheets["other"]


def test_pictures_that_were_moved_are_found_with_source(home, capsys):
    (home / "photos").rename(home / "moved")
    assert preview(home, "--out", str(home / "sheet.png")) == 2
    assert "--source" in capsys.readouterr().err
    assert preview(home, "--out", str(home / "sheet.png"), "--source", str(home / "moved")) == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--out", "{photos}/0.png"], "--out {photos}/0.png: one of the pictures themselves"),
        (["--out", "{home}/sheet.tiff"], "--out {home}/sheet.tiff: a sheet is a jpg, png, webp"),
        (["--out", "{photos}/0.png/sheet.png"], "--out {photos}/0.png/sheet.png: "),
        (["--out", "{home}/sheet.png", "--cropper", "nonesuch"], "--cropper: nonesuch"),
        (
            ["--out", "{home}/sheet.png", "--source", "{home}/gone"],
            "the pictures of {home}/out/manifest.jsonl are not where they were; --source",
        ),
    ],
)
def test_what_cannot_be_drawn_is_named_and_harms_nothing(home, words, complaint, capsys):
    places = {"home": home, "photos": home / "photos"}
    before = tree(home)
    assert preview(home, *(word.format(**places) for word in words)) == 2
    error = capsys.readouterr().err
    assert f"salient-crop: {complaint.format(**places)}" in error
    assert tree(home) == before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "No such file"), ("", "lists no pictures"), ("no manifest\n", "line 1: not a manifest line")],
)
def test_a_manifest_that_cannot_be_read_is_named(home, content, complaint, capsys):
    manifest = home / "out" / "manifest.jsonl"
    manifest.unlink()
    if content is not None:
        manifest.write_text(content)
    assert preview(home, "--out", str(home / "sheet.png")) == 2
    error = capsys.readouterr().err
    assert str(manifest) in error
    assert complaint in error
