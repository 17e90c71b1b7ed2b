"""Whether two faces are the same person, by vectors that a network of the user's has made of their squares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from ..cropping.checks import show
from ..datasets.json_values import MalformedValue, parse_json, read_field, read_number, read_text, show_value
from ..images.errors import PictureError
from ..images.reader import PictureReader

Embed = Callable[[np.ndarray], Any]
"""A square, uint8 `[n, n, 3]` RGB → its vector."""

MOST, LONGEST = 1_000_000, 8192  # vectors, and numbers in one
_LONGEST_LINE = 1 << 20  # bytes


@dataclass(frozen=True)
class Embeddings:
    """Vectors by the names that a manifest gives its squares, all of one length, scaled to the length 1.

    Attributes:
        places: name → row.
        vectors: float32 `[N, D]`.
    """

    places: Mapping[str, int]
    vectors: np.ndarray

    @classmethod
    def of(cls, named: Mapping[str, Any]) -> Embeddings:
        """Of vectors by name, of any length.

        Raises:
            ValueError: when there is none, or one is no vector of finite numbers, is 0, or is of another length than
                the first; names it.
        """
        if not named:
            raise ValueError("there is no vector")
        if len(named) > MOST:
            raise ValueError(f"more than {MOST:,} vectors")
        rows: list[np.ndarray] = []
        for name, vector in named.items():
            rows.append(_as_unit(name, vector, rows[0].size if rows else None))
        return cls({name: row for row, name in enumerate(named)}, np.stack(rows))

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of names and vectors."""
        state = sha256(self.vectors.tobytes())
        for name in self.places:
            state.update(f"{len(name)} {name}".encode("utf-8", "surrogatepass"))
        return state.hexdigest()


@dataclass(frozen=True)
class Person:
    """Somebody, known by one or a few squares.

    Attributes:
        embeddings: of all squares.
        shown_by: names of those that show the person.

    Raises:
        ValueError: naming the one that has no vector.
    """

    embeddings: Embeddings
    shown_by: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.shown_by:
            raise ValueError("same_as: name the square of a face")
        for name in self.shown_by:
            if name not in self.embeddings.places:
                raise ValueError(f"same_as: there is no embedding of {show(name)}; name a file as the manifest does")

    def likeness(self, file: str | None) -> float | None:
        """The cosine of the angle between a square's vector and the nearest of the person's, −1..1.

        None for a square without a vector.
        """
        row = self.embeddings.places.get(file or "")
        if row is None:
            return None
        vectors = self.embeddings.vectors
        known = vectors[[self.embeddings.places[name] for name in self.shown_by]]
        return float(np.clip((known @ vectors[row]).max(), -1, 1))


def read_embeddings(path: Path) -> Embeddings:
    """Vectors from a file: safetensors, with a vector for each name; or lines of JSON, `{"file": "a_0.jpg",
    "embedding": [0.1, …]}`. Which one it is, is told by its content.

    Raises:
        ValueError: when it is neither, or malformed; names the file, and the line or the vector.
        OSError: when it cannot be read.
    """
    with path.open("rb") as file:
        is_json = b"\0" not in file.read(8)  # safetensors begin with a whole number of eight bytes
    try:
        return Embeddings.of(dict(_read_lines(path)) if is_json else _read_tensors(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def embed_squares(folder: Path, files: Sequence[str], embed: Embed) -> Embeddings:
    """The vectors that a function makes of squares.

    Args:
        folder: that the squares lie in.
        files: their names in it.
        embed: see `Embed`.

    Raises:
        ValueError: naming the square that is not there or cannot be read, or of which the function makes no vector.
    """
    found = {}
    with PictureReader() as reader:
        for name in files:
            try:
                with reader.open(folder / name) as square:
                    found[name] = embed(square.crop((0, 0, *square.info.size)))
            except PictureError as error:
                raise ValueError(f"embed: {error}") from error
    try:
        return Embeddings.of(found)
    except ValueError as error:
        raise ValueError(f"embed: {error}") from None


def _read_lines(path: Path) -> Iterator[tuple[str, Any]]:
    seen = set()
    with path.open("rb") as file:
        for number in range(1, MOST + 2):
            line = file.readline(_LONGEST_LINE + 1)
            if not line:
                return
            if len(line) > _LONGEST_LINE:
                raise ValueError(f"line {number}: longer than {_LONGEST_LINE:,} bytes")
            if not line.strip():
                continue
            try:
                value = parse_json(line)
                name, vector = read_field(value, "file", read_text), read_field(value, "embedding", _read_vector)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None
            if name in seen:
                raise ValueError(f"line {number}: {show(name)} for the second time")
            seen.add(name)
            yield name, vector
    raise ValueError(f"more than {MOST:,} lines")


def _read_vector(value: Any) -> np.ndarray:
    if not isinstance(value, list) or not 1 <= len(value) <= LONGEST:
        raise MalformedValue(f"must be a list of 1 to {LONGEST} numbers, got {show_value(value)}")
    return np.array([read_number(each) for each in value])


def _read_tensors(path: Path) -> dict[str, np.ndarray]:
    try:
        with safe_open(path, "numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    except (SafetensorError, TypeError) as error:
        raise ValueError(f"neither lines of JSON nor safetensors that can be read: {error}") from None


def _as_unit(name: str, vector: Any, length: int | None) -> np.ndarray:
    try:
        values = np.asarray(vector, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{show(name)}: no vector of numbers") from None
    if values.ndim != 1 or not 1 <= values.size <= LONGEST:
        raise ValueError(f"{show(name)}: must be a vector of 1 to {LONGEST} numbers, got {list(values.shape)}")
    if length is not None and values.size != length:
        raise ValueError(f"{show(name)}: has {values.size} numbers, and the first vector {length}")
    size = float(np.sqrt((values * values).sum())) if np.isfinite(values).all() else float("nan")
    if not 0 < size < float("inf"):
        raise ValueError(f"{show(name)}: its numbers must be finite, and not all 0")
    return (values / size).astype(np.float32)
