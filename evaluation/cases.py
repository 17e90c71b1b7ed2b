"""Reading benchmark files: JSON, with errors that name the file and the entry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

Case = TypeVar("Case")


def read_json(file: Path) -> list[Any] | dict[str, Any]:
    """The content of a JSON file.

    Raises:
        OSError: when the file cannot be opened.
        ValueError: when it is not JSON, or neither a list nor an object; names the file.
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
    """Parses every entry of a file.

    Args:
        file: for error messages.
        entries: (name or number, entry).
        parse: (name or number, entry) → case. May raise KeyError, TypeError, ValueError or IndexError.
        shape: what an entry should look like, for error messages.

    Raises:
        ValueError: when an entry cannot be parsed, or there is none; names the file and the entry.
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
