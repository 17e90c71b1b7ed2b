"""Decisions that are not saved yet, in a file beside the manifest that survives any end of the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..cropping.correction import Correction
from ..datasets.corrections import format_correction, read_correction
from ..datasets.json_values import (
    optional,
    parse_json,
    read_digest,
    read_field,
    read_relative_path,
    read_whole,
)
from ..datasets.open_folder import open_folder
from ..datasets.part_names import new_part_name

SUFFIX = ".review"
_HEADER = b'{"salient_crop": "decisions that are not saved yet"}\n'


class Decision(NamedTuple):
    """What was decided about one crop; None takes back what was saved."""

    source: str
    digest: str
    place: int
    correction: Correction | None


class DecisionLog:
    """Decisions, appended as they are made; a line that was cut off by a kill is ignored.

    Args:
        manifest: that they are about; the log lies beside it.

    Raises:
        ValueError: when a file of that name is none, or a line of it is malformed; names the file.
        OSError: when it cannot be read or written.
    """

    def __init__(self, manifest: Path) -> None:
        self.path = manifest.with_name(manifest.name + SUFFIX)
        self._file: BinaryIO | None = None

    def read(self) -> Iterator[Decision]:
        """The decisions in the order in which they were made."""
        try:
            with open_folder(self.path.parent) as folder, folder.read(self.path.name) as file:
                if file.readline() != _HEADER:
                    raise ValueError(f"{self.path}: there already, and no list of decisions; move it away")
                for number, line in enumerate(file, 2):
                    if line.endswith(b"\n"):
                        yield self._parse(number, line)
        except FileNotFoundError:
            return

    def add(self, decision: Decision) -> None:
        """Appends a decision; it survives a kill of this process once this returns."""
        if self._file is None:
            self._file = self._open()
        correction = None if decision.correction is None else format_correction(decision.correction)
        self._file.write(json.dumps({**decision._asdict(), "correction": correction}).encode() + b"\n")
        self._file.flush()

    def clear(self, left: Iterator[Decision] | list[Decision]) -> None:
        """Forgets all decisions but those that are left."""
        self.close()
        left = list(left)
        with open_folder(self.path.parent) as folder:
            folder.remove(self.path.name)
        for decision in left:
            self.add(decision)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> BinaryIO:
        with open_folder(self.path.parent) as folder:
            if not folder.exists(self.path.name):
                part = new_part_name()
                with folder.create(part) as file:
                    file.write(_HEADER)
                folder.replace(part, self.path.name)
            opened = folder.read(self.path.name, "r+b")
            content = opened.read()
            opened.truncate(content.rfind(b"\n") + 1)  # a line that was cut off would spoil the next one
            opened.seek(0, 2)
            return opened

    def _parse(self, number: int, line: bytes) -> Decision:
        try:
            value = parse_json(line)
            return Decision(
                read_field(value, "source", read_relative_path),
                read_field(value, "digest", read_digest),
                read_field(value, "place", read_whole),
                read_field(value, "correction", optional(read_correction)),
            )
        except ValueError as error:
            raise ValueError(f"{self.path}, line {number}: {error}; move the file away") from None
