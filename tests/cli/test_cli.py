"""The command in a process of its own, stopped by its user."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from salient_crop.cli import main as cli


def picture(path: Path, size=(120, 80), seed=0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
    return path


def command(photos: Path, out: Path) -> list[str]:
    """A process of its own that is slow enough to be killed half-way."""
    code = (
        "import importlib.util, sys, time\n"
        f"root = {str(Path(cli.__file__).parents[1])!r}\n"
        "spec = importlib.util.spec_from_file_location('salient_crop', root + '/__init__.py', "
        "submodule_search_locations=[root])\n"
        "sys.modules['salient_crop'] = importlib.util.module_from_spec(spec)\n"
        "from salient_crop.cli import main as cli\n"
        "from PIL import Image\n"
        "save = Image.Image.save\n"
        "def slow(image, file, *args, **options):\n"
        "    file.write(b'half a picture'); file.flush(); time.sleep(0.03); file.seek(0); file.truncate()\n"
        "    save(image, file, *args, **options)\n"
        "Image.Image.save = slow\n"
        "print('ready', flush=True)\n"
        "sys.exit(cli.main(sys.argv[1:]))\n"
    )
    words = ["crop", str(photos), "--out", str(out), "--cropper", "centre", "--each", "--workers", "2"]
    return [sys.executable, "-c", code, *words]


def started(photos: Path, out: Path) -> subprocess.Popen:
    process = subprocess.Popen(command(photos, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def many(tmp_path) -> Path:
    for index in range(12):
        picture(tmp_path / "many" / f"{index:02}.jpg", (150 + index, 100), index)
    (tmp_path / "many" / "03.txt").write_text("three")
    (tmp_path / "many" / "bad.jpg").write_text("no picture")
    return tmp_path / "many"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupt_stops_soon_and_leaves_no_half_file(many, tmp_path):
    for index in range(12, 100):  # so many that the interrupt comes before the end, however fast the machine
        picture(many / f"{index:02}.jpg", (150 + index, 100), index)
    process = started(many, tmp_path / "out")
    wait_until(lambda: list((tmp_path / "out").rglob("*.jpg")), process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert len(list((tmp_path / "out").rglob("*.jpg"))) < 300
    assert "goes on from here" in errors
    assert "Traceback" not in errors
    assert not list((tmp_path / "out").rglob(".salient-crop-*"))


def wait_until(condition, process: subprocess.Popen) -> None:
    while process.poll() is None and not condition():
        time.sleep(0.005)
