"""Folders in several processes of this machine, beside the same by threads."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from made_pictures import save_picture, tree
from own_process import heed_interrupts, wait_for_end
from pool_work import workers
from spread_runs import PICTURES, SORTED, WAYS, crop

from salient_crop.datasets.part_names import is_part_name
from salient_crop.jobs import picture_engine
from salient_crop.jobs.executors import processes
from salient_crop.models.registry import load_cropper

TIMES = 10


@pytest.mark.parametrize("way", WAYS)
def test_the_same_bytes_as_by_threads(photos, tmp_path, way):
    there, here = (crop(photos, tmp_path / engine, engine, **WAYS[way]) for engine in ("processes", "threads"))
    assert (there.pictures, there.crops, there.failed) == (here.pictures, here.crops, here.failed)
    assert there.failed == 1 and there.report == here.report
    assert tree(tmp_path / "processes") == tree(tmp_path / "threads")
    assert not workers()
    if way == "plain":
        again = crop(photos, tmp_path / "processes", "threads", **WAYS[way])
        assert again.resumed == PICTURES + 1  # a run by threads goes on where one by processes has ended


def test_lost_workers_lose_nothing(photos, tmp_path):
    killed = []

    def kill(step):
        if step.place in (5, 15) and len(killed) < 4:
            for each in workers():
                os.kill(each.pid, signal.SIGKILL)
                killed.append(each.pid)

    outcome = crop(photos, tmp_path / "there", "processes", progress=kill, **SORTED)
    assert len(killed) == 4 and outcome.failed == 1
    crop(photos, tmp_path / "here", "threads", **SORTED)
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_a_picture_too_large_for_a_share_of_the_memory_is_cropped_with_all_of_it(tmp_path):
    for number, size in enumerate([(80, 60), (1800, 1500), (60, 80)]):
        save_picture(tmp_path / "photos" / f"{number}.png", size, seed=number)
    outcomes = {
        engine: crop(tmp_path / "photos", tmp_path / engine, engine, memory=60_000_000)
        for engine in ("processes", "threads")
    }
    assert [each.failed for each in outcomes.values()] == [0, 0]
    assert tree(tmp_path / "processes") == tree(tmp_path / "threads")
    too_large = crop(tmp_path / "photos", tmp_path / "less", "processes", memory=20_000_000)
    assert too_large.failed == 1
    assert "all pictures together may take 20 MB" in (tmp_path / "less" / "manifest.jsonl").read_text()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_command_that_is_stopped_leaves_no_process_and_goes_on(photos, tmp_path, end):
    for number in range(TIMES):  # so that there is something to stop
        shutil.copytree(photos, tmp_path / "photos" / f"{number}")
    photos, out = tmp_path / "photos", tmp_path / "there"
    words = [str(photos), "--out", str(out), "--ratios", "1:1,2:3", "--cropper", "centre", "--device", "cpu"]
    by_processes = ["--runtime", "torch", "--engine", "processes", "--workers", "2"]
    command = [sys.executable, "-m", "salient_crop.cli", "crop", *words, *by_processes]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    while process.poll() is None and not list(out.glob("**/*.jpg")):
        time.sleep(0.01)
    os.killpg(process.pid, end) if end == signal.SIGINT else process.kill()
    said = process.communicate()[1]
    if end == signal.SIGINT:
        assert process.returncode == 130, said
        assert "Traceback" not in said and "goes on from here" in said
        assert not any(is_part_name(each.name) for each in out.rglob("*"))
    wait_for_end(process.pid)
    done = len(list(out.glob("**/*.jpg")))
    outcome = crop(photos, out, "processes")
    assert outcome.failed == TIMES and outcome.resumed >= done - 1
    crop(photos, tmp_path / "here", "threads")
    assert tree(out) == tree(tmp_path / "here")


@pytest.mark.parametrize(("many", "spread"), [(PICTURES, True), (PICTURES + 3, False)])
def test_only_many_pictures_are_spread_over_processes_where_nothing_is_said(
    photos, tmp_path, monkeypatch, many, spread
):
    monkeypatch.setattr(picture_engine, "MANY_PICTURES", many)
    seen = []
    crop(photos, tmp_path / "out", "auto", progress=lambda step: seen.extend(workers()))
    assert bool(seen) == spread


def test_fewer_pictures_are_spread_where_each_takes_longer(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(picture_engine, "MANY_SLOW_PICTURES", PICTURES)
    seen = []
    crop(photos, tmp_path / "out", "auto", progress=lambda step: seen.extend(workers()), framing="as people crop")
    assert seen


@pytest.mark.parametrize("more", [{"workers": 1}, {"cropper": load_cropper("centre")}])
def test_what_processes_cannot_do_is_done_by_threads_where_nothing_is_said(photos, tmp_path, monkeypatch, more):
    monkeypatch.setattr(picture_engine, "MANY_PICTURES", 2)
    seen = []
    crop(photos, tmp_path / "out", "auto", progress=lambda step: seen.extend(workers()), **more)
    assert not seen


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"frames": "still"}, "frames: the frames of a clip"),
        ({"cropper": load_cropper("centre")}, "cropper: one that is loaded stays in this process"),
        ({"address": "auto"}, "address: does nothing without engine ray"),
    ],
)
def test_what_they_cannot_do_is_refused(photos, tmp_path, more, problem):
    with pytest.raises(ValueError, match=problem):
        crop(photos, tmp_path / "out", "processes", **more)
    assert not (tmp_path / "out").exists()


def test_processes_that_are_not_forked_write_the_same(photos, tmp_path, monkeypatch):
    spawn = multiprocessing.get_context("spawn")
    monkeypatch.setattr(processes, "_context", lambda: spawn)
    for engine in ("processes", "threads"):
        crop(photos, tmp_path / engine, engine, **WAYS["each"])
    assert tree(tmp_path / "processes") == tree(tmp_path / "threads")
