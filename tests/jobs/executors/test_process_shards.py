"""Shards in several processes of this machine, beside the same by threads."""

import os
import signal

import pytest
from made_pictures import tree
from pool_work import workers
from spread_runs import ASKED, IN_SHARD, SHARDS

import salient_crop

pytest.importorskip("pyarrow")

SORTED = {"buckets": "64x64,96x64", "batch_size": 4, "resolution": 512}


def crop(shards, out, engine, progress=None, **more):
    ratios = None if "buckets" in more else "1:1"
    asked = {"engine": engine, "workers": 2, "progress": progress, **ASKED, **more}
    return salient_crop.crop_shards(shards / "*.tar", out, ratios, **asked)


@pytest.mark.parametrize("more", [{}, SORTED], ids=["plain", "sorted"])
def test_the_same_bytes_as_by_threads(shards, tmp_path, more):
    there, here = (crop(shards, tmp_path / engine, engine, **more) for engine in ("processes", "threads"))
    assert (there.pictures.crops, there.pictures.failed) == (SHARDS * IN_SHARD, SHARDS)
    assert there.pictures == here.pictures and there.plan == here.plan
    assert tree(tmp_path / "processes") == tree(tmp_path / "threads")
    assert crop(shards, tmp_path / "processes", "auto", **more).resumed == SHARDS


def test_lost_workers_lose_nothing(shards, tmp_path):
    killed = []

    def kill(step):
        if step.done == 1:
            for each in workers():
                os.kill(each.pid, signal.SIGKILL)
                killed.append(each.pid)

    outcome = crop(shards, tmp_path / "there", "processes", kill)
    assert killed and outcome.pictures.crops == SHARDS * IN_SHARD and not outcome.unreadable
    crop(shards, tmp_path / "here", "threads")
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
