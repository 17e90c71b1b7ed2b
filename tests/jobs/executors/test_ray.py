"""Shards on a Ray cluster of two nodes on this machine; tried where Ray is installed (`pip install -e '.[ray]'`)."""

from functools import partial

import pytest
from made_pictures import tree
from spread_runs import IN_SHARD, SHARDS

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.jobs.bucket_options import BucketOptions
from salient_crop.jobs.executors.ray import RayPool, ray_cluster
from salient_crop.jobs.prepare_shards import prepare_shards
from salient_crop.jobs.shard_engine import shards_on_pool
from salient_crop.jobs.shard_worker import ShardWorker
from salient_crop.jobs.shards import crop_shards
from salient_crop.models.registry import load_cropper

pytest.importorskip("ray")
pytest.importorskip("pyarrow")
pytest.importorskip("psutil")


def shard_run(shards, out, **more):
    asked = Constraint() if "buckets" in more else Constraint((Ratio(1, 1),))
    words = [str(shards / "*.tar")]
    return prepare_shards(words, out, load_cropper("centre"), asked, checkpoint="centre", workers=2, **more)


def crop_here(shards, out, **more):
    run = shard_run(shards, out, **more)
    with ShardWorker(run.work) as worker:
        return crop_shards(run, partial(map, worker), lambda step: None)


def crop_there(shards, out, progress=lambda step: None, **more):
    run = shard_run(shards, out, **more)
    with ray_cluster(RayPool(workers=2)) as cluster:
        return crop_shards(run, shards_on_pool(run.work, cluster), progress)


def test_the_same_bytes_as_on_one_machine(cluster, shards, tmp_path):
    there = crop_there(shards, tmp_path / "there")
    here = crop_here(shards, tmp_path / "here")
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    assert (there.pictures.crops, there.pictures.failed) == (here.pictures.crops, here.pictures.failed)
    assert crop_there(shards, tmp_path / "there").resumed == SHARDS

    asked = {"buckets": BucketOptions("64x64,96x64", batch_size=4), "resolution": 512}
    there = crop_there(shards, tmp_path / "sorted there", **asked)
    here = crop_here(shards, tmp_path / "sorted here", **asked)
    assert there.plan == here.plan and there.plan.gap == 0
    assert tree(tmp_path / "sorted there") == tree(tmp_path / "sorted here")


def test_lost_workers_and_nodes_lose_nothing(cluster, workers_of, shards, tmp_path):
    killed = []

    def kill(step):
        if step.done == 1:
            for node in (cluster.head_node, cluster.second):
                for process in workers_of(node):
                    process.kill()
                    killed.append("worker")
        if step.done == 3:
            cluster.remove_node(cluster.second, allow_graceful=False)
            killed.append("node")

    outcome = crop_there(shards, tmp_path / "there", kill)
    assert "worker" in killed and "node" in killed
    assert outcome.pictures.crops == SHARDS * IN_SHARD and not outcome.unreadable
    crop_here(shards, tmp_path / "here")
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
