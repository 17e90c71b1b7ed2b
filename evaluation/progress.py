"""How a benchmark reports its progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with the number of items done and their total."""


def ignore_progress(done: int, total: int) -> None:
    """The default `Progress`: does nothing."""
