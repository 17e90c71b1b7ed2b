"""The command as a process of its own, which starts and ends faster without Python's garbage collector.

PyTorch makes a million objects when it is imported, none of them garbage. The collector looks through them again and
again meanwhile, and once more when the process ends: half a second, a fifth of what a first crop takes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from .main import build_parser, execute


def run() -> int:
    """Runs the command with the arguments of the process, and returns its exit status."""
    chosen = build_parser().parse_args()
    with _collecting_nothing():
        import torch  # noqa: F401  every command comes to need it
    try:
        return execute(chosen)
    finally:
        gc.freeze()  # the process ends


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Leaves the collector off, and what was made meanwhile out of its sight."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
