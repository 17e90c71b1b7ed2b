"""The moments of a run at which it asks the system for something: files opened, written, renamed, removed.

At the k-th of them something can be done: the process killed, a link put in the place of a file. Python tells of most
by its audit hooks; of writing, flushing and cutting files by the hooks for profilers. Only for a copy of this process
that ends soon: no audit hook can be taken away.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_ASKED = (
    "open",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.scandir",
)
_ASKED += ("os.listdir", "subprocess.Popen", "os.chmod", "os.utime")
_WRITING = ("write", "flush", "truncate", "close", "fsync", "stat", "readline")


class Events:
    """Counts the moments of all threads, and does something at one of them.

    Args:
        moment: which, from 1; 0 for none.
        act: what to do there; gets the kind of the moment.
    """

    def __init__(self, moment: int = 0, act: Callable[[str], None] | None = None) -> None:
        self.count = 0
        self._moment, self._act = moment, act
        self._lock = threading.RLock()
        self._acting = False

    def watch(self) -> None:
        """Counts from now on, until the process ends."""
        sys.addaudithook(self._hear)
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _ASKED:
            self._step(event)

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call" and getattr(argument, "__name__", "") in _WRITING:
            self._step(argument.__name__)

    def _step(self, kind: str) -> None:
        with self._lock:
            if self._acting:  # what is done there is no moment of the run
                return
            self.count += 1
            if self.count != self._moment or self._act is None:
                return
            self._acting = True
            try:
                self._act(kind)
            finally:
                self._acting = False


def end_here(_: str) -> None:
    """The process ends without being asked; whatever it had not yet handed to the system is lost."""
    os.kill(os.getpid(), 9)
