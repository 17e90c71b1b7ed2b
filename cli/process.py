"""The command as a process of its own, which starts and ends faster.

PyTorch makes a million objects when it is imported, none of them garbage. Python's collector looks through them again
and again meanwhile: half a second. When the process ends, all of them are taken apart, one by one: another half.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .early_start import start_early
from .main import build_parser, execute
from .status import INTERRUPTED, SOME_FAILED


def run() -> int:
    """Runs the command with the arguments of the process, and returns its exit status.

    The process is expected to end with it.
    """
    ending = QuickEnd()
    atexit.register(ending)  # the first of all, so that it is the last to be called
    try:
        chosen = build_parser().parse_args()
        start_early(chosen)
        with collecting_nothing(), ended_by_interrupts():
            import torch  # noqa: F401  every command comes to need it
        ending.status = execute(chosen)
    except KeyboardInterrupt:  # nothing has begun
        ending.status = INTERRUPTED
    except BrokenPipeError:  # nobody reads on, as where `head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        ending.status = SOME_FAILED
    return ending.status


@contextmanager
def collecting_nothing() -> Iterator[None]:
    """Leaves Python's collector off, and what was made meanwhile out of its sight."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def ended_by_interrupts() -> Iterator[None]:
    """Lets Ctrl-C end the process at once, where nothing has begun that could be stopped properly.

    An exception that is raised anywhere in the import of PyTorch may be swallowed by its own code, or abort it.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # else it is ignored, as in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass
class QuickEnd:
    """Ends the process without taking its objects apart, once all else that ends with it has ended.

    Attributes:
        status: of the command; None where it did not end by itself, and Python is left to end as it does.
    """

    status: int | None = None

    def __call__(self) -> None:
        if self.status is None:
            return
        try:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        except (OSError, ValueError):  # a pipe that nobody reads: Python has a status of its own for that
            return
        os._exit(self.status)
