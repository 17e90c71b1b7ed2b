"""Files on disk and by address (`s3://…`, `gs://…`), read and listed in one way.

Addresses are fsspec's; what a scheme needs (`s3fs`, `gcsfs`) and how it is told a key or an endpoint is documented
there. Files on disk need none of it.
"""

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..open_folder import open_regular

_BLOCK = 8 << 20  # bytes that are fetched at once


@dataclass(frozen=True)
class FileState:
    """By which a changed file is noticed.

    Attributes:
        size: in bytes.
        modified: seconds since 1970, as its storage says; 0 where it does not.
    """

    size: int
    modified: float


class StorageError(OSError):
    """An address that cannot be used as things are: its scheme is unknown, or a package for it is missing."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(errno.EINVAL, reason, address)


def is_address(text: str) -> bool:
    """Whether it names no file on disk: `scheme://…`."""
    return "://" in text


def open_file(address: str) -> BinaryIO:
    """A file to be read from its beginning to its end.

    Raises:
        OSError: when it cannot be read.
    """
    if not is_address(address):
        return open_regular(Path(address))
    system, path = file_system(address)
    with _storage_errors(address):
        return cast(BinaryIO, _RemoteFile(system.open(path, "rb", block_size=_BLOCK), address))


def file_state(address: str) -> FileState:
    """The state of a file.

    Raises:
        OSError: when there is none.
    """
    if not is_address(address):
        status = os.stat(address)
        return FileState(status.st_size, status.st_mtime)
    system, path = file_system(address)
    with _storage_errors(address):
        size = int(system.size(path) or 0)
        try:
            modified = system.modified(path).timestamp()
        except (NotImplementedError, AttributeError):
            modified = 0.0
    return FileState(size, modified)


def exists(address: str) -> bool:
    """Whether a file on disk has that name; never asked of an address, whose signs always stand for others."""
    return not is_address(address) and os.path.lexists(address)


def find_matches(pattern: str) -> list[str]:
    """The files that match a pattern (`*`, `?`, `[…]`, `**` for any folders), sorted.

    Raises:
        OSError: when its storage cannot be listed.
    """
    if not is_address(pattern):
        return sorted(each for each in glob.iglob(pattern, recursive=True) if not os.path.isdir(each))
    system, path = file_system(pattern)
    with _storage_errors(pattern):
        return sorted(system.unstrip_protocol(each) for each in system.glob(path))


def read_small_file(address: str, limit: int = 1 << 26) -> bytes | None:
    """The content of a file that a run has written; None where there is none.

    Raises:
        OSError: when it cannot be read, or is longer than `limit` bytes.
    """
    try:
        with open_file(address) as file:
            content = file.read(limit + 1)
    except FileNotFoundError:
        return None
    if len(content) > limit:
        raise OSError(errno.EFBIG, "longer than anything that a run writes", address)
    return content


def file_system(address: str) -> tuple[Any, str]:
    """The fsspec file system of an address, and the path in it.

    Raises:
        StorageError: when fsspec, or what it needs for the scheme, is not installed.
    """
    try:
        import fsspec
    except ImportError:
        raise StorageError(address, "addresses need fsspec: pip install 'salient-crop[shards]'") from None
    try:
        return fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise StorageError(address, str(error)) from None
    except ValueError as error:
        raise StorageError(address, f"no address that can be used ({error})") from None


class _RemoteFile:
    """A file by address, open for reading, whose errors are all of the kind `OSError`."""

    def __init__(self, opened: Any, address: str) -> None:
        self._opened, self._address = opened, address

    def __enter__(self) -> _RemoteFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        return self._opened.closed

    def read(self, size: int = -1) -> bytes:
        with _storage_errors(self._address):
            return self._opened.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        with _storage_errors(self._address):
            return self._opened.seek(offset, whence)

    def tell(self) -> int:
        return self._opened.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def flush(self) -> None:
        return None

    def close(self) -> None:
        self._opened.close()


@contextmanager
def _storage_errors(address: str) -> Iterator[None]:
    """Turns what the clients of storages raise, which is no `OSError`, into one."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise StorageError(address, f"{type(error).__name__}: {error}") from error
