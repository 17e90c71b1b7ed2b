"""A process that decodes pictures, and can be given up with whatever its decoder is doing."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from multiprocessing import spawn
from pathlib import Path
from threading import Timer
from typing import Any

from .wire import BrokenMessageError, Words, receive, send

_START_SECONDS = 120  # a machine may be busy; Python and NumPy are read from its disk
_PACKAGE = Path(__file__).resolve().parent.parent

# The package is imported from where it lies: as a node pack it has no name that could be imported. `multiprocessing`
# would import the program that started this process, such as ComfyUI, once more.
_PROGRAM = """
import sys
sys.path[:] = {path!r}
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("salient_crop", {init!r}, submodule_search_locations=[{package!r}])
sys.modules["salient_crop"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["salient_crop"])
from salient_crop.images.decoder import main
main()
"""


class ProcessLostError(Exception):
    """The process has ended before it answered; the text says why, as the reason of a picture."""


class DecoderProcess:
    """A process that decodes; for one thread at a time.

    Raises:
        ProcessLostError: when none can be started.
    """

    def __init__(self) -> None:
        self._overrun: float | None = None
        self.lost = False
        try:
            self._process = subprocess.Popen(
                [os.fsdecode(spawn.get_executable()), "-c", _program()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise ProcessLostError(f"no process could be started to decode it: {error.strerror or error}") from error
        self._receive(_START_SECONDS, 0)

    @property
    def id(self) -> int:
        """The number that the system gave it."""
        return self._process.pid

    def ask(
        self, words: Words, payload: bytes = b"", *, seconds: float, memory: int, most: int = 0
    ) -> tuple[dict[str, Any], bytearray]:
        """Sends a message and waits for its answer.

        Args:
            words, payload: see `decoder`.
            seconds: that the answer may take; then the process is ended.
            memory: bytes that the process may take for it, where the system can limit it.
            most: bytes of the answer beside its words.

        Raises:
            ProcessLostError: when there is no answer, now or before.
        """
        if self.lost:
            raise self._loss()
        assert self._process.stdin is not None
        try:
            send(self._process.stdin, {**words, "seconds": seconds, "memory": memory}, payload)
        except OSError as error:
            self.end()
            raise self._loss() from error
        return self._receive(seconds, most)

    def stop(self) -> None:
        """Lets whoever waits for an answer lose the process; may be called from any thread."""
        self._process.kill()

    def end(self) -> None:
        """Ends the process, whatever it is doing."""
        self.lost = True
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # something was still to be sent
                    pipe.close()
        self._process.wait()

    def _receive(self, seconds: float, most: int) -> tuple[dict[str, Any], bytearray]:
        assert self._process.stdout is not None
        timer = Timer(seconds, self._give_up, (seconds,))
        timer.start()
        try:
            return receive(self._process.stdout, most)
        except (BrokenMessageError, OSError) as error:
            timer.cancel()
            self.end()
            raise self._loss() from error
        except BaseException:  # an interrupt: the answer would be taken for that of the next question
            self.end()
            raise
        finally:
            timer.cancel()

    def _give_up(self, seconds: float) -> None:
        self._overrun = seconds
        self._process.kill()

    def _loss(self) -> ProcessLostError:
        if self._overrun is not None:
            return ProcessLostError(f"decoding it takes longer than {self._overrun:g} s, so it was given up")
        return ProcessLostError("its decoder crashed")


def _program() -> str:
    path = [each for each in sys.path if isinstance(each, str)]
    return _PROGRAM.format(path=path, init=str(_PACKAGE / "__init__.py"), package=str(_PACKAGE))
