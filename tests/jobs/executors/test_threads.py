"""Many items at once: order, how far ahead is read, and what ends a stage."""

import threading
import time

import pytest
import torch

from salient_crop.jobs.executors.threads import map_in_order, run_stage, single_threaded_torch


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_results_come_in_the_order_of_the_items(workers, count):
    def slow_at_first(item):
        time.sleep(0.002 * (item % 3 == 0))
        return item * item

    assert list(map_in_order(slow_at_first, range(count), workers)) == [item * item for item in range(count)]


def test_items_are_read_only_as_far_ahead_as_needed():
    read = []

    def items():
        for item in range(100):
            read.append(item)
            yield item

    results = map_in_order(lambda item: item, items(), 2)
    assert next(results) == 0
    assert len(read) == 8  # four a worker
    next(results)
    assert len(read) == 9
    results.close()
    assert len(read) == 9


def test_workers_work_at_the_same_time():
    together = threading.Barrier(3, timeout=10)
    assert list(map_in_order(lambda _: together.wait() >= 0, range(3), 3)) == [True] * 3


def test_an_error_ends_the_loop_and_cancels_what_has_not_started():
    started = []

    def work(item):
        started.append(item)
        if item == 1:
            raise ValueError("item 1")
        return item

    results = map_in_order(work, range(100), 1)
    assert next(results) == 0
    with pytest.raises(ValueError, match="item 1"):
        list(results)
    assert max(started) < 10


def test_a_stage_finishes_every_item_in_the_callers_thread():
    finished = []
    run_stage(lambda item: item + 1, range(20), 3, lambda item: finished.append((item, threading.current_thread())))
    assert [item for item, _ in finished] == list(range(1, 21))
    assert {thread for _, thread in finished} == {threading.current_thread()}


@pytest.mark.parametrize("where", ["work", "finish"])
def test_an_error_ends_a_stage_after_the_work_that_has_started(where):
    working = set()

    def work(item):
        working.add(item)
        time.sleep(0.005)
        if where == "work" and item == 2:
            raise KeyError("stop")
        working.discard(item)
        return item

    def finish(item):
        if where == "finish" and item == 2:
            raise KeyError("stop")

    with pytest.raises(KeyError):
        run_stage(work, range(50), 2, finish)
    assert working <= {2}


@pytest.mark.parametrize("where", ["work", "finish"])
def test_a_stage_that_ends_early_abandons_what_it_would_wait_for(where):
    stuck = threading.Event()

    def work(item):
        if item == 1:
            assert stuck.wait(10)
        elif where == "work" and item == 0:
            raise KeyError("stop")
        return item

    def finish(item):
        raise KeyError("stop")

    with pytest.raises(KeyError):
        run_stage(work, range(2), 2, finish, stuck.set)
    assert stuck.is_set()


def test_a_stage_that_comes_to_its_end_abandons_nothing():
    run_stage(lambda item: item, range(9), 2, lambda item: None, lambda: pytest.fail("abandoned"))


def test_torch_has_one_thread_in_a_stage_and_its_own_number_after():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        seen = []
        run_stage(lambda _: torch.get_num_threads(), [0], 1, seen.append)
        assert seen == [1]
        assert torch.get_num_threads() == 2
        with pytest.raises(KeyError), single_threaded_torch():
            raise KeyError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
