"""What runs networks on a CPU, asked for in Python: every door takes it, as the command does."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import salient_crop
from salient_crop.jobs import picture
from salient_crop.jobs.settings import CropSettings
from salient_crop.jobs.shard_work import ShardWork
from salient_crop.jobs.shard_worker import ShardWorker
from salient_crop.models.runtime import choice


@pytest.fixture(
    params=["crop", "crop_folder", "crop_faces", "plan_buckets", "crop_shards", "CropBatch", "MeasureBatch"]
)
def door(request: pytest.FixtureRequest, samples: Path, tmp_path: Path) -> Callable[..., Any]:
    """Each call of Python that loads a cropper, with all that it needs but the cropper."""
    photo, out = samples / "cat.jpg", tmp_path / "out"
    if request.param == "crop_shards":
        pytest.importorskip("pyarrow")

    def batch(kind: Callable[..., Any], **given: Any) -> Any:
        return kind(**given)({"image": [photo]})

    return {
        "crop": partial(salient_crop.crop, photo),
        "crop_folder": partial(salient_crop.crop_folder, photo, out, "1:1"),
        "crop_faces": partial(salient_crop.crop_faces, photo, out),
        "plan_buckets": partial(salient_crop.plan_buckets, photo),
        "crop_shards": partial(salient_crop.crop_shards, tmp_path / "none.tar", out),
        "CropBatch": partial(batch, salient_crop.CropBatch),
        "MeasureBatch": partial(batch, salient_crop.MeasureBatch, buckets="512x512"),
    }[request.param]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"runtime": "onnx"}, "^runtime: 'onnx' is none of auto, torch, openvino$"),
        ({"runtime": None}, "^runtime: None is none of "),
        ({"precision": "half"}, "^precision: 'half' is none of float32, bfloat16$"),
        ({"precision": "bfloat16"}, "^precision: bfloat16: centre has no network$"),
        ({"runtime": "openvino"}, r"^runtime: 'openvino' is not installed: pip install 'salient-crop\[cpu\]'$"),
    ],
)
def test_what_cannot_be_used_is_named_alike_at_every_door(
    door: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    monkeypatch.setattr(choice, "openvino_version", lambda: None)
    with pytest.raises(ValueError, match=message):
        door(cropper="centre", device="cpu", **given)
    assert not (tmp_path / "out").exists()


def test_what_is_asked_for_reaches_the_network_from_every_door(
    door: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class ToldError(Exception):
        pass

    def load(name: str, device: str, runtime: str, precision: str) -> None:
        raise ToldError(name, device, runtime, precision)

    monkeypatch.setattr(picture, "load_cropper", load)
    with pytest.raises(ToldError) as told:
        door(cropper="focus", device="cpu", runtime="torch", precision="bfloat16")
    assert told.value.args == ("focus", "cpu", "torch", "bfloat16")


def test_a_loaded_cropper_is_not_run_otherwise_than_it_was_loaded_for(door: Callable[..., Any], tmp_path: Path) -> None:
    loaded = salient_crop.load_cropper("focus", runtime="torch")
    with pytest.raises(ValueError, match="^precision: bfloat16: this cropper was loaded for float32"):
        door(cropper=loaded, device="cpu", precision="bfloat16")
    assert not (tmp_path / "out").exists()


def test_a_stage_is_made_where_its_runtime_is_not_and_needs_it_where_it_works(
    monkeypatch: pytest.MonkeyPatch, samples: Path
) -> None:
    monkeypatch.setattr(choice, "openvino_version", lambda: None)
    stage = salient_crop.CropBatch(cropper="centre", runtime="openvino")
    with pytest.raises(ValueError, match="^runtime: 'openvino' is not installed"):
        stage({"image": [samples / "cat.jpg"]})
    with pytest.raises(ValueError, match="^runtime: 'onnx' is none of"):
        salient_crop.CropBatch(cropper="centre", runtime="onnx")


@pytest.mark.parametrize("run", [salient_crop.crop_folder, salient_crop.crop_shards])
def test_less_precision_is_refused_where_workers_have_gpus(
    run: Callable[..., Any], tmp_path: Path, samples: Path
) -> None:
    pytest.importorskip("pyarrow")
    asked = {"engine": "ray", "gpus_per_worker": 1, "runtime": "torch", "precision": "bfloat16"}
    with pytest.raises(ValueError, match="^precision: bfloat16: is for the CPU, and does nothing on cuda$"):
        run(samples / "cat.jpg" if run is salient_crop.crop_folder else tmp_path / "0.tar", tmp_path / "out", **asked)
    assert not (tmp_path / "out").exists()


def test_a_worker_without_the_runtime_of_its_run_refuses_the_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(choice, "openvino_version", lambda: "2026.1")
    where_it_began = salient_crop.load_cropper("focus", runtime="openvino")
    settings = CropSettings.for_cropper(where_it_began, salient_crop.Constraint((salient_crop.Ratio(1, 1),)))
    work = ShardWork(str(tmp_path), str(tmp_path / "out"), settings, "focus")
    monkeypatch.setattr(choice, "openvino_version", lambda: None)
    with pytest.raises(ValueError, match="^runtime: 'openvino' is not installed"):
        ShardWorker(work)


def test_one_picture_a_folder_and_a_batch_are_cropped_alike_with_less_precision(samples: Path, tmp_path: Path) -> None:
    asked = {"device": "cpu", "runtime": "torch", "precision": "bfloat16"}
    photo = samples / "cat.jpg"
    one = salient_crop.crop(photo, "2:3", **asked)
    batch = salient_crop.CropBatch(ratios="2:3", **asked)({"image": [photo]})
    salient_crop.crop_folder(photo, tmp_path, "2:3", **asked)
    (line,) = (tmp_path / "manifest.jsonl").read_text("utf-8").splitlines()
    (crop,) = json.loads(line)["crops"]
    assert crop["box"] == batch["box"][0] == one.box.as_list()
    assert crop["score"] == pytest.approx(one.score, abs=1e-6)  # rounded
    assert batch["score"] == [one.score]
    exact = salient_crop.crop(photo, "2:3", device="cpu", runtime="torch")
    assert exact.score != one.score, "it was not run with less precision"
    noted = json.loads((tmp_path / "manifest.run.json").read_text("utf-8"))
    assert noted["settings"]["runtime"] == "torch bfloat16"
