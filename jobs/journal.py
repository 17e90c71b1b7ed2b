"""The pictures that a run has finished so far, in a file that survives any end of the run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ..datasets.json_values import parse_json
from ..datasets.manifest import FAILED, PictureRecord, format_line, parse_line
from ..datasets.open_folder import open_folder
from ..datasets.part_names import new_part_name
from ..datasets.sidecars import Sidecars

_LONGEST_IDENTITY = 1 << 20  # bytes


class Journal:
    """Finished records, appended as they come; a line that was cut off by a kill is ignored.

    The first line holds the identity of the run; a journal of another identity is emptied. Every other line is the
    state of a source file, a tab, and the manifest line. Memory: a name, a state and an offset for each picture.

    Args:
        path: of the journal; its folder is made.
        identity: of the run, as JSON values.

    Raises:
        ValueError: when there is a file of that name that is no journal.
        OSError: when it cannot be written.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self._path = path
        self._entries: dict[str, tuple[int, str]] = {}  # by source: offset in bytes, state
        self._file: BinaryIO
        header = json.dumps(identity, sort_keys=True).encode() + b"\n"
        with open_folder(path.parent, make=True) as folder:
            if folder.exists(path.name):
                if not is_journal(path):
                    raise ValueError(f"{path}: there already, and no journal of a run; move it away")
                if self._load(folder.read(path.name, "r+b"), header):
                    return
            part = new_part_name()
            with folder.create(part) as file:
                file.write(header)
            folder.replace(part, path.name)  # so that a journal always has its first line
            self._file = folder.read(path.name, "r+b")

    def add(self, record: PictureRecord, state: str) -> None:
        """Appends a finished record; it survives a kill of this process once this returns."""
        line = f"{state}\t{format_line(record)}\n".encode()
        self._entries[record.source] = (self._file.seek(0, 2), state)
        self._file.write(line)
        self._file.flush()

    def finished(self, source: str, state: str) -> PictureRecord | None:
        """The record of `source`, if it was finished when the file was in that state."""
        entry = self._entries.get(source)
        return self._read(entry[0]) if entry and entry[1] == state else None

    def state(self, source: str) -> str:
        """The state in which `source` was when it was finished.

        Raises:
            KeyError: when it is not finished.
        """
        return self._entries[source][1]

    def record(self, source: str) -> PictureRecord:
        """The record of `source`.

        Raises:
            KeyError: when it is not finished.
        """
        return self._read(self._entries[source][0])

    def records(self, sources: Sequence[str]) -> Iterator[PictureRecord]:
        """The records of all `sources`, one at a time."""
        for source in sources:
            yield self.record(source)

    def __len__(self) -> int:
        return len(self._entries)

    def close(self) -> None:
        self._file.close()

    def remove(self) -> None:
        self.close()
        self._path.unlink(missing_ok=True)

    def _load(self, file: BinaryIO, header: bytes) -> bool:
        """Reads the offsets of all whole lines and cuts off the rest; False when it is another run's journal."""
        if file.readline() != header:
            file.close()
            return False
        end = file.tell()
        for line in iter(file.readline, b""):
            found = _parse(line)
            if found is None:
                break
            state, record = found
            self._entries[record.source] = (end, state)
            end = file.tell()
        file.truncate(end)
        self._file = file
        return True

    def _read(self, offset: int) -> PictureRecord:
        self._file.seek(offset)
        found = _parse(self._file.readline())
        assert found is not None
        return found[1]


def read_identity(path: Path) -> dict[str, Any]:
    """The identity of the run that wrote a journal; empty where there is none."""
    try:
        with open_folder(path.parent) as folder, folder.read(path.name) as file:
            identity = parse_json(file.readline(_LONGEST_IDENTITY))
    except (OSError, ValueError):
        return {}
    return identity if isinstance(identity, dict) else {}


def is_journal(path: Path) -> bool:
    """Whether a file begins as a journal does. An empty one is what a loss of power may leave of it."""
    if not path.is_symlink() and path.is_file() and path.stat().st_size == 0:
        return True
    identity = read_identity(path)
    return isinstance(identity.get("folder"), str) and isinstance(identity.get("settings"), dict)


def state_of(path: Path, sidecars: Sidecars) -> str:
    """Changes whenever a picture, its caption or its mask does, or another file takes the place of one.

    Size, time of change and number (inode) of each file, and the name of those beside the picture.
    """
    beside = (f"{json.dumps(file.name)}:{_stamp(file)}" for file in sidecars.list_files(path))
    return " ".join([_stamp(path), *beside])


def has_its_crops(record: PictureRecord, out: Path | None, files: Sequence[str]) -> bool:
    """Whether the record's crops have the names that they should have now, and the files exist.

    Some crops of a picture, or all, may have been left out as asked; those that a person dropped have no file.

    Args:
        record: of an earlier run.
        out: folder of the crops; None in a dry run, which has no files.
        files: the names that the crops should have, relative to `out`, in order.
    """
    if record.status == FAILED or out is None:
        return record.status != FAILED
    names = iter(files)
    written = [crop.file for crop in record.crops if not crop.is_dropped]
    return all(file is not None and file in names and os.path.isfile(out / file) for file in written)


def _stamp(file: Path) -> str:
    try:
        status = file.stat()
    except OSError:
        return "-"
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"


def _parse(line: bytes) -> tuple[str, PictureRecord] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        state, _, record = line.decode().partition("\t")
        return state, parse_line(record)
    except ValueError:
        return None
