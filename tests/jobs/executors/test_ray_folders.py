"""Folders on a Ray cluster of two nodes on this machine; tried where Ray is installed (`pip install -e '.[ray]'`)."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from made_pictures import save_picture
from PIL import Image

import salient_crop
from salient_crop.models.registry import load_cropper

pytest.importorskip("ray")
pytest.importorskip("psutil")

PICTURES = 30
ASKED = {"cropper": "centre", "device": "cpu", "runtime": "torch"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Small pictures in two folders with captions and masks, one twice and one that is none."""
    base = tmp_path_factory.mktemp("photos")
    for number in range(PICTURES):
        path = save_picture(base / f"{number % 2}" / f"{number:02}.png", (60 + number, 80 - number), seed=number)
        path.with_suffix(".txt").write_text(f"picture {number}")
    Image.fromarray(np.full((80, 60), 200, np.uint8)).save(base / "0" / "00-masklabel.png")
    (base / "twice.png").write_bytes((base / "0" / "02.png").read_bytes())
    (base / "bad.png").write_bytes(b"no picture")
    return base


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def crop(photos, out, engine="ray", progress=None, **more):
    ratios = None if "buckets" in more else "1:1,2:3"
    workers = 2 if engine == "ray" else 1
    return salient_crop.crop_folder(
        photos, out, ratios, engine=engine, workers=workers, progress=progress, **{**ASKED, **more}
    )


SORTED = {"buckets": "64x64,64x96", "batch_size": 4, "duplicates": "skip", "dataset": "kohya"}


def test_the_same_bytes_as_without_ray(cluster, photos, tmp_path):
    for name, more in {
        "plain": {"name": "{name}_{ratio}", "save_heatmaps": True},
        "each": {"each": True, "resolution": 64, "format": "webp"},
        "dry": {"dry_run": True},
        "sorted": SORTED,
    }.items():
        there, here = (crop(photos, tmp_path / f"{name}-{engine}", engine, **more) for engine in ("ray", "threads"))
        assert (there.pictures, there.crops, there.failed) == (here.pictures, here.crops, here.failed)
        assert there.failed == 1 and there.report == here.report
        assert tree(tmp_path / f"{name}-ray") == tree(tmp_path / f"{name}-threads"), name
    again = crop(photos, tmp_path / "plain-ray", "threads", name="{name}_{ratio}", save_heatmaps=True)
    assert again.resumed == PICTURES + 1  # a run without Ray goes on where one with it has ended


def test_paths_that_are_relative_and_what_is_in_the_way(cluster, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for engine in ("ray", "threads"):
        (tmp_path / engine / "0").mkdir(parents=True)
        (tmp_path / engine / "0" / "02.txt").write_text("somebody's own")
    words = os.path.relpath(photos)
    outcomes = [crop(words, engine, engine) for engine in ("ray", "threads")]
    assert [each.failed for each in outcomes] == [2, 2]
    assert tree(tmp_path / "ray") == tree(tmp_path / "threads")
    assert (tmp_path / "ray" / "0" / "02.txt").read_text() == "somebody's own"
    lines = map(json.loads, (tmp_path / "ray" / "manifest.jsonl").read_text().splitlines())
    reasons = {each["source"]: each["reason"] for each in lines if each["status"] == "failed"}
    assert "no run wrote it" in reasons["0/02.png"]


def test_lost_workers_and_nodes_lose_nothing(cluster, workers_of, photos, tmp_path):
    killed = []

    def kill(step):
        if step.stage == "writing" and not killed:
            for process in workers_of(cluster.head_node) + workers_of(cluster.second):
                process.kill()
                killed.append("worker")
        if step.stage == "writing" and step.place == 20:
            cluster.remove_node(cluster.second, allow_graceful=False)
            killed.append("node")

    steps = []
    outcome = crop(photos, tmp_path / "there", progress=lambda step: (steps.append(step), kill(step)), **SORTED)
    assert "worker" in killed and "node" in killed and outcome.failed == 1
    crop(photos, tmp_path / "here", "threads", **SORTED)
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    written = [each.record.source for each in steps if each.stage == "writing"]
    assert len(written) == len(set(written)) == PICTURES + 2


def test_a_command_that_is_killed_goes_on(cluster, photos, tmp_path):
    out = tmp_path / "there"
    words = [str(photos), "--out", str(out), "--ratios", "1:1,2:3", "--cropper", "centre", "--device", "cpu"]
    on_ray = ["--runtime", "torch", "--engine", "ray", "--address", cluster.address]
    command = [sys.executable, "-m", "salient_crop.cli", "crop", *words, *on_ray]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(out.glob("**/*.jpg")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(list(out.glob("**/*.jpg")))
    outcome = crop(photos, out)
    assert outcome.failed == 1 and outcome.resumed >= done - 1
    crop(photos, tmp_path / "here", "threads")
    assert tree(out) == tree(tmp_path / "here")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"frames": "still"}, "frames: the frames of a clip"),
        ({"device": "cuda"}, "device: cuda needs gpus_per_worker"),
        ({"device": "auto", "gpus_per_worker": -1}, "gpus_per_worker must be above 0"),
        ({"cropper": load_cropper("centre")}, "cropper: one that is loaded stays in this process"),
    ],
)
def test_what_it_cannot_do_is_refused(photos, tmp_path, more, problem):
    with pytest.raises(ValueError, match=problem):
        crop(photos, tmp_path / "out", **more)
    assert not (tmp_path / "out").exists()
