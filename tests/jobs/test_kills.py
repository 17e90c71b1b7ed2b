"""Runs in processes of their own that are killed anywhere, and end with the same bytes when they are run again."""

import os
import random
import signal
import sys
import time
import traceback
from dataclasses import replace
from functools import partial

import pytest
from PIL import Image

from salient_crop.bucketing.grids import parse_grid
from salient_crop.datasets.formats import get_format
from salient_crop.images.decode import Picture
from salient_crop.jobs.settings import BucketSettings

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture
def many(folder):
    """So many pictures that a kill finds the run at work."""
    for index in range(20):
        folder.add(f"{index:02}.jpg", ((60, 40), (40, 60), (50, 50))[index % 3], index)
        (folder.photos / f"{index:02}.txt").write_text(f"{index}")
    (folder.photos / "bad.jpg").write_text("no picture")
    return folder


@pytest.fixture
def slow(monkeypatch):
    """Every picture and every file takes a moment."""
    small, save = Picture.small, Image.Image.save

    def slow_small(*given, **options):
        time.sleep(0.01)
        return small(*given, **options)

    def slow_save(*given, **options):
        time.sleep(0.01)
        save(*given, **options)

    monkeypatch.setattr(Picture, "small", slow_small)
    monkeypatch.setattr(Image.Image, "save", slow_save)


def start(work):
    """A copy of this process that does the work and ends."""
    process = os.fork()
    if process:
        return process
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
        os._exit(1)


def finished_lines(folder, sign="manifest*.part"):
    """Lines of the journal of that pattern, its header among them; 0 where there is none."""
    return sum(path.read_bytes().count(b"\n") for path in folder.glob(sign))


def kill_after(process, lines, count, delay):
    """Kills a process a moment after its journal has so many lines; tells whether it was still at work."""
    while lines() < count:
        if os.waitpid(process, os.WNOHANG)[0]:
            return False
        time.sleep(0.002)
    time.sleep(delay)
    os.kill(process, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


def test_a_folder(many, slow):
    undisturbed, chance = many.out.with_name("undisturbed"), random.Random(7)
    settings = many.settings(resolution=64)
    many.crop(settings, out=undisturbed, workers=2)
    kills = 0
    for count in (1, 4, 9, 14):
        process = start(lambda: many.crop(settings, workers=2))
        kills += kill_after(process, partial(finished_lines, many.out), count, chance.uniform(0, 0.05))
        for path in many.out.rglob("*.jpg"):  # whatever has its name is whole
            Image.open(path).load()
    assert kills >= 2
    outcome = many.crop(settings, workers=2)
    assert outcome.resumed > 0
    assert many.tree() == many.tree(undisturbed)


def test_a_folder_into_buckets(many, slow):
    undisturbed, chance = many.out.with_name("undisturbed"), random.Random(3)
    buckets = BucketSettings(parse_grid("auto:2", 256), 256, batch_size=4, duplicates="skip")
    settings = replace(many.settings(), buckets=buckets, dataset=get_format("kohya")("cat", 2, 4))
    many.crop(settings, out=undisturbed, workers=2)
    kills, journals = 0, set()
    for sign, count in (
        ("*.measured", 5),
        ("manifest*.part", 1),
        ("manifest*.part", 12),
    ):  # while measuring, while writing, and late
        process = start(lambda: many.crop(settings, workers=2))
        kills += kill_after(process, partial(finished_lines, many.out, sign), count, chance.uniform(0, 0.05))
        journals |= {path.suffix for path in many.out.glob("manifest.jsonl.*")}
    assert kills >= 2
    assert journals == {".measured", ".part"}
    many.crop(settings, workers=2)
    assert many.tree() == many.tree(undisturbed)
