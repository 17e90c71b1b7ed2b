"""Starts the process that the workers of a run are forked from, while this one still imports PyTorch.

On Linux workers are forked from a process that has imported what all of them need, so that none does it anew. Only the
command starts it: in a program of somebody else's, what is imported there is not ours to say.
"""

from __future__ import annotations

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice

from ..images.machine import available_cores
from ..jobs.defaults import AS_PEOPLE, AUTO, MANY_PICTURES, MANY_SLOW_PICTURES, PROCESSES


def start_early(chosen: Namespace) -> None:
    """Starts that process, where a command is likely to come to need it.

    Args:
        chosen: the arguments of the command; only those of runs have an engine.
    """
    if sys.platform != "linux" or not hasattr(chosen, "engine"):
        return
    from multiprocessing import forkserver, resource_tracker

    forkserver.set_forkserver_preload([f"{__package__}.preloaded"])
    if _needs_processes(chosen):
        resource_tracker.ensure_running()  # by itself first: it would let interrupts through again
        with _interrupts_held_back():
            forkserver.ensure_running()


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Ctrl-C waits until the end, and never reaches processes that are started inside: the command ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _needs_processes(chosen: Namespace) -> bool:
    if chosen.engine != AUTO:
        return bool(chosen.engine == PROCESSES)
    workers = chosen.workers or available_cores()
    each_alone = getattr(chosen, "frames", "each") == "each"
    many = MANY_SLOW_PICTURES if getattr(chosen, "framing", None) == AS_PEOPLE else MANY_PICTURES
    return workers > 1 and chosen.device != "cuda" and each_alone and _names_many(chosen.pictures, many)


def _names_many(words: Sequence[str | os.PathLike[str]], many: int) -> bool:
    """Whether so many files are named, or lie in the folders that are; no more are looked for."""
    inside = chain.from_iterable(names for word in words for _, _, names in os.walk(word))
    return len(words) >= many or len(list(islice(inside, many))) == many
