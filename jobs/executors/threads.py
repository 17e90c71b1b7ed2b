"""Work on many items at once, results in order, never more than a few of them in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")

# Items started but not handed out yet, per worker: enough that one slow item does not leave the other workers idle.
_AHEAD = 4


def run_stage(
    work: Callable[[T], R],
    items: Iterable[T],
    workers: int,
    finish: Callable[[R], None],
    abandon: Callable[[], None] | None = None,
) -> None:
    """One stage of a job: `work` on every item in parallel, then `finish` with each result, in the order of the items.

    Args:
        work: called in the workers' threads; what it raises ends the stage.
        items: read only as far ahead as needed, in the thread of the caller.
        workers: number of threads.
        finish: called in the thread of the caller. What it raises ends the stage: work that has started is waited for,
            the rest is cancelled.
        abandon: called where the stage ends early, before work is waited for whose results nobody will see.
    """
    with single_threaded_torch(), closing(map_in_order(work, items, workers)) as results:
        try:
            for result in results:
                finish(result)
        except BaseException:
            if abandon is not None:
                abandon()
            raise


def map_in_order(function: Callable[[T], R], items: Iterable[T], workers: int) -> Generator[R, None, None]:
    """`map` with `workers` threads: results in the order of `items`, which is read only as far ahead as needed.

    Whatever ends the loop over it (an error in an item, an interrupt, `close`) cancels the items that have not started
    and waits for those that have. Threads suffice: decoding, encoding and tensor operations release Python's lock.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="salient-crop")
    pending: deque[Future[R]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= workers * _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def single_threaded_torch() -> Iterator[None]:
    """Lets PyTorch use one core an operation while several pictures are worked on at once.

    Several pictures at once are faster than several cores on one, and no sum is split differently when the number of
    workers changes.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
