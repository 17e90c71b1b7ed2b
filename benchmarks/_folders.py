"""Folders of photographs to measure on, and processes measured from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Measured:
    seconds: float
    cpu_seconds: float
    megabytes: float  # peak resident memory, summed over the processes


def photographs(source: Path, count: int, out: Path, long_side: int = 0) -> Path:
    """`count` JPEGs from `source`, over again under other names where it has fewer.

    With `long_side` they are enlarged and given a camera's noise, so that decoding them costs what a camera's do.
    """
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not found:
        raise SystemExit(f"{source}: no photographs in it")
    out.mkdir(parents=True)
    noise = np.random.default_rng(0)
    for index in range(count):
        path = found[index * len(found) // count] if len(found) >= count else found[index % len(found)]
        target = out / f"{index:05}.jpg"
        if not long_side and path.suffix.lower() == ".jpg":
            shutil.copy(path, target)
            continue
        picture = Image.open(path).convert("RGB")
        if long_side:
            scale = long_side / max(picture.size)
            picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
            grain = noise.integers(-6, 7, (picture.height, picture.width, 1), dtype=np.int16)
            picture = Image.fromarray((np.asarray(picture, np.int16) + grain).clip(0, 255).astype(np.uint8))
        picture.save(target, quality=92)
    return out


def made_up_photographs(count: int, out: Path) -> Path:
    """`count` small JPEGs of mixed ratio, no two alike, for what does not depend on what they show."""
    out.mkdir(parents=True)
    shapes = ((480, 320), (320, 480), (400, 400), (512, 288), (300, 400))
    for index in range(count):
        coarse = np.random.default_rng(index).integers(0, 256, (8, 12, 3), np.uint8)
        width, height = shapes[index % len(shapes)]
        picture = Image.fromarray(coarse).resize((width + index % 7, height), Image.Resampling.BICUBIC)
        picture.save(out / f"{index:05}.jpg", quality=90)
    return out


def measure(commands: Sequence[Sequence[str]]) -> Measured:
    """Runs all commands side by side and waits for them; raises when one of them fails."""
    if not hasattr(os, "wait4"):
        raise SystemExit("memory is measured with wait4, which Windows lacks")
    begun = time.perf_counter()
    started = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for command in commands]
    peak, cpu = 0, 0.0
    for process in started:
        assert process.stderr is not None
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{process.args}: {errors.decode()[-2000:]}")
        peak += usage.ru_maxrss
        cpu += usage.ru_utime + usage.ru_stime
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux kibibytes
    return Measured(time.perf_counter() - begun, cpu, peak / unit)


def salient_crop(*words: str) -> list[str]:
    """The command line of our own command in this interpreter."""
    return [sys.executable, "-m", "salient_crop.cli", *words]
