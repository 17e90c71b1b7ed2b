"""`salient-crop crop` over shards: what its arguments mean, and which are refused."""

import io
import json
import sys

import pytest
from made_pictures import save_picture, tree

from salient_crop.cli.main import main
from salient_crop.datasets.shards.tar import TarWriter


@pytest.fixture
def base(tmp_path, monkeypatch):
    """Two tars of two pictures in the working directory; the second has one picture that is none."""
    monkeypatch.chdir(tmp_path)
    save_picture(tmp_path / "made.png", (60, 40))
    picture = (tmp_path / "made.png").read_bytes()
    for name, second in {"0.tar": picture, "1.tar": b"no picture"}.items():
        written = io.BytesIO()
        with TarWriter(written) as tar:
            for key, content in {"a": picture, "b": second}.items():
                tar.add(f"{key}.png", content)
        (tmp_path / name).write_bytes(written.getvalue())
    return tmp_path


def crop(*words):
    """The exit status of `crop` with the fastest cropper."""
    try:
        return main(["crop", *map(str, words), "--cropper", "centre"])
    except SystemExit as exit:
        return exit.code


def test_shards_are_cropped(base, capsys):
    pytest.importorskip("pyarrow")
    assert crop("{0..1}.tar", "--out", "out", "--ratios", "1:1") == 1
    printed = capsys.readouterr()
    assert "3 of 4 pictures, 3 crops of 2 shards in" in printed.out and "1 failed" in printed.out
    assert "failed: 1.tar/b.png: not a picture" in printed.err
    assert {"0.tar", "0.parquet", "0.done.json", "1.tar"} <= set(tree(base / "out"))
    assert crop("0.tar", "--out", "out", "--ratios", "1:1") == 0
    assert "1 shards had been done before" in capsys.readouterr().out


def test_a_bucket_run_prints_its_plan(base, capsys):
    pytest.importorskip("pyarrow")
    assert crop("0.tar", "--out", "out", "--buckets", "64x64,96x64", "--resolution", "512") == 0
    assert "2 pictures in 1 buckets; no plan loses less" in capsys.readouterr().out
    assert json.loads((base / "out" / "plan.json").read_text())["counts"] == {"96x64": 2}


def test_other_settings_end_the_run_before_it_begins(base, capsys):
    pytest.importorskip("pyarrow")
    assert crop("0.tar", "--out", "out") == 0
    before = tree(base / "out")
    assert crop("0.tar", "--out", "out", "--resolution", "64") == 2
    assert "resolution: none → 64" in capsys.readouterr().err
    assert tree(base / "out") == before


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--frames", "still"], "--frames is for folders"),
        (["--buckets", "64x64", "--dataset", "kohya"], "--dataset is for folders"),
        (["--focus", "masks"], "--focus is for folders"),
        (["--subject", "shoe", "--subject-model", "x"], "--subject is for folders"),
        (["--dry-run"], "--dry-run is for folders"),
        (["--manifest", "m.jsonl"], "--manifest is for folders"),
        (["--name", "{name}_x"], "--name is for folders"),
        (["--follow-links"], "--follow-links is for folders"),
        (["--batch-size", "4"], "--batch-size does nothing without --buckets"),
        (["--buckets", "quantile:2"], "--buckets: a grid made from the pictures' sizes"),
    ],
)
def test_flags_of_folders_are_refused(base, capsys, words, problem):
    pytest.importorskip("pyarrow")
    assert crop("0.tar", "--out", "out", *words) == 2
    assert problem in capsys.readouterr().err
    assert not (base / "out").exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["made.png", "--out", "out", "--image-column", "jpg"], "--image-column is for shards"),
        (["made.png", "--out", "out", "--address", "auto"], "--address does nothing without --engine ray"),
        (["made.png", "--out", "out", "--engine", "ray", "--device", "cuda"], "--device: cuda needs"),
        (["made.png", "--out", "out", "--engine", "ray", "--frames", "still"], "--frames: the frames of a clip"),
        (["0.tar", "--out", "out", "--address", "auto"], "--address does nothing without --engine ray"),
        (["0.tar", "--out", "out", "--gpus-per-worker", "1"], "--gpus-per-worker does nothing without --engine ray"),
        (["made.png", "--out", "s3://bucket/crops"], "an address is for shards"),
        (["made.png", "--out", ""], "names no folder"),
        (["made.png", "0.tar", "--out", "out"], "made.png: no shard"),
        (["*z.tar", "--out", "out"], "no shard matches"),
        (["{1..0}.tar", "--out", "out"], "must rise"),
    ],
)
def test_words_that_do_not_go_together(base, capsys, words, problem):
    pytest.importorskip("pyarrow")
    assert crop(*words) == 2
    assert problem in capsys.readouterr().err


def test_without_ray_it_says_what_to_install(base, capsys, monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.setitem(sys.modules, "ray", None)
    for word in ("0.tar", "made.png"):
        assert crop(word, "--out", "out", "--engine", "ray") == 2
        assert "pip install 'salient-crop[ray]'" in capsys.readouterr().err
    assert not (base / "out").exists()


def test_without_pyarrow_it_says_what_to_install(base, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert crop("0.tar", "--out", "out") == 2
    assert "pip install 'salient-crop[shards]'" in capsys.readouterr().err
