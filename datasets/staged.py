"""Files that one process writes and another gives their names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import local
from typing import BinaryIO, TypeAlias

from .hashing import new_hash
from .open_folder import open_folder
from .part_names import new_part_name


@dataclass(frozen=True)
class StagedFile:
    """A file that is written and has not its name yet.

    Attributes:
        file: POSIX path that it will have, relative to its folder.
        part: the name that it has meanwhile, in the same place; empty where its storage gives names with the last byte.
        digest: see `hash_stream`.
        size: in bytes.
    """

    file: str
    part: str
    digest: str
    size: int


Change: TypeAlias = "StagedFile | str"
"""A file that is to take its name, or the name of one that is to be removed."""


class HashingStream:
    """What is written goes on to another stream, and into a hash. Enough of a file for pyarrow.

    Args:
        stream: to write to; it stays open.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._state, self._size = stream, new_hash(), 0
        self.closed = False

    def write(self, content: bytes) -> int:
        view = memoryview(content)
        self._state.update(view)
        self._size += view.nbytes
        self._stream.write(view)
        return view.nbytes

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        self.closed = True

    def staged(self, file: str, part: str) -> StagedFile:
        """What has been written so far, as a file."""
        return StagedFile(file, part, self._state.hexdigest(), self._size)


class Staging:
    """A file that is being written; `result` is there once its context has ended without an error."""

    def __init__(self, stream: HashingStream) -> None:
        self.stream = stream
        self.result: StagedFile


@contextmanager
def stage_in_folder(root: Path, file: str) -> Iterator[Staging]:
    """Writes a file into a folder, where `OutputFolder.take` gives it its name; on any error nothing of it stays.

    Missing folders are made, and no link below `root` is followed.

    Raises:
        OSError: when it cannot be written.
    """
    with open_folder(root, file.rpartition("/")[0], make=True) as folder:
        part = new_part_name()
        try:
            with folder.create(part) as opened:
                staging = Staging(HashingStream(opened))
                yield staging
        except BaseException:
            folder.remove(part)
            raise
    staging.result = staging.stream.staged(file, part)


class StagedFolder:
    """A folder that another process holds: files are staged in it, and what is to be removed is noted.

    May be used by several threads; each has notes of its own.

    Args:
        path: of the folder.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._of_thread = path, local()

    @contextmanager
    def noting(self) -> Iterator[list[Change]]:
        """The changes that this thread asks for in the context, in order, for `OutputFolder.make_changes`."""
        changes: list[Change] = []
        self._of_thread.changes = changes
        try:
            yield changes
        finally:
            del self._of_thread.changes

    def write(self, file: str, content: bytes) -> None:
        """Stages a file.

        Raises:
            OSError: when it cannot be written.
        """
        with stage_in_folder(self._path, file) as staging:
            staging.stream.write(content)
        self._of_thread.changes.append(staging.result)

    def remove(self, *files: str) -> None:
        """Notes that files are to be removed, if they are ours."""
        self._of_thread.changes.extend(files)
