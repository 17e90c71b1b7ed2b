"""Folders of photographs to measure on, and processes that are measured from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import numpy as np
from PIL import Image

SUFFIXES = (".jpg", ".jpeg", ".png")
GRAIN = 6  # largest noise on an enlarged photograph, of 255


@dataclass(frozen=True)
class Usage:
    """What processes that ran side by side used.

    Attributes:
        seconds: from the start of the first to the end of the last.
        cpu_seconds: of all processes.
        megabytes: peak memory of all of them; the sum of their own peaks, where none has started others.
    """

    seconds: float
    cpu_seconds: float
    megabytes: float


def copy_photographs(source: Path, count: int, out: Path, long_side: int = 0) -> Path:
    """Writes `count` JPEGs from the photographs under `source` to the new folder `out`, and returns that.

    Photographs are repeated under other names where there are fewer. With `long_side` they are resized to it and get
    noise like a camera's, so that decoding them takes as long as a camera's.
    """
    paths = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise SystemExit(f"{source}: no photographs in it")
    out.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        path = paths[index * len(paths) // count] if len(paths) >= count else paths[index % len(paths)]
        target = out / f"{index:05}.jpg"
        if not long_side and path.suffix.lower() == ".jpg":
            shutil.copy(path, target)
            continue
        picture = Image.open(path).convert("RGB")
        if long_side:
            scale = long_side / max(picture.size)
            picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
            grain = rng.integers(-GRAIN, GRAIN + 1, (picture.height, picture.width, 1), dtype=np.int16)
            picture = Image.fromarray((np.asarray(picture, np.int16) + grain).clip(0, 255).astype(np.uint8))
        picture.save(target, quality=92)
    return out


def draw_photographs(count: int, out: Path) -> Path:
    """Writes `count` small random JPEGs of several ratios, no two alike, to the new folder `out`, and returns that."""
    out.mkdir(parents=True)
    sizes = ((480, 320), (320, 480), (400, 400), (512, 288), (300, 400))
    for index in range(count):
        coarse = np.random.default_rng(index).integers(0, 256, (8, 12, 3), np.uint8)
        width, height = sizes[index % len(sizes)]
        picture = Image.fromarray(coarse).resize((width + index % 7, height), Image.Resampling.BICUBIC)
        picture.save(out / f"{index:05}.jpg", quality=90)
    return out


def run_and_measure(commands: Sequence[Sequence[str]]) -> Usage:
    """Runs all commands side by side, waits for them, and exits with the errors of the first one that fails.

    Processes that a command starts are counted too, on Linux.
    """
    if not hasattr(os, "wait4"):
        raise SystemExit("memory is measured with wait4, which Windows lacks")
    start = time.perf_counter()
    # As an installed program starts, which is compiled once: our own modules take as long to compile as to run.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    processes = [
        subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, env=environment
        )
        for command in commands
    ]
    peak, cpu = 0, 0.0
    with _Watch({process.pid for process in processes}) as watch:
        for process in processes:
            assert process.stderr is not None
            errors = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise SystemExit(f"{process.args}: {errors.decode()[-2000:]}")
            peak += usage.ru_maxrss
            cpu += usage.ru_utime + usage.ru_stime
        seconds = time.perf_counter() - start
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux kibibytes
    return Usage(
        seconds, max(cpu, watch.cpu_seconds), watch.megabytes if watch.processes > len(commands) else peak / unit
    )


class _Watch:
    """Looks at the processes of sessions while they run, a context; on Linux alone.

    Attributes:
        processes: at most at once.
        cpu_seconds: of all of them, and of those of which one of them has seen the end.
        megabytes: of memory at their peak together, what several share counted once.
    """

    def __init__(self, sessions: Set[int]) -> None:
        self.processes, self.cpu_seconds, self.megabytes = 0, 0.0, 0.0
        self._sessions, self._over = sessions, Event()
        self._thread = Thread(target=self._look_on)

    def __enter__(self) -> _Watch:
        if sys.platform == "linux":
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _look_on(self) -> None:
        looks = 0
        while not self._over.wait(0.2):
            found = [each for each in map(_look_at, Path("/proc").glob("[0-9]*")) if each and each[1] in self._sessions]
            self.processes = max(self.processes, len(found))
            self.cpu_seconds = max(self.cpu_seconds, sum(seconds for _, _, seconds in found))
            looks += 1
            if looks % 10 == 0:  # it takes a while, in which they wait
                self.megabytes = max(self.megabytes, sum(_megabytes(process) for process, _, _ in found))


def _look_at(process: Path) -> tuple[Path, int, float] | None:
    """A process with its session and its seconds of processor time; None where it has ended."""
    try:
        words = Path(process, "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return process, int(words[3]), sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def _megabytes(process: Path) -> float:
    """Of a process, with its part of what it shares; 0 where it has ended."""
    try:
        lines = Path(process, "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0) / 1024


def command_line(*words: str) -> list[str]:
    """The `salient-crop` command in this interpreter."""
    return [sys.executable, "-m", "salient_crop.cli", *words]
