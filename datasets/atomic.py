"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .open_folder import open_folder
from .part_names import is_part_name, new_part_name


@contextmanager
def open_atomic(path: Path | str) -> Iterator[BinaryIO]:
    """A file to write into that takes its name only when all is written; on any error nothing of it stays.

    Missing folders are made. An existing file of that name is replaced; a link is replaced, never followed.
    """
    path = Path(path)
    with open_folder(path.parent, make=True) as folder:
        part = new_part_name()
        try:
            with folder.create(part) as file:
                yield file
            folder.replace(part, path.name)
        except BaseException:
            folder.remove(part)
            raise


def write_atomic(path: Path | str, content: bytes) -> None:
    """Writes a file in one go, whole or not at all; see `open_atomic`.

    Raises:
        OSError: when it cannot be written.
    """
    with open_atomic(path) as file:
        file.write(content)


def remove_leftovers(folder: Path | str) -> None:
    """Removes what a killed run left half written in `folder` and below."""
    for parent, _, names in os.walk(folder):
        for name in names:
            if is_part_name(name):
                Path(parent, name).unlink(missing_ok=True)
