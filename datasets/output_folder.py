"""A folder that runs write into: nothing in it is replaced or removed that no run of ours has written."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .folder_lock import lock_folder
from .hashing import hash_stream
from .ledger import Ledger
from .names import find_windows_problem
from .open_folder import OpenFolder, open_folder
from .part_names import new_part_name
from .staged import Change, StagedFile

_ON_WINDOWS = os.name == "nt"
FOREIGN, CHANGED = "there already, and no run wrote it", "changed since a run wrote it"


class NotOursError(OSError):
    """A file that is in the way and is not a run's to replace.

    Args:
        file: its path in the folder.
        obstacle: see `OutputFolder.find_obstacle`.
    """

    def __init__(self, file: str, obstacle: str) -> None:
        super().__init__(errno.EEXIST, f"{file}: {obstacle}, so it is kept")


class OutputFolder:
    """A folder, and which of its files are ours: those that its ledger lists and whose content is as it was written.

    Use it as a context around a run: no other run writes into it meanwhile. Files are named by POSIX paths relative to
    it. They appear whole or not at all, the folders that they need are made, and no link in it is followed. May be used
    by several threads, for files of their own.

    Args:
        path: need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ledger = Ledger(path)
        self._lock = ExitStack()
        self._is_locked = False

    def __enter__(self) -> OutputFolder:
        """Keeps other runs out, and reads what earlier ones have written.

        Raises:
            FolderBusyError: when another run is writing into the folder.
            ValueError, OSError: see `Ledger.load`.
        """
        if self.path.is_dir():
            self._take()
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._is_locked = False
            if error[0] is None:  # a run that was interrupted may still want to know what is missing
                self._ledger.forget_missing()
            self._ledger.close()

    def make(self) -> None:
        """Makes the folder where there is none yet, once it is certain that something will be written.

        Raises:
            FolderBusyError: when another run was faster.
            OSError: when it cannot be made.
        """
        if not self._is_locked:
            self.path.mkdir(parents=True, exist_ok=True)
            self._take()

    def write(self, file: str, content: bytes) -> None:
        """Writes a file in one go; see `open`."""
        with self.open(file) as part:
            part.write(content)

    @contextmanager
    def open(self, file: str) -> Iterator[BinaryIO]:
        """A file to write into that takes its name only when all is written. On any error nothing of it stays.

        A file that has exactly that content already stays as it is, and does not become ours.

        Raises:
            NotOursError: when a file, a folder or a link is in the way that no run has written.
            OSError: when it cannot be written.
        """
        if problem := _name_problem(file):
            raise OSError(errno.EINVAL, f"on Windows, {problem}", file)
        parent, _, name = file.rpartition("/")
        with open_folder(self.path, parent, make=True) as folder:
            part = new_part_name()
            try:
                with folder.create(part) as stream:
                    yield stream
                    stream.seek(0)
                    digest = hash_stream(stream)
                self._take_name(folder, part, name, file, digest)
            finally:
                folder.remove(part)

    def take(self, staged: StagedFile) -> None:
        """Gives a staged file its name, as `open` does at its end. On any error nothing of it stays.

        Raises:
            FileNotFoundError: when it is not seen here.
            NotOursError, OSError: see `open`.
        """
        parent, _, name = staged.file.rpartition("/")
        # Made where it is missing: a network folder may not know yet what another machine has made in it.
        with open_folder(self.path, parent, make=True) as folder:
            try:
                self._take_name(folder, staged.part, name, staged.file, staged.digest)
            finally:
                folder.remove(staged.part)

    def make_changes(self, changes: Iterable[Change]) -> None:
        """Gives staged files their names and removes those of the others that are ours, in order.

        Raises:
            FileNotFoundError, NotOursError, OSError: see `take`; those that follow are not made, and nothing stays that
                was staged of them.
        """
        remaining = deque(changes)
        try:
            while remaining:
                change = remaining.popleft()
                if isinstance(change, StagedFile):
                    self.take(change)
                else:
                    self.remove(change)
        finally:
            for change in remaining:
                if isinstance(change, StagedFile):
                    with suppress(OSError), open_folder(self.path, change.file.rpartition("/")[0]) as folder:
                        folder.remove(change.part)

    def remove(self, *files: str) -> None:
        """Removes those of the files that are ours."""
        for file in files:
            if not self._ledger.lists(file):
                continue
            parent, _, name = file.rpartition("/")
            try:
                with open_folder(self.path, parent) as folder:
                    digest = _hash_file(folder, name)
                    if digest is None or self._ledger.knows(file, digest):
                        folder.remove(name)
                        self._ledger.forget(file)
            except (FileNotFoundError, NotADirectoryError):
                self._ledger.forget(file)
            except OSError:  # a link or a folder, which no run has written
                continue

    def find_obstacle(self, file: str, content: bool = True) -> str:
        """Why a file may not be written; empty where it may.

        Args:
            content: False only asks whether a run has written the file, and not whether it has been changed since.
        """
        if _name_problem(file):  # then it is not there; the picture alone will fail
            return ""
        parent, _, name = file.rpartition("/")
        try:
            with open_folder(self.path, parent) as folder:
                if not folder.exists(name):
                    return ""
                if not self._ledger.lists(file):
                    return FOREIGN
                digest = _hash_file(folder, name) if content else None
        except FileNotFoundError:
            return ""
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:  # then it is not there; the picture alone will fail
                return ""
            return error.strerror or str(error)
        return "" if digest is None or self._ledger.knows(file, digest) else CHANGED

    def is_missing(self, file: str) -> bool:
        """Whether a file that a run has written is gone."""
        return self._ledger.lists(file) and not os.path.lexists(self.path / file)

    def refuse_obstacles(self, files: Iterable[str]) -> None:
        """Makes sure that files may be written.

        Raises:
            NotOursError: naming the first that may not.
        """
        for file in files:
            if obstacle := self.find_obstacle(file):
                raise NotOursError(file, obstacle)

    def _take(self) -> None:
        with ExitStack() as lock:
            lock.enter_context(lock_folder(self.path))
            self._ledger.load()
            self._lock = lock.pop_all()
        self._is_locked = True

    def _take_name(self, folder: OpenFolder, part: str, name: str, file: str, digest: str) -> None:
        try:
            existing = _hash_file(folder, name)
        except OSError as error:
            raise error if error.errno == errno.ENAMETOOLONG else NotOursError(file, FOREIGN) from None
        if existing == digest:
            if self._ledger.knows(file, digest):
                self._ledger.settle(file, digest)
            return
        if existing is not None and not self._ledger.knows(file, existing):
            raise NotOursError(file, CHANGED if self._ledger.lists(file) else FOREIGN)
        self._ledger.note(file, digest)
        folder.replace(part, name)
        self._ledger.settle(file, digest)


def _name_problem(file: str) -> str:
    return find_windows_problem(file) if _ON_WINDOWS else ""


def _hash_file(folder: OpenFolder, name: str) -> str | None:
    """A hash of a file; None where there is none.

    Raises:
        OSError: when it cannot be read, or is no file.
    """
    try:
        with folder.read(name) as file:
            return hash_stream(file)
    except FileNotFoundError:
        return None
