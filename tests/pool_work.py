"""Work for workers in other processes that goes wrong in the ways that it can, and the workers that are there."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

from salient_crop.jobs.executors.pool import PoolWork


class UnpicklableError(Exception):
    """An error that cannot be sent as it is."""

    def __init__(self) -> None:
        super().__init__("held")
        self.lock = threading.Lock()


@dataclass(frozen=True)
class Deeds(PoolWork[str, str]):
    """Does what a task's first word says.

    Attributes:
        opens: whether a worker can begin at all.
    """

    opens: bool = True

    @property
    def memory(self) -> int | None:
        return None

    @contextmanager
    def open(self, workers: int, memory: int) -> Iterator[Callable[[str], str]]:
        if not self.opens:
            os._exit(7)
        yield _do

    def name(self, task: str) -> str:
        return task

    def again(self, task: str) -> list[str]:
        return [task]

    def give_up(self, task: str, reason: str) -> str:
        return f"{task}: {reason}"


def _do(task: str) -> str:
    deed, _, rest = task.partition(" ")
    if deed == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif deed == "sleep":
        time.sleep(float(rest))
    elif deed == "warn":
        warnings.warn(rest, RuntimeWarning, stacklevel=1)
    elif deed == "fail":
        raise OSError(28, rest)
    elif deed == "hold":
        raise UnpicklableError
    return f"{task} by {os.getpid()}"


def workers() -> list[BaseProcess]:
    """Of this process: the workers that have not ended."""
    return [each for each in multiprocessing.active_children() if each.name == "salient-crop worker"]
