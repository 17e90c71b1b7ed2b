"""Crop Folder in a stand-in host."""

import json
from pathlib import Path

import pytest
from comfy_stub import Interrupted
from PIL import Image
from wires import read_tree, save_folder


def test_a_folder_is_streamed_into_buckets_with_captions_and_its_failures_named(run, smartcrop, host):
    save_folder(host)
    manifest, report, sheet = run(
        "CropFolder", folder="set", cropper=smartcrop, buckets="auto:2", resolution=512, batch_size=4, layout="kohya"
    )
    lines = [json.loads(line) for line in Path(manifest).read_text(encoding="utf-8").splitlines()]
    done = [line for line in lines if line["status"] == "ok"]
    assert len(done) == 8
    assert [line["source"] for line in lines if line["status"] == "failed"] == ["broken.png"]
    assert "broken.png" in report
    sizes = []
    for line in done:
        (crop,) = line["crops"]
        path = host.base / "output" / "crops" / crop["file"]
        assert list(Image.open(path).size) == crop["bucket"]
        assert path.with_suffix(".txt").read_text(encoding="utf-8").strip() == f"caption {line['source'][1]}"
        sizes.append(tuple(crop["bucket"]))
    assert all(sizes.count(each) % 4 == 0 for each in sizes)
    assert "p3.png" in " ".join(host.said)
    assert sheet.ndim == 4


def test_an_interrupted_folder_goes_on_where_it_was(run, smartcrop, host):
    save_folder(host)
    given = {"folder": "set", "cropper": smartcrop, "buckets": "auto:2", "resolution": 512, "batch_size": 4}
    run("CropFolder", save_to="whole", **given)
    for after in (3, 4, 5):
        host.steps.clear()
        host.interrupt_after = after
        with pytest.raises(Interrupted):
            run("CropFolder", save_to="stopped", **given)
    host.interrupt_after = None
    run("CropFolder", save_to="stopped", **given)
    assert read_tree(host.base / "output" / "stopped") == read_tree(host.base / "output" / "whole")
