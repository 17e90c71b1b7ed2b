"""How tasks are handed to workers, here without Ray: what is lost, given up, and never started too soon."""

from collections import deque
from pathlib import Path

import pytest

from salient_crop.cropping.constraint import Constraint
from salient_crop.jobs.corrections import NO_CORRECTIONS
from salient_crop.jobs.executors.pool import MAX_LOST, hand_out
from salient_crop.jobs.executors.ray import _Actors, share_nodes
from salient_crop.jobs.folder import CropTask
from salient_crop.jobs.picture_worker import PictureDone, PictureWork, split
from salient_crop.jobs.run import FolderRun
from salient_crop.jobs.settings import CropSettings
from salient_crop.jobs.shard_engine import ShardPoolWork
from salient_crop.jobs.shard_work import ShardResult, ShardTask, ShardWork

SETTINGS = CropSettings("centre", "", Constraint())
SHARDS = ShardPoolWork(ShardWork("in", "out", SETTINGS, "centre"))
PICTURES = PictureWork(
    FolderRun(Path("in"), Path("out"), Path("out/manifest.jsonl"), SETTINGS), NO_CORRECTIONS, "centre", "cpu"
)


class LostError(Exception):
    pass


class TaskError(Exception):
    def __init__(self, cause):
        self.cause = cause


class FakeRay:
    """Of Ray, what the pool needs; what was asked for first is done first.

    Args:
        outcome: (shard, or None where an actor begins) → a result, or the error that `get` raises.
    """

    class exceptions:
        RayError, RayTaskError = LostError, TaskError

    def __init__(self, outcome):
        self.outcome, self.queue, self.killed = outcome, deque(), []
        self.made, self.most = 0, 0

    def make(self):
        self.made += 1
        return FakeActor(self, self.made)

    def submit(self, shard):
        reference = (len(self.queue), object(), shard)
        self.queue.append(reference)
        self.most = max(self.most, sum(each[2] is not None for each in self.queue))
        return reference

    def wait(self, references, num_returns):
        assert set(references) == set(self.queue)
        return [self.queue[0]], []

    def get(self, reference):
        self.queue.remove(reference)
        found = self.outcome(reference[2])
        if isinstance(found, Exception):
            raise found
        return found

    def kill(self, actor):
        self.killed.append(actor.number)
        self.queue = deque(each for each in self.queue if each not in actor.references)


class FakeActor:
    def __init__(self, ray, number):
        self.number, self.references = number, []
        self.begin = self.work = self
        self._ray = ray

    def remote(self, task=None):
        self.references.append(self._ray.submit(task.shard if isinstance(task, ShardTask) else task))
        return self.references[-1]


def tasks(count, read=None):
    for number in range(count):
        if read is not None:
            read.append(number)
        yield ShardTask(f"{number}.tar")


def done(shard):
    return shard and ShardResult(ShardTask(shard))


def run(ray, given, workers):
    return [each.result for each in hand_out(_Actors(ray, ray.make), SHARDS, given, workers)]


def names(results):
    return [each.task.shard for each in results]


@pytest.mark.parametrize("workers", [1, 3, 9])
def test_every_shard_is_done_once(workers):
    ray = FakeRay(done)
    assert sorted(names(run(ray, tasks(5), workers))) == [f"{number}.tar" for number in range(5)]
    assert ray.most <= workers and ray.made == min(workers, 5)


def test_without_shards_no_actor_is_made():
    ray = FakeRay(done)
    assert run(ray, tasks(0), 3) == [] and ray.made == 0


def test_shards_are_read_only_as_far_as_there_are_actors():
    read = []
    ray = FakeRay(done)
    results = hand_out(_Actors(ray, ray.make), SHARDS, tasks(100, read), 2)
    next(results)
    assert len(read) <= 5
    results.close()
    assert set(ray.killed) >= {1, 2}


def test_a_shard_whose_worker_is_lost_is_done_by_another():
    losses = {"1.tar": 2}

    def outcome(shard):
        if losses.get(shard, 0):
            losses[shard] -= 1
            return LostError()
        return done(shard)

    ray = FakeRay(outcome)
    results = run(ray, tasks(4), 2)
    assert sorted(names(results)) == ["0.tar", "1.tar", "2.tar", "3.tar"]
    assert not any(each.error for each in results) and ray.made == 4


def test_a_shard_that_kills_its_workers_is_given_up_and_the_others_are_done():
    ray = FakeRay(lambda shard: LostError() if shard == "1.tar" else done(shard))
    results = {each.task.shard: each.error for each in run(ray, tasks(3), 2)}
    assert results == {"0.tar": "", "2.tar": "", "1.tar": f"{MAX_LOST} workers were lost over it"}


def test_the_last_shard_is_done_even_if_its_worker_is_lost_when_all_others_are_idle():
    losses = ["1.tar"]

    def outcome(shard):
        return LostError() if shard in losses and losses.pop() else done(shard)

    assert sorted(names(run(FakeRay(outcome), tasks(2), 5))) == ["0.tar", "1.tar"]


def test_what_a_worker_raises_ends_the_run():
    ray = FakeRay(lambda shard: TaskError(OSError(28, "No space left")) if shard else None)
    with pytest.raises(OSError, match="No space"):
        run(ray, tasks(3), 2)
    assert set(ray.killed) >= {1, 2}


def test_workers_that_never_begin_end_the_run():
    with pytest.raises(ConnectionError, match="no worker can be started: gone"):
        run(FakeRay(lambda shard: LostError("gone\nand more")), tasks(3), 2)


def test_a_picture_that_kills_its_workers_is_given_up_and_the_others_of_its_chunk_are_done():
    def outcome(chunk):
        sources = [each.source for each in chunk or ()]
        return LostError() if "2.jpg" in sources else [PictureDone(source) for source in sources]

    given = split((CropTask(source=f"{number}.jpg", name=str(number)) for number in range(7)), 4)
    ray = FakeRay(outcome)
    results = [done for each in hand_out(_Actors(ray, ray.make), PICTURES, given, 2) for done in each.result]
    records = [each.result for each in results if not isinstance(each.result, str)]
    assert sorted(each.result for each in results if isinstance(each.result, str)) == [
        f"{number}.jpg" for number in (0, 1, 3, 4, 5, 6)
    ]
    assert [(each.source, each.reason) for each in records] == [("2.jpg", f"{MAX_LOST} workers were lost over it")]


@pytest.mark.parametrize(
    ("nodes", "gpus", "shared"),
    [
        ([{"CPU": 4}, {"CPU": 2}], 0, (6, 1)),
        ([{}], 0, (1, 1)),
        ([{"CPU": 16, "GPU": 1}], 1, (1, 16)),
        ([{"CPU": 16, "GPU": 1}], 0.25, (4, 4)),
        ([{"CPU": 16, "GPU": 1}], 0.1, (10, 1)),
        ([{"CPU": 16, "GPU": 8}, {"CPU": 128}], 1, (8, 2)),  # the cores of the other node are of no use
        ([{"CPU": 4, "GPU": 1}, {"CPU": 32, "GPU": 2}], 1, (3, 4)),  # as many as every node has
        ([{"CPU": 2, "GPU": 4}], 1, (2, 1)),
        ([{"CPU": 8, "GPU": 3}], 2, (1, 8)),
    ],
)
def test_workers_share_the_cores_of_their_own_nodes(nodes, gpus, shared):
    assert share_nodes(nodes, gpus) == shared


@pytest.mark.parametrize("nodes", [[], [{"CPU": 8}], [{"CPU": 8, "GPU": 1}, {"CPU": 8, "GPU": 1}]])
def test_gpus_that_no_node_has_are_refused(nodes):
    with pytest.raises(ValueError, match="gpus_per_worker: no node of the cluster has 2 GPUs"):
        share_nodes(nodes, 2)
