"""Reading benchmark files: JSON, with errors that name the file and the entry.

They come from anybody. Numbers are finite and no larger than those of a picture, and names stay in their folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, TypeVar

import numpy as np

from ..cropping.checks import Size, check_size, show
from ..images.header import MAX_PIXELS

Case = TypeVar("Case")

MOST = 10**7
"""The largest number of a benchmark file, in pixels or as a rating."""

_LONGEST = 300  # characters of what is wrong with an entry


def read_json(file: Path) -> list[Any] | dict[str, Any]:
    """The content of a JSON file.

    Raises:
        OSError: when the file cannot be opened.
        ValueError: when it is not JSON, or neither a list nor an object; names the file.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError(f"{file} is not JSON: lists or objects within too many others") from None
    except ValueError as error:
        raise ValueError(f"{file} is not JSON: {error}") from error
    if not isinstance(content, list | dict):
        raise ValueError(f"{file} holds {show(content)}, not the list or object of a benchmark")
    return content


def read_picture_path(folder: Path, name: Any) -> Path:
    """The path of a picture that an entry names.

    Raises:
        TypeError, ValueError: when it is no name of a file in the folder or below it.
    """
    if not isinstance(name, str):
        raise TypeError(f"a picture's name must be a text, got {show(name)}")
    path = PurePath(name)
    if not path.parts or path.anchor or ".." in path.parts or PurePosixPath(name).is_absolute() or "\0" in name:
        raise ValueError(f"a picture must lie in its folder, got {show(name)}")
    return folder / name


def read_size(entry: Mapping[str, Any]) -> Size:
    """The `width` and `height` of an entry in pixels.

    Raises:
        KeyError, TypeError, ValueError: when one is missing or none, or no picture is as large.
    """
    width, height = check_size("width and height", (entry["width"], entry["height"]))
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width}×{height} pixels, over the limit of {MAX_PIXELS:,}")
    return width, height


def read_numbers(values: Any, columns: int = 0) -> np.ndarray:
    """Numbers `[N]`, or rows of them `[N, columns]`, as floats.

    Raises:
        TypeError, ValueError: when they are something else, or one is not finite or above `MOST`.
    """
    found = np.asarray(values)
    if not found.size:
        return np.zeros((0, columns) if columns else 0)
    if found.dtype.kind not in "iuf":
        raise TypeError(f"must be numbers, got {show(values)}")
    if found.shape[1:] != ((columns,) if columns else ()):
        raise ValueError(f"must be {f'rows of {columns} numbers' if columns else 'a row of numbers'}")
    if not (np.abs(found.astype(float)) <= MOST).all():
        raise ValueError(f"must be finite numbers of at most {MOST:,}, got {show(values)}")
    return found.astype(float)


def parse_each(
    file: Path, entries: Iterable[tuple[Any, Any]], parse: Callable[[Any, Any], Case], shape: str
) -> list[Case]:
    """Parses every entry of a file.

    Args:
        file: for error messages.
        entries: (name or number, entry).
        parse: (name or number, entry) → case. May raise KeyError, TypeError, ValueError, IndexError or OverflowError.
        shape: what an entry should look like, for error messages.

    Raises:
        ValueError: when an entry cannot be parsed, or there is none; names the file and the entry.
    """
    cases = []
    for name, entry in entries:
        try:
            cases.append(parse(name, entry))
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise ValueError(f"{file}: entry {show(name)} is not {shape}: {_describe(error)}") from error
    if not cases:
        raise ValueError(f"{file} holds no cases")
    return cases


def _describe(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
