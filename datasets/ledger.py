"""Which files of a folder runs have written, each by a hash of its content: what may be replaced and removed later."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import RLock
from typing import BinaryIO

from .json_values import DIGEST_DIGITS, parse_json, read_digest, read_field, read_relative_path
from .open_folder import open_folder
from .part_names import new_part_name

LEDGER = ".salient-crop.jsonl"
"""Name of the file in each folder that runs write into: one line of JSON for each file."""

_BEGINNING = b'{"file": "'


class Ledger:
    """The files that runs have written into a folder and below it.

    A hash is noted before its file takes its name, so that a kill at any moment leaves no file of ours unknown: until
    the file is there, both the old and the new content are ours. Memory: a name and a hash of 16 bytes for each file.
    May be used by several threads.

    Args:
        folder: need not exist yet; the ledger is made in it with the first note.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digests: dict[str, bytes] = {}  # of each file, one hash after the other
        self._file: BinaryIO | None = None
        self._is_tidy = True  # the file, see `close`
        self._lock = RLock()

    def load(self) -> None:
        """Reads what earlier runs have noted. A last line that a kill cut off is ignored.

        Raises:
            ValueError: when it is no ledger, naming the line.
            OSError: when it cannot be read, or is a link.
        """
        self._digests.clear()
        self._is_tidy = True
        before = ""
        try:
            with open_folder(self._folder) as folder, folder.read(LEDGER) as file:
                for number, line in enumerate(file, 1):
                    if not line.endswith(b"\n") and _is_cut_off(line):
                        self._is_tidy = False
                        continue
                    name, digest = self._parse(number, line)
                    self._is_tidy &= before <= name and line == _format(name, digest) and not self.knows(name, digest)
                    self._add(name, digest)
                    before = name
        except (FileNotFoundError, NotADirectoryError):
            return

    def lists(self, file: str) -> bool:
        """Whether a run has written the file, whatever it holds now."""
        return file in self._digests

    def knows(self, file: str, digest: str) -> bool:
        """Whether a run has written the file with content of this hash."""
        noted, wanted = self._digests.get(file, b""), bytes.fromhex(digest)
        return any(noted[start : start + len(wanted)] == wanted for start in range(0, len(noted), len(wanted)))

    def note(self, file: str, digest: str) -> None:
        """Notes that a file is about to be written; it survives a kill of this process once this returns."""
        with self._lock:
            file_of_notes = self._open()
            self._add(file, digest)
            file_of_notes.write(_format(file, digest))
            file_of_notes.flush()

    def settle(self, file: str, digest: str) -> None:
        """Notes that a file is written, and so has no other content any more."""
        with self._lock:
            settled = bytes.fromhex(digest)
            self._is_tidy &= self._digests.get(file) == settled
            self._digests[file] = settled

    def forget(self, file: str) -> None:
        """Notes that a file is removed."""
        with self._lock:
            self._open()
            self._digests.pop(file, None)

    def forget_missing(self) -> None:
        """Notes that files are removed which are there no more, as after a kill between a removal and its note."""
        for file in list(self._digests):
            if not os.path.lexists(os.path.join(self._folder, file)):
                self.forget(file)

    def close(self) -> None:
        """Leaves one line a file, in the order of their names, where that is not what is there.

        A run that notes nothing tidies up, too, after one that was killed once all was written.
        """
        if self._file is not None:
            self._file.close()  # first: Windows replaces no open file
            self._file = None
            self._is_tidy = False
        if not self._is_tidy:
            self._rewrite().close()
            self._is_tidy = True

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = self._rewrite()
        return self._file

    def _rewrite(self) -> BinaryIO:
        """Writes the ledger anew, whole or not at all; returns it, open at its end."""
        with open_folder(self._folder, make=True) as folder:
            part = new_part_name()
            try:
                with folder.create(part) as file:
                    for name, digests in sorted(self._digests.items()):
                        for start in range(0, len(digests), DIGEST_DIGITS // 2):
                            file.write(_format(name, digests[start : start + DIGEST_DIGITS // 2].hex()))
                folder.replace(part, LEDGER)
            except BaseException:
                folder.remove(part)
                raise
            opened = folder.read(LEDGER, "r+b")
            opened.seek(0, 2)
            return opened

    def _add(self, file: str, digest: str) -> None:
        if not self.knows(file, digest):
            self._digests[file] = self._digests.get(file, b"") + bytes.fromhex(digest)

    def _parse(self, number: int, line: bytes) -> tuple[str, str]:
        try:
            value = parse_json(line)
            return read_field(value, "file", read_relative_path), read_field(value, "blake2b", read_digest)
        except ValueError as error:
            raise ValueError(
                f"{self._folder / LEDGER}, line {number}: not a list of the files that runs have written ({error})"
            ) from None


def _format(file: str, digest: str) -> bytes:
    return json.dumps({"file": file, "blake2b": digest}).encode() + b"\n"


def _is_cut_off(line: bytes) -> bool:
    """Whether a line without an end begins as one of ours."""
    return line.startswith(_BEGINNING) or _BEGINNING.startswith(line)
