"""Shards from Python."""

import io

import pytest
from made_pictures import save_picture

import salient_crop
from salient_crop.datasets.shards.tar import TarWriter


@pytest.fixture
def shard(tmp_path):
    written = io.BytesIO()
    with TarWriter(written) as tar:
        tar.add("a.png", save_picture(tmp_path / "made.png", (60, 40)).read_bytes())
    path = tmp_path / "in" / "0.tar"
    path.parent.mkdir()
    path.write_bytes(written.getvalue())
    return path


def test_shards_are_cropped_in_one_call(shard, tmp_path):
    pytest.importorskip("pyarrow")
    steps = []
    outcome = salient_crop.crop_shards(shard, tmp_path / "out", "1:1", cropper="centre", progress=steps.append)
    assert (outcome.pictures.crops, outcome.is_whole, len(steps)) == (1, True, 1)
    assert (tmp_path / "out" / "0.done.json").is_file()
    again = salient_crop.crop_shards([shard.parent / "*.tar"], str(tmp_path / "out"), "1:1", cropper="centre")
    assert again.resumed == 1


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"engine": "spark"}, "engine must be one of auto, threads, processes, ray"),
        ({"address": "auto"}, "address: does nothing without engine ray"),
        ({"gpus_per_worker": 1}, "gpus_per_worker: does nothing"),
        ({"engine": "ray", "gpus_per_worker": -1}, "gpus_per_worker must be above 0"),
        ({"engine": "ray", "device": "cuda"}, "device: cuda needs gpus_per_worker"),
        ({"engine": "ray", "device": "cpu", "gpus_per_worker": 1}, "device: cpu does not go with"),
        ({"ratios": "1:1", "buckets": "auto:2"}, "ratios: does nothing with buckets"),
        ({"buckets": "quantile:2"}, "buckets: a grid made from"),
        ({"batch_size": 4}, "batch_size: does nothing without buckets"),
        ({"memory": "much"}, "memory"),
        ({"workers": 0}, "workers"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_written(shard, tmp_path, given, problem):
    pytest.importorskip("pyarrow")
    with pytest.raises(ValueError, match=problem):
        salient_crop.crop_shards(shard, tmp_path / "out", cropper="centre", **given)
    assert not (tmp_path / "out").exists()


def test_where_ray_is_missing_it_says_what_to_install(shard, tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(ValueError, match=r"engine: needs Ray: pip install 'salient-crop\[ray\]'"):
        salient_crop.crop_shards(shard, tmp_path / "out", cropper="centre", engine="ray")


@pytest.mark.parametrize(
    ("shards", "out", "problem"),
    [
        (3, "out", "shards: expected a path, a pattern or several, got int"),
        (b"0.tar", "out", "shards: expected paths and patterns, got 48 among them"),
        (["0.tar", 3], "out", "shards: expected paths and patterns, got 3 among them"),
        ("0.tar", None, "out must be a folder or an address, got None"),
    ],
)
def test_arguments_of_other_types_are_named(shards, out, problem):
    with pytest.raises(TypeError, match=problem):
        salient_crop.crop_shards(shards, out, "1:1", cropper="centre")
