"""Where the shards of a run go: a folder, or an address such as `s3://bucket/crops`."""

from __future__ import annotations

import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from ..atomic import remove_leftovers
from ..output_folder import OutputFolder
from ..staged import HashingStream, StagedFile, Staging, stage_in_folder
from .addresses import StorageError, file_state, file_system, is_address, open_file, read_small_file
from .names import join

# Storages that need no folders for a file, and would make a bucket instead.
_WITHOUT_FOLDERS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci"}


class ShardOutput(ABC):
    """A place for files that are whole or absent.

    `stage` may be called by any process of a run, on any machine that reaches the place. All else is for the one that
    holds it as a context, see `open_output`.

    Args:
        root: the folder or address.
    """

    def __init__(self, root: str) -> None:
        self.root = root

    @abstractmethod
    def __enter__(self) -> ShardOutput:
        """Makes the place.

        Raises:
            FolderBusyError: when another run is writing there.
            OSError: when it cannot be made or read.
        """

    @abstractmethod
    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    @abstractmethod
    def stage(self, file: str) -> AbstractContextManager[Staging]:
        """A file to be written, by its POSIX path in the place; on any error nothing of it stays."""

    @abstractmethod
    def take(self, staged: StagedFile) -> None:
        """Gives a staged file its name, where it has none yet.

        Raises:
            OSError: when it cannot.
        """

    @abstractmethod
    def find_obstacle(self, file: str) -> str:
        """Why a file may not be written; empty where it may."""

    def write(self, file: str, content: bytes) -> None:
        """Writes a small file in one go."""
        with self.stage(file) as staging:
            staging.stream.write(content)
        self.take(staging.result)

    def read(self, file: str) -> bytes | None:
        """The content of a small file that a run has written; None where there is none.

        Raises:
            OSError: when it cannot be read.
        """
        return read_small_file(join(self.root, file))

    def open(self, file: str) -> BinaryIO:
        """A file that a run has written, to be read.

        Raises:
            OSError: when it cannot be read.
        """
        return open_file(join(self.root, file))

    def has(self, file: str) -> bool:
        """Whether there is a file of that name."""
        try:
            file_state(join(self.root, file))
        except FileNotFoundError:
            return False
        return True

    def modified(self, file: str) -> float:
        """When a file that is there was written, in seconds since 1970."""
        return file_state(join(self.root, file)).modified


class LocalOutput(ShardOutput):
    """A folder: nothing in it is replaced that no run of ours has written, and one run at a time writes into it."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._folder = OutputFolder(Path(root))

    def __enter__(self) -> LocalOutput:
        self._folder.__enter__()
        self._folder.make()
        remove_leftovers(self._folder.path)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:  # of workers that were lost
            remove_leftovers(self._folder.path)
        self._folder.__exit__(kind, error, trace)

    def stage(self, file: str) -> AbstractContextManager[Staging]:
        return stage_in_folder(self._folder.path, file)

    def take(self, staged: StagedFile) -> None:
        self._folder.take(staged)

    def find_obstacle(self, file: str) -> str:
        return self._folder.find_obstacle(file, content=False)


class RemoteOutput(ShardOutput):
    """An address. A file there appears with its last byte. The place is ours from the first file on that a run writes,
    which is its record: it is refused where others are and no record."""

    def __init__(self, root: str) -> None:
        super().__init__(root.rstrip("/"))
        self._system, self._path = file_system(root)

    def __enter__(self) -> RemoteOutput:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    @contextmanager
    def stage(self, file: str) -> Iterator[Staging]:
        with tempfile.TemporaryDirectory(prefix="salient-crop-") as folder:
            path = os.path.join(folder, "part")
            with open(path, "wb") as opened:
                staging = Staging(HashingStream(cast(BinaryIO, opened)))
                yield staging
            staging.result = staging.stream.staged(file, "")
            self._upload(path, file)

    def take(self, staged: StagedFile) -> None:
        """Nothing: it has its name."""

    def find_obstacle(self, file: str) -> str:
        return ""

    def is_empty(self) -> bool:
        """Whether there is nothing at the address.

        Raises:
            OSError: when it cannot be listed.
        """
        try:
            self._system.invalidate_cache()
            return not self._system.ls(self._path, detail=False)
        except FileNotFoundError:
            return True

    def has(self, file: str) -> bool:
        self._system.invalidate_cache()
        return super().has(file)

    def _upload(self, path: str, file: str) -> None:
        target = join(self._path, file)
        protocols = self._system.protocol
        if _WITHOUT_FOLDERS.isdisjoint([protocols] if isinstance(protocols, str) else protocols):
            self._system.makedirs(target.rpartition("/")[0], exist_ok=True)
        try:
            self._system.put_file(path, target)
        except OSError:
            raise
        except Exception as error:  # of the client of its storage
            raise StorageError(join(self.root, file), f"{type(error).__name__}: {error}") from error
        self._system.invalidate_cache()


def open_output(root: str) -> ShardOutput:
    """The output at a folder or an address; enter it as a context to write there.

    Raises:
        StorageError: when the address cannot be used.
    """
    return RemoteOutput(root) if is_address(root) else LocalOutput(root)
