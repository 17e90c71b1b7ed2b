"""A folder that only one run at a time writes into."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_FILE = ".salient-crop.lock"
"""Name of the file that is locked on Windows, which locks no folders."""


class FolderBusyError(OSError):
    """Another run is writing into the folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(errno.EBUSY, "another run is writing into it; wait until it ends", str(folder))


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Keeps other runs, of this process too, out of an existing folder.

    The system gives the lock back when its process ends, however that ends. Where the file system has no locks, as some
    network folders, nobody is kept out.

    Raises:
        FolderBusyError: when another run is writing into it.
        OSError: when the folder cannot be opened.
    """
    descriptor = _open(folder)
    try:
        if not _take(descriptor):
            raise FolderBusyError(folder)
        yield
    finally:
        os.close(descriptor)
        if sys.platform == "win32":
            with suppress(OSError):  # another run has opened it meanwhile
                os.unlink(folder / LOCK_FILE)


def _open(folder: Path) -> int:
    if sys.platform == "win32":
        return os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT)
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def _take(descriptor: int) -> bool:
    """Takes the lock, unless another has it."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EDEADLK)  # as Windows says it; all else: no locks here
    return True
