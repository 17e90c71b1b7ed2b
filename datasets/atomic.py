"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_PREFIX, _SUFFIX = ".salient-crop-", ".part"


@contextmanager
def whole_file(path: Path | str) -> Iterator[BinaryIO]:
    """A file to write into that takes its name only when all is written; on any error nothing of it stays.

    Missing folders are made. An existing file of that name is replaced; a link is replaced, never followed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"
    try:
        with part.open("xb") as file:
            yield file
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def remove_leftovers(folder: Path | str) -> None:
    """Removes what a killed run left half written in `folder` and below."""
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.startswith(_PREFIX) and name.endswith(_SUFFIX):
                Path(parent, name).unlink(missing_ok=True)
