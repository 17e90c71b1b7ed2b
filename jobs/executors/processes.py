"""Work in several processes of this machine, since Python itself runs on one core of each.

Searching a picture is thousands of small steps, between which the threads of one process wait for each other: two take
an eighth longer than two processes, and no number of them could do more than fifty pictures a second.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from ...images.hush import hush_pillow
from .pool import Answer, PoolResult, PoolWork, hand_out
from .threads import single_threaded_torch

T = TypeVar("T")
R = TypeVar("R")

_DONE, _RAISED, _WARNED = "done", "raised", "warned"  # what a worker says


@dataclass(frozen=True)
class ProcessPool:
    """Workers in processes of this machine; a context, with which all of them end.

    Attributes:
        processes: at most so many.
        threads: pictures at once in each.
        memory: bytes that the pictures in work in each may take.
    """

    processes: int
    threads: int
    memory: int
    crews: list[_Processes] = field(default_factory=list)

    def __enter__(self) -> ProcessPool:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.crews:  # also where nobody has asked for all results
            each.close()

    def run(self, work: PoolWork[T, R], tasks: Iterable[T]) -> Generator[PoolResult[T, R], None, None]:
        """See `Pool.run`."""
        crew = _Processes(work, self.threads, self.memory)
        self.crews.append(crew)
        return hand_out(crew, work, tasks, self.processes)


@dataclass(frozen=True, eq=False)
class _Worker:
    """A process, and the ends here of the pipes by which it is given tasks and heard."""

    process: BaseProcess
    tasks: Any
    answers: Any


class _Processes:
    """The processes of a pool.

    Args:
        work: what they are told.
        threads, memory: see `PoolWork.open`.
    """

    most_stillborn = 2

    def __init__(self, work: PoolWork[Any, Any], threads: int, memory: int) -> None:
        self._told = work, threads, memory
        self._workers: dict[Any, _Worker] = {}  # by the pipe that each is heard by

    def begin(self) -> _Worker:
        context = _context()
        (to_do, tasks), (answers, said) = context.Pipe(duplex=False), context.Pipe(duplex=False)
        told = to_do, said, *self._told
        process = context.Process(target=_serve, args=told, name="salient-crop worker", daemon=True)
        process.start()
        for theirs in (to_do, said):
            theirs.close()
        self._workers[answers] = worker = _Worker(process, tasks, answers)
        return worker

    def give(self, worker: _Worker, task: Any) -> None:
        with suppress(OSError):  # it is lost, as `wait` will find
            worker.tasks.send(task)

    def wait(self) -> Answer[_Worker]:
        while True:
            worker = self._workers[wait(list(self._workers))[0]]
            try:
                kind, said = worker.answers.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                worker.process.join(1)  # it is ending, and says how
                self.dismiss(worker)
                reason = f"its process ended ({_describe_end(worker.process.exitcode)})"
                return Answer(worker, lost=ChildProcessError(reason))
            if kind == _DONE:
                return Answer(worker, said)
            if kind == _RAISED:
                raise said
            text, category = said
            warnings.warn(text, category, stacklevel=2)

    def dismiss(self, worker: _Worker) -> None:
        if self._workers.pop(worker.answers, None) is not None:
            worker.process.kill()
            worker.process.join()
            worker.tasks.close()
            worker.answers.close()

    def close(self) -> None:
        """Ends all of them."""
        for each in list(self._workers.values()):
            self.dismiss(each)


def _context() -> Any:
    """How workers are started, as `multiprocessing` has it."""
    # On Linux they are forked from a process that has done nothing but import; see `cli/early_start.py`, which lets it
    # import what all of them need. Elsewhere that is not safe, or not possible.
    return multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")


def _describe_end(exitcode: int | None) -> str:
    return f"signal {-exitcode}" if exitcode is not None and exitcode < 0 else f"exit status {exitcode}"


def _serve(to_do: Any, said: Any, work: PoolWork[Any, Any], threads: int, memory: int) -> None:
    """The life of a worker: it does task after task, and ends at once when nobody is there to give it one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the one that gives tasks ends this one
    tasks: SimpleQueue[Any] = SimpleQueue()
    Thread(target=_work, args=(said, work, threads, memory, tasks), daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            tasks.put(to_do.recv())
    os._exit(1)  # whatever it is doing: nobody would give a name to what it stages


def _work(pipe: Any, work: PoolWork[Any, Any], threads: int, memory: int, tasks: SimpleQueue[Any]) -> None:
    lock = Lock()

    def say(kind: str, said: Any) -> None:
        with lock, suppress(OSError):  # nobody listens: see `_serve`
            pipe.send((kind, said))

    def pass_on(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        say(_WARNED, (str(message), category))

    try:
        with warnings.catch_warnings(), single_threaded_torch(), work.open(threads, memory) as do:
            hush_pillow()
            warnings.showwarning = pass_on  # type: ignore[assignment]
            say(_DONE, None)
            while True:
                say(_DONE, do(tasks.get()))
    except Exception as error:
        say(_RAISED, _as_sent(error))
    finally:
        os._exit(1)


def _as_sent(error: Exception) -> Exception:
    """An error in a form that can be read in the other process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # of whatever kind it is
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
