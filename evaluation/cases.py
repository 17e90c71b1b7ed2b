"""Reading benchmark files: JSON whose faults are named by file and entry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

Case = TypeVar("Case")


def read_json(file: Path) -> Any:
    """The file's content, a list or an object.

    Raises:
        ValueError: when it is not JSON, or holds neither; names the file.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{file} is not JSON: {error}") from error
    if not isinstance(content, list | dict):
        raise ValueError(f"{file} holds {content!r}, not the list or object of a benchmark")
    return content


def parse_each(
    file: Path, entries: Iterable[tuple[Any, Any]], parse: Callable[[Any, Any], Case], shape: str
) -> list[Case]:
    """Every (name, entry) parsed.

    Raises:
        ValueError: when one does not have the `shape` described, or there is none; names the file and the entry.
    """
    cases = []
    for name, entry in entries:
        try:
            cases.append(parse(name, entry))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"{file}: entry {name!r} is not {shape}: {error!r}") from error
    if not cases:
        raise ValueError(f"{file} holds no cases")
    return cases
