"""What workers in other processes are told, whichever engine starts them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


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
