"""Work for workers in other processes: what they are told, and how tasks are handed to them, whoever starts them.

No more tasks are under way than there are workers. A worker that is lost is replaced, and its task begun anew: what
comes out does not depend on who does it, and what was staged has no name yet. A task that loses several workers is
given up, as it may be what kills them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from ...printable import first_line

T = TypeVar("T")
R = TypeVar("R")
W = TypeVar("W")

MAX_LOST = 4  # workers that one task may lose


class PoolWork(ABC, Generic[T, R]):
    """One kind of work, of which a process can do any task; picklable, as tasks and results are."""

    @property
    @abstractmethod
    def memory(self) -> int | None:
        """Bytes that the pictures in work in one process may take; None for its share of what its machine has."""

    @abstractmethod
    def open(self, workers: int, memory: int) -> AbstractContextManager[Callable[[T], R]]:
        """What does the tasks, in the process that calls it.

        Args:
            workers: pictures at once.
            memory: bytes that they may take.

        Raises:
            ValueError, OSError: when they cannot be done there.
        """

    @abstractmethod
    def name(self, task: T) -> str:
        """What a task is known by."""

    @abstractmethod
    def again(self, task: T) -> list[T]:
        """What is to be done once more where the worker of a task was lost."""

    @abstractmethod
    def give_up(self, task: T, reason: str) -> R:
        """The result of a task over which several workers were lost."""


@dataclass(frozen=True)
class PoolResult(Generic[T, R]):
    """A task that is done, or given up, and what came of it."""

    task: T
    result: R


class Pool(Protocol):
    """Workers in other processes that a run may have."""

    @property
    def threads(self) -> int:
        """Pictures that a worker works on at once."""

    def run(self, work: PoolWork[T, R], tasks: Iterable[T]) -> Generator[PoolResult[T, R], None, None]:
        """Does all tasks, in any order, by new workers, which end with the generator.

        Args:
            work: what the tasks are of.
            tasks: read only as far as there are workers for them, in the thread of the caller.

        Raises:
            ConnectionError: when no worker can be started.
            Exception: what a worker raised, which the others would too.
        """


@dataclass(frozen=True)
class Answer(Generic[W]):
    """What is heard of a worker: it has begun, or done what it was given, or is lost.

    Attributes:
        worker: of which.
        result: what it has done; None where it has begun.
        lost: why it is lost; None where it is not.
    """

    worker: W
    result: Any = None
    lost: Exception | None = None


class Crew(Protocol[W]):
    """Starts and ends workers, and talks with them.

    Attributes:
        most_stillborn: workers that may be lost before they have begun, in a row.
    """

    most_stillborn: int

    def begin(self) -> W:
        """Starts a worker, which answers once it has begun."""

    def give(self, worker: W, task: Any) -> None:
        """Gives a task to a worker that has nothing to do; it answers once it is done."""

    def wait(self) -> Answer[W]:
        """The next answer of any of the workers.

        Raises:
            Exception: what a worker raised.
        """

    def dismiss(self, worker: W) -> None:
        """Ends a worker, whatever it is doing."""


def hand_out(
    crew: Crew[W], work: PoolWork[T, R], tasks: Iterable[T], workers: int
) -> Generator[PoolResult[T, R], None, None]:
    """Hands tasks to so many workers, one to each at a time; see `Pool.run`."""
    foreman = _Foreman(crew, work, tasks)
    try:
        yield from foreman.run(workers)
    finally:
        foreman.close()


class _Foreman(Generic[T, R, W]):
    """Hands tasks to workers.

    Args:
        crew: starts them.
        work: what the tasks are of.
        tasks: read only as far as there are workers for them.
    """

    def __init__(self, crew: Crew[W], work: PoolWork[T, R], tasks: Iterable[T]) -> None:
        self._crew, self._work, self._tasks = crew, work, iter(tasks)
        self._again: deque[T] = deque()
        self._lost: Counter[str] = Counter()  # by the name of a task
        self._stillborn = 0
        self._under_way: dict[W, T | None] = {}  # what each worker does: a task, or where there is none, beginning

    def run(self, workers: int) -> Iterator[PoolResult[T, R]]:
        """The results, as they come."""
        self._again.extend(islice(self._tasks, workers))
        for _ in range(len(self._again)):
            self._begin()
        while any(task is not None for task in self._under_way.values()) or self._has_more():
            answer = self._crew.wait()
            yield from self._finish(answer, self._under_way.pop(answer.worker))

    def close(self) -> None:
        """Ends what is under way."""
        for worker in self._under_way:
            self._crew.dismiss(worker)
        self._under_way.clear()

    def _finish(self, answer: Answer[W], task: T | None) -> Iterator[PoolResult[T, R]]:
        """What a worker has done; it gets the next task, and where it is lost, another takes its place.

        Raises:
            ConnectionError: when no worker can be started.
        """
        if answer.lost is not None:
            yield from self._replace(task, answer.lost)
            return
        self._stillborn = 0
        if self._has_more():
            self._under_way[answer.worker] = self._again.popleft()
            self._crew.give(answer.worker, self._under_way[answer.worker])
        else:
            self._crew.dismiss(answer.worker)
        if task is not None:
            yield PoolResult(task, answer.result)

    def _replace(self, task: T | None, error: Exception) -> Iterator[PoolResult[T, R]]:
        """Begins another worker; a task that has lost too many of them is given up."""
        if task is None:
            self._stillborn += 1
            if self._stillborn > self._crew.most_stillborn:
                raise ConnectionError(f"no worker can be started: {first_line(error)}") from error
        self._begin()
        if task is None:
            return
        again = self._work.again(task)
        self._lost[self._work.name(task)] += len(again) == 1
        if self._lost[self._work.name(task)] < MAX_LOST:
            self._again.extend(again)
        else:
            yield PoolResult(task, self._work.give_up(task, f"{MAX_LOST} workers were lost over it"))

    def _begin(self) -> None:
        self._under_way[self._crew.begin()] = None

    def _has_more(self) -> bool:
        """Whether a task waits; the next one is then the first of `_again`."""
        if not self._again and (task := next(self._tasks, None)) is not None:
            self._again.append(task)
        return bool(self._again)
