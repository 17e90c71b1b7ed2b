"""The command as a process of its own: how it starts helpers, and how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest
from own_process import ROOT, heed_interrupts, ignore_interrupts, processes_of, wait_for_end

from salient_crop.cli import early_start
from salient_crop.cli.early_start import _needs_processes
from salient_crop.jobs.defaults import MANY_PICTURES, MANY_SLOW_PICTURES

COMMAND = [sys.executable, "-m", "salient_crop.cli"]


def start(*words: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )


def test_its_status_is_that_of_the_command_and_all_that_it_says_is_seen() -> None:
    process = start("croppers")
    said, problems = process.communicate()
    assert (process.returncode, problems) == (0, "") and said.startswith("Bundled, by name:") and said.endswith("\n")
    assert start("crop", "nowhere", "--out", "out").wait() == 2


def test_nobody_has_to_read_all_that_it_says() -> None:
    read, write = os.pipe()
    os.close(read)
    process = start("croppers", stdout=write)
    os.close(write)
    assert (process.communicate()[1], process.returncode) == ("", 1)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    for number in range(MANY_PICTURES):
        (folder / "below" / f"{number}.jpg").touch()
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no helper starts early")
@pytest.mark.parametrize("after", [0, 0.5, 1.5])
def test_an_interrupt_while_it_starts_ends_it_and_its_helpers_quietly(
    photos: Path, tmp_path: Path, after: float
) -> None:
    first = shutil.copy(ROOT / "samples" / "astronaut.jpg", photos / "astronaut.jpg")
    for number in range(6 * MANY_PICTURES):  # so that it is still at work then, however fast
        os.link(first, photos / f"{number}.jpg")
    process = start("crop", str(photos), "--out", str(tmp_path / "out"), "--device", "cpu", "--workers", "2")
    while len(processes_of(process.pid)) < 2:
        time.sleep(0.01)
    time.sleep(after)
    os.killpg(process.pid, signal.SIGINT)
    problems = process.communicate()[1]
    assert "Traceback" not in problems
    assert process.returncode in (130, -signal.SIGINT)
    wait_for_end(process.pid)


INTERRUPTED_BY_ITSELF = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
STARTS_A_HELPER = f"""
import subprocess, sys
from salient_crop.cli.early_start import _interrupts_held_back
try:
    with _interrupts_held_back():
        {INTERRUPTED_BY_ITSELF}
        helped = subprocess.run([sys.executable, "-c", "{INTERRUPTED_BY_ITSELF}"]).returncode == 0
except KeyboardInterrupt:
    print("interrupted", helped)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no helper starts early")
def test_an_interrupt_while_a_helper_is_started_is_for_the_command_alone() -> None:
    command = [sys.executable, "-c", STARTS_A_HELPER]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, preexec_fn=heed_interrupts).stdout
    assert said == "interrupted True\n"


SWALLOWS_AN_INTERRUPT = f"""
from salient_crop.cli.process import ended_by_interrupts
with ended_by_interrupts():
    try:
        {INTERRUPTED_BY_ITSELF}
    except KeyboardInterrupt:
        pass
print("goes on")
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("ended", [True, False])
def test_no_interrupt_is_swallowed_while_nothing_has_begun_unless_it_is_ignored(ended: bool) -> None:
    command = [sys.executable, "-c", SWALLOWS_AN_INTERRUPT]
    disposition = heed_interrupts if ended else ignore_interrupts
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, preexec_fn=disposition)
    assert (process.returncode, process.stdout) == ((-signal.SIGINT, "") if ended else (0, "goes on\n"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process is forked from it")
def test_what_workers_share_ends_no_other_process() -> None:
    code = "import salient_crop.cli.preloaded; print('said'); raise SystemExit(3)"
    process = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert (process.returncode, process.stdout) == (3, "said\n")


def chosen(pictures: list[str | Path], **more: object) -> Namespace:
    return Namespace(pictures=pictures, **{"engine": "auto", "workers": 2, "device": "auto", "frames": "each", **more})


@pytest.mark.parametrize(
    ("more", "needed"),
    [
        ({}, True),
        ({"workers": 1}, False),
        ({"engine": "threads"}, False),
        ({"engine": "ray"}, False),
        ({"device": "cuda"}, False),
        ({"device": "cuda", "engine": "processes"}, True),
        ({"frames": "still"}, False),
    ],
)
def test_workers_are_started_early_where_they_will_be_needed(
    photos: Path, more: dict[str, object], needed: bool
) -> None:
    assert _needs_processes(chosen([photos], **more)) == needed


def test_a_folder_of_few_pictures_needs_none(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (photos / "below" / "0.jpg").unlink()
    assert not _needs_processes(chosen([photos]))
    assert not _needs_processes(chosen(["nowhere", "*.jpg"]))
    assert _needs_processes(chosen(["a.jpg"] * MANY_PICTURES))
    assert not _needs_processes(chosen(["a.jpg"] * MANY_SLOW_PICTURES))
    assert _needs_processes(chosen(["a.jpg"] * MANY_SLOW_PICTURES, framing="as people crop"))
    monkeypatch.setattr(early_start, "available_cores", lambda: 1)
    assert not _needs_processes(chosen(["a.jpg"] * MANY_PICTURES, workers=None))
