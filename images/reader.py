"""Opens pictures that nobody vouches for: within one budget of memory, and where they can be given up.

A picture that is known to cost what it shows is decoded here, in the thread that asks. All others, such as large ones,
TIFFs, AVIFs and JPEGs of many scans, are decoded in a process of their own: one whose decoder runs on and on, takes
more memory than it should or crashes fails alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from types import TracebackType

from .budget import MemoryBudget, Share
from .decode import Picture, Terms
from .errors import PictureError
from .header import read_structure
from .isolated import IsolatedPicture
from .process import DecoderProcess, ProcessLostError

MAX_SECONDS = 120.0
"""That decoding a picture may take for one answer. A picture of the largest size that is read takes 10 to 50."""


class PictureReader:
    """Opens pictures; its methods may be called from many threads.

    As a context it keeps its processes for the next pictures. Outside one, each ends with its picture.

    Args:
        memory: bytes that all open pictures together may take; None for `default_memory`.
        seconds: that a process may take for an answer.
        encoding: the format that crops will be encoded in, which takes memory too.

    >>> with PictureReader(memory=10**9) as reader, reader.open("samples/rocket.jpg") as picture:
    ...     picture.small(64).shape
    (64, 96, 3)
    """

    def __init__(self, memory: int | None = None, seconds: float = MAX_SECONDS, encoding: str = "jpg") -> None:
        self._budget = MemoryBudget(memory)
        self._seconds = seconds
        self._encoding = encoding
        self._idle: list[DecoderProcess] = []
        self._busy: list[DecoderProcess] = []
        self._lock = Lock()
        self._contexts = 0
        self._abandoned = False

    def __enter__(self) -> PictureReader:
        with self._lock:
            self._contexts += 1
            self._abandoned = False
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            self._contexts -= 1
            ended, self._idle = ([], self._idle) if self._contexts else (self._idle, [])
        for process in ended:
            process.end()

    @property
    def refused(self) -> int:
        """How often a picture failed because it needs more memory than all pictures together may take."""
        return self._budget.refused

    @contextmanager
    def open(self, path: Path | str, content: bytes | None = None) -> Iterator[Picture]:
        """A picture; its memory is given back when the context ends.

        Args:
            path, content: see `Picture`.

        Raises:
            PictureError: when it cannot be opened.
        """
        with ExitStack() as processes, self._budget.share() as share:
            yield self._open(share, processes, Path(path), content)

    def abandon(self) -> None:
        """Gives up what is being decoded in processes, so that nobody waits for it; the next context begins anew."""
        with self._lock:
            self._abandoned = True
            for process in self._busy:
                process.stop()

    def _open(self, share: Share, processes: ExitStack, path: Path, content: bytes | None = None) -> Picture:
        terms = Terms(share, partial(self._open, share, processes), self._encoding)
        structure = read_structure(path, content=content)
        if structure.ordinary:
            return Picture(path, content=content, structure=structure, terms=terms)
        try:
            process = processes.enter_context(self._borrow_process())
        except ProcessLostError as error:
            raise PictureError(path, str(error)) from error
        return IsolatedPicture(path, structure, process, self._seconds, terms, content)

    @contextmanager
    def _borrow_process(self) -> Iterator[DecoderProcess]:
        process = self._take_process() or DecoderProcess()
        with self._lock:
            self._busy.append(process)
            if self._abandoned:  # while it was started
                process.stop()
        try:
            yield process
        finally:
            with self._lock:
                self._busy.remove(process)
                kept = self._contexts > 0 and not process.lost and not self._abandoned
                if kept:
                    self._idle.append(process)
            if not kept:
                process.end()

    def _take_process(self) -> DecoderProcess | None:
        """One that is idle, or None.

        Raises:
            ProcessLostError: when the reader was abandoned.
        """
        with self._lock:
            if self._abandoned:
                raise ProcessLostError("its run was stopped")
            return self._idle.pop() if self._idle else None
