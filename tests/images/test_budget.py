"""Memory that is taken and given back: who waits, for whom, and who never fits."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from salient_crop.images import budget as module
from salient_crop.images.budget import MemoryBudget, NoRoomError, check_memory, default_memory, parse_memory

GB = 10**9


class Holder:
    """Counts what it holds, and how often it was told to forget it."""

    def __init__(self):
        self.holds = False
        self.forgotten = 0

    def take(self, share, need):
        share.cover(self, need)
        self.holds = True

    def forget(self):
        self.forgotten += self.holds
        self.holds = False


def eventually(true):
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("4GB", 4 * GB), ("4 gb", 4 * GB), ("4g", 4 * GB), ("0.5GiB", 2**29), ("512MB", 512 * 10**6), ("1TB", 1000 * GB),
     (" 2Mi ", 2**21)],
)  # fmt: skip
def test_amounts_of_memory(text, amount):
    assert parse_memory(text) == amount


@pytest.mark.parametrize(
    "text", ["", "4", "GB", "9" * 400 + "GB", "-1GB", "4 XB", "1e9GB", "nanGB", "4GBs", "٤GB", "1,5GB"]
)
def test_what_is_no_amount(text):
    with pytest.raises(ValueError, match="is no amount of memory; write a number and a unit, such as 4GB"):
        parse_memory(text)


def test_no_memory_is_refused():
    with pytest.raises(ValueError, match="'0.0GB' is no memory at all"):
        parse_memory("0.0GB")
    with pytest.raises(ValueError, match="memory: must be at least one byte, got -1"):
        MemoryBudget(-1)
    assert check_memory(1) == 1


def test_the_default_is_half_of_what_there_is(monkeypatch):
    monkeypatch.setattr(module, "memory_limit", lambda: 10 * GB)
    assert default_memory() == MemoryBudget().total == 5 * GB


def test_what_can_never_fit_says_how_much_it_needs():
    with MemoryBudget(4 * GB).share() as share, pytest.raises(NoRoomError) as error:
        share.cover(Holder(), 61 * GB // 10)
    assert str(error.value) == (
        "it needs about 6.1 GB of memory, and all pictures together may take 4.0 GB;"
        " make it smaller, or allow more with --memory"
    )


def test_all_of_the_budget_can_be_taken_and_is_given_back():
    budget, holder = MemoryBudget(100), Holder()
    for _ in range(3):
        with budget.share() as share:
            holder.take(share, 60)
            holder.take(share, 100)
            share.cover(holder, 30)  # less than it has
            assert holder.holds
        assert not holder.holds


def test_a_large_one_waits_until_it_is_alone_and_those_after_it_wait_for_it():
    budget, order = MemoryBudget(100), []

    def use(name, need, done):
        with budget.share() as share:
            share.cover(Holder(), need)
            order.append(name)
            done.wait(10)

    dones = [threading.Event() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        pool.submit(use, "first", 40, dones[0])
        eventually(lambda: order == ["first"])
        pool.submit(use, "second", 40, dones[1])
        eventually(lambda: order == ["first", "second"])
        pool.submit(use, "large", 90, dones[2])
        eventually(lambda: len(budget._waiting) == 1)
        pool.submit(use, "small", 10, dones[3])  # would fit, but has come later
        eventually(lambda: len(budget._waiting) == 2)
        dones[0].set()
        time.sleep(0.02)
        assert order == ["first", "second"]
        dones[1].set()
        eventually(lambda: order == ["first", "second", "large", "small"])
        for each in dones:
            each.set()


def test_two_that_grow_at_once_both_come_to_an_end():
    budget, together, ends = MemoryBudget(100), threading.Barrier(2, timeout=10), []

    def grow(_):
        picture = Holder()
        with budget.share() as share:
            picture.take(share, 50)
            together.wait()
            picture.take(share, 80)
            ends.append(picture.forgotten)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(grow, range(2)))
    assert sorted(ends) == [0, 1] or sorted(ends) == [1, 1]


def test_one_that_grows_does_not_hold_what_is_read_along_with_it():
    budget, picture, mask = MemoryBudget(100), Holder(), Holder()
    with budget.share() as share:
        picture.take(share, 60)
        mask.take(share, 30)
        assert picture.holds
        mask.take(share, 80)  # does not fit beside the picture
        assert not picture.holds
        picture.take(share, 60)
        assert not mask.holds


def test_the_budget_is_kept_whatever_comes():
    budget, lock, taken, most = MemoryBudget(1000), threading.Lock(), [0], [0]

    def use(index):
        with budget.share() as share:
            need = 1 + (index * 7919) % 997
            share.cover(Holder(), need)
            with lock:
                taken[0] += need
                most[0] = max(most[0], taken[0])
            time.sleep(0.0005)
            with lock:
                taken[0] -= need

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(200)))
    assert 500 < most[0] <= 1000
    assert budget._taken == 0


def test_an_interrupt_while_waiting_leaves_the_budget_whole(monkeypatch):
    budget = MemoryBudget(100)

    def interrupt(predicate):
        raise KeyboardInterrupt

    with budget.share() as first:
        first.cover(Holder(), 90)
        monkeypatch.setattr(budget._changed, "wait_for", interrupt)
        with budget.share() as second, pytest.raises(KeyboardInterrupt):
            second.cover(Holder(), 90)
    monkeypatch.undo()
    with budget.share() as share:
        share.cover(Holder(), 100)
