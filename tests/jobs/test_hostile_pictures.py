"""Runs over folders in which some pictures are made to cost far more than they show: each fails alone, by name."""

import time

import pytest
from hostile_pictures import (
    exif_bomb,
    jpeg_of_scans,
    jpeg_with_exif,
    run_length_bmp,
    tiff_of_tile,
    webp_of_one_colour,
)
from PIL import Image, features

from salient_crop.bucketing.grids import parse_grid
from salient_crop.datasets.manifest import read_manifest
from salient_crop.images.reader import PictureReader
from salient_crop.jobs.settings import BucketSettings

MB = 10**6
HOSTILE = {
    "canvas.webp": (webp_of_one_colour(13_000, 13_000), "it needs about 1.5 GB of memory"),
    "exif.jpg": (jpeg_with_exif(exif_bomb()), "its metadata claim 300 MB out of 0.1 MB"),
    "limit.webp": (webp_of_one_colour(16_383, 16_383), "16383×16383 pixels, over the limit of 178,956,970"),
    "rows.bmp": (run_length_bmp(13_000, 13_000), "it needs about 1.4 GB of memory"),
    "scans.jpg": (jpeg_of_scans(3000), "a JPEG of more than 100 scans"),
    "tile.tiff": (tiff_of_tile(64, 64, 24_000), "it needs about 2.5 GB of memory"),
}


@pytest.fixture
def hostile(folder):
    """The folder of three pictures with each of the hostile ones."""
    for name, (content, _) in HOSTILE.items():
        (folder.photos / name).write_bytes(content)
    return folder


def reasons(folder):
    return {each.source: each.reason for each in read_manifest(folder.out / "manifest.jsonl") if each.reason}


def assert_each_failed_alone(folder, outcome):
    found = reasons(folder)
    assert found.keys() == HOSTILE.keys()
    for name, (_, words) in HOSTILE.items():
        assert found[name].startswith(words), name
    assert (outcome.pictures, outcome.failed, outcome.crops) == (9, 6, 3)


@pytest.mark.parametrize("workers", [1, 3])
def test_each_fails_alone(hostile, workers):
    outcome = hostile.crop(workers=workers, memory=200 * MB)
    assert_each_failed_alone(hostile, outcome)
    assert {"a.jpg", "b.jpg", "trip/c.jpg"} < hostile.tree().keys()


def test_each_fails_alone_before_it_is_planned(hostile):
    settings = hostile.settings(buckets=BucketSettings(parse_grid("auto:2", 256), 256, duplicates="skip"))
    assert_each_failed_alone(hostile, hostile.crop(settings, workers=2, memory=200 * MB))


def test_a_picture_that_takes_too_long_fails_alone(folder):
    (folder.photos / "slow.bmp").write_bytes(run_length_bmp(8000, 7500))
    (folder.photos / "z.gif").write_bytes((folder.photos / "a.png").read_bytes())
    run_of = folder.run

    def impatient(*given, **more):
        run = run_of(*given, **more)
        run.__dict__["reader"] = PictureReader(seconds=1.5)
        return run

    folder.run = impatient
    outcome = folder.crop(workers=2)
    assert reasons(folder) == {"slow.bmp": "decoding it takes longer than 1.5 s, so it was given up"}
    assert outcome.crops == 4


@pytest.mark.parametrize("buckets", [None, BucketSettings(parse_grid("auto:2", 256), 256)])
def test_an_interrupt_does_not_wait_for_a_slow_decoder(folder, buckets):
    (folder.photos / "b.bmp").write_bytes(run_length_bmp(8000, 7500))
    begun = time.monotonic()

    def stop(step):
        time.sleep(0.3)  # the slow one has begun
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder.crop(folder.settings(buckets=buckets), workers=2, progress=stop)
    assert time.monotonic() - begun < 12


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_a_picture_that_failed_for_want_of_memory_is_done_once_there_is_more(folder):
    Image.new("RGB", (1200, 800), "red").save(folder.photos / "large.avif", speed=10)
    assert folder.crop(memory=20 * MB).failed == 1
    assert reasons(folder)["large.avif"].startswith("it needs about 3")
    outcome = folder.crop(memory=200 * MB)
    assert (outcome.failed, outcome.resumed, outcome.crops) == (0, 3, 4)


@pytest.mark.parametrize("each", [False, True])
def test_no_byte_depends_on_the_memory_the_workers_or_the_process(folder, each):
    for index, extension in enumerate(("jpg", "tiff", "gif", "png", "webp")):
        folder.add(f"large{index}.{extension}", (900, 600), seed=index)
        folder.add(f"large{index}-masklabel.png", (900, 600), seed=9 - index)
    settings = folder.settings(resolution=64, each=each)
    folder.crop(settings)
    for index, (memory, workers) in enumerate(((24 * MB, 3), (60 * MB, 2), (10**10, 4))):
        other = folder.out.with_name(f"out{index}")
        assert folder.crop(settings, out=other, workers=workers, memory=memory).failed == 0
        assert folder.tree(other) == folder.tree()


def test_masks_are_read_within_the_budget_too(folder):
    folder.add("large.png", (40, 30))
    (folder.photos / "large-masklabel.png").write_bytes(tiff_of_tile(40, 30, 9000))  # whatever its name says
    assert folder.crop(memory=100 * MB).failed == 1
    assert reasons(folder)["large.png"].startswith("large-masklabel.png: it needs about 3")
