"""What a run has finished so far, in a file that survives any end of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ..datasets.manifest import OK, PictureRecord, format_line, parse_line
from ..datasets.sidecars import Sidecars


class Journal:
    """Finished records, appended as they come; a line that was cut off by a kill is as if it had never been.

    The first line holds the settings of the run; a journal of other settings is begun anew. Every other line is the
    state of a source file, a tab, and the manifest line. Memory: a name and two numbers a picture.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self._path = path
        self._places: dict[str, tuple[int, str]] = {}
        self._file: BinaryIO
        header = json.dumps(settings, sort_keys=True).encode() + b"\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and self._load(header):
            return
        self._file = path.open("w+b")
        self._file.write(header)
        self._file.flush()

    def add(self, record: PictureRecord, state: str) -> None:
        """Notes a finished record; it is in the operating system's hands when this returns."""
        line = f"{state}\t{format_line(record)}\n".encode()
        self._places[record.source] = (self._file.seek(0, 2), state)
        self._file.write(line)
        self._file.flush()

    def finished(self, source: str, state: str) -> PictureRecord | None:
        """The record of `source`, if it was finished when the file was in that state."""
        place = self._places.get(source)
        return self._read(place[0]) if place and place[1] == state else None

    def record(self, source: str) -> PictureRecord:
        """The record of `source`, which is there."""
        return self._read(self._places[source][0])

    def records(self, sources: Sequence[str]) -> Iterator[PictureRecord]:
        """The records of all `sources`, one at a time."""
        for source in sources:
            yield self.record(source)

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        self._file.close()

    def remove(self) -> None:
        self.close()
        self._path.unlink(missing_ok=True)

    def _load(self, header: bytes) -> bool:
        """Reads the places of all whole lines and cuts off the rest; False when it is not this run's journal."""
        file = self._path.open("r+b")
        if file.readline() != header:
            file.close()
            return False
        end = file.tell()
        for line in iter(file.readline, b""):
            found = _parsed(line)
            if found is None:
                break
            state, record = found
            self._places[record.source] = (end, state)
            end = file.tell()
        file.truncate(end)
        self._file = file
        return True

    def _read(self, place: int) -> PictureRecord:
        self._file.seek(place)
        found = _parsed(self._file.readline())
        assert found is not None
        return found[1]


def state_of(path: Path, sidecars: Sidecars) -> str:
    """Changes whenever a picture, its caption or its mask does: sizes and times of change."""
    parts = []
    for file in (path, *sidecars.list_files(path)):
        try:
            status = file.stat()
            parts.append(f"{status.st_size}:{status.st_mtime_ns}")
        except OSError:
            parts.append("-")
    return " ".join(parts)


def has_its_crops(record: PictureRecord, out: Path | None, files: Sequence[str]) -> bool:
    """True when the record's crops have the names they should have now, and lie there."""
    if record.status != OK or out is None:
        return record.status == OK
    return [crop.file for crop in record.crops] == list(files) and all((out / file).is_file() for file in files)


def _parsed(line: bytes) -> tuple[str, PictureRecord] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        state, _, record = line.decode().partition("\t")
        return state, parse_line(record)
    except ValueError:
        return None
