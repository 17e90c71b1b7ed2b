"""A folder held open while its files are made, replaced and removed, so that no link can lead them elsewhere meanwhile.

Every file is reached from the open folder by its bare name, and none through a link. Where the system cannot do that
(Windows), links are looked for before, and files are reached by their paths.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from .find import leads_outside

_HOLDS_OPEN = {os.open, os.mkdir, os.unlink, os.rename} <= os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)  # Windows changes line ends without it
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe would wait for a writer
# O_PATH (Linux) opens folders whose files may be reached and not listed, too.
_AS_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)


class OpenFolder:
    """A folder whose files are named without their path; see `open_folder`, which opens it.

    Args:
        path: of the folder.
        descriptor: of the open folder; None where files are reached by their paths.
    """

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path, self._descriptor = path, descriptor

    def create(self, name: str) -> BinaryIO:
        """A new file, opened for reading and writing.

        Raises:
            FileExistsError: when anything has that name, be it a link.
        """
        descriptor = self._open(self._at(name), os.O_RDWR | os.O_CREAT | os.O_EXCL)
        return cast(BinaryIO, os.fdopen(descriptor, "w+b"))

    def read(self, name: str, mode: str = "rb") -> BinaryIO:
        """An existing file, opened for reading, or with `r+b` for writing too.

        Raises:
            FileNotFoundError: when there is none.
            OSError: when it is a link, a folder or another thing that is no file.
        """
        path = self.path / name
        if not _HOLDS_OPEN and path.is_symlink():
            raise _not_a_file(path)
        descriptor = self._open(self._at(name), os.O_RDWR if "+" in mode else os.O_RDONLY)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise _not_a_file(path)
        return cast(BinaryIO, os.fdopen(descriptor, mode))

    def exists(self, name: str) -> bool:
        """Whether anything has that name, a broken link too."""
        try:
            os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def replace(self, old: str, new: str) -> None:
        """Gives a file of the folder another name. A file or link that has it is replaced."""
        os.replace(self._at(old), self._at(new), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def remove(self, name: str) -> None:
        """Removes a file or a link, if there is one."""
        with suppress(FileNotFoundError):
            os.unlink(self._at(name), dir_fd=self._descriptor)

    def _at(self, name: str) -> str:
        return os.path.join(self.path, name) if self._descriptor is None else name

    def _open(self, path: str, flags: int) -> int:
        return os.open(path, flags | _NO_LINK | _NO_WAIT | _BINARY, 0o666, dir_fd=self._descriptor)


@contextmanager
def open_folder(root: Path, below: str = "", make: bool = False) -> Iterator[OpenFolder]:
    """Opens a folder in `root`. `root` itself may be a link, which its user has named; no folder below it may be.

    Args:
        root: an existing folder, unless `make`.
        below: POSIX path relative to it; empty for `root` itself.
        make: make the folders that are missing.

    Raises:
        FileNotFoundError: when there is no such folder.
        NotADirectoryError: when one of the folders is a link or a file.
    """
    path = root / below
    if make:
        root.mkdir(parents=True, exist_ok=True)
    if not _HOLDS_OPEN:
        if leads_outside(path, root):
            raise _not_a_folder(path)
        if make:
            path.mkdir(parents=True, exist_ok=True)
        yield OpenFolder(path, None)
        return
    descriptor = os.open(root, _AS_FOLDER)
    try:
        for part in PurePosixPath(below).parts:
            descriptor = _enter(descriptor, part, path, make)
        yield OpenFolder(path, descriptor)
    finally:
        os.close(descriptor)


def open_inside(path: Path, root: Path) -> BinaryIO:
    """A file in `root` or below it, opened for reading. A link that leads elsewhere in `root` is followed.

    Raises:
        OSError: when it cannot be read, is no file, or lies elsewhere, even where a link takes its place meanwhile.
    """
    real, home = Path(os.path.realpath(path)), Path(os.path.realpath(root))
    if not real.is_relative_to(home):
        raise _not_a_file(path)
    with open_folder(home, real.parent.relative_to(home).as_posix()) as folder:
        return folder.read(real.name)


def open_regular(path: Path) -> BinaryIO:
    """A file that its user has named, opened for reading; it may be a link.

    Raises:
        OSError: when it cannot be read, or is no file: a pipe would wait for a writer, and a device may never end.
    """
    descriptor = os.open(path, os.O_RDONLY | _NO_WAIT | _BINARY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file", os.fspath(path))
    return cast(BinaryIO, os.fdopen(descriptor, "rb"))


def _enter(parent: int, name: str, path: Path, make: bool) -> int:
    """Opens a folder in an open one, which is closed where that succeeds."""
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=parent)
    try:
        descriptor = os.open(name, _AS_FOLDER | _NO_LINK, dir_fd=parent)
    except OSError as error:
        raise _not_a_folder(path) if error.errno in (errno.ELOOP, errno.ENOTDIR) else error from None
    os.close(parent)
    return descriptor


def _not_a_folder(path: Path) -> NotADirectoryError:
    return NotADirectoryError(errno.ENOTDIR, "a link, or a file, where a folder belongs", str(path))


def _not_a_file(path: Path) -> OSError:
    return OSError(errno.ELOOP, "a link, or another thing that is no file", str(path))
