"""Runs over shards that end before each of their files takes its name, and are run again."""

import io
import os
from functools import partial

import pytest
from made_pictures import save_picture

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.open_folder import OpenFolder
from salient_crop.datasets.shards.tar import TarWriter
from salient_crop.jobs.bucket_options import BucketOptions
from salient_crop.jobs.prepare_shards import prepare_shards
from salient_crop.jobs.shard_worker import ShardWorker
from salient_crop.jobs.shards import crop_shards
from salient_crop.models.registry import load_cropper

pytest.importorskip("pyarrow")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

KILLED = 9
EACH, SORTED = {}, {"buckets": BucketOptions("64x64,96x64"), "resolution": 512}


@pytest.fixture
def shards(tmp_path):
    for shard in range(2):
        written = io.BytesIO()
        with TarWriter(written) as tar:
            for number in range(2):
                picture = save_picture(tmp_path / "made.png", (48, 32 + number), seed=number)
                tar.add(f"{number}.png", picture.read_bytes())
        (tmp_path / f"{shard}.tar").write_bytes(written.getvalue())
    return tmp_path


def crop(shards, out, more):
    asked = Constraint() if more else Constraint((Ratio(1, 1),))
    words = [str(shards / "{0..1}.tar")]
    run = prepare_shards(words, shards / out, load_cropper("centre"), asked, checkpoint="centre", workers=1, **more)
    with ShardWorker(run.work) as worker:
        return crop_shards(run, partial(map, worker), lambda step: None)


def crop_until(shards, out, more, count):
    """Crops in a copy of this process that ends before it gives a file its name for that time; whether it did."""
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == KILLED
    try:
        replace, names = OpenFolder.replace, iter(range(count))

        def replace_or_end(folder, old, new):
            if next(names, None) is None:
                os._exit(KILLED)
            replace(folder, old, new)

        OpenFolder.replace = replace_or_end
        crop(shards, out, more)
    finally:
        os._exit(0)


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("more", [EACH, SORTED], ids=["each", "sorted"])
def test_a_run_that_ends_anywhere_goes_on_and_ends_with_the_same_bytes(shards, more):
    crop(shards, "expected", more)
    kills = 0
    while crop_until(shards, f"out-{kills}", more, kills):
        assert crop(shards, f"out-{kills}", more).is_whole
        assert tree(shards / f"out-{kills}") == tree(shards / "expected"), kills
        kills += 1
    assert kills >= 8
