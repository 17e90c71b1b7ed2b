"""Folders on a Ray cluster of two nodes on this machine; tried where Ray is installed (`pip install -e '.[ray]'`)."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from made_pictures import tree
from spread_runs import PICTURES, SORTED, WAYS, crop

from salient_crop.models.registry import load_cropper

pytest.importorskip("ray")
pytest.importorskip("psutil")


def test_the_same_bytes_as_without_ray(cluster, photos, tmp_path):
    for name, more in WAYS.items():
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
    outcome = crop(photos, tmp_path / "there", "ray", progress=lambda step: (steps.append(step), kill(step)), **SORTED)
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
    outcome = crop(photos, out, "ray")
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
        crop(photos, tmp_path / "out", "ray", **more)
    assert not (tmp_path / "out").exists()
