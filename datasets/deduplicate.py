"""Pictures that are in a data set twice: the same bytes, or nearly the same picture.

The perceptual hash is the classic one: the low frequencies of a small grey version, each above or below their median
(Zauner 2010, "Implementation and benchmarking of perceptual image hash functions").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..images.errors import reading
from .hashing import hash_stream
from .open_folder import open_regular

_SIDE, _LOW = 32, 8  # sides of the grey version and of the block of low frequencies that is kept of it
_BITS = 64
MAX_DISTANCE = 6  # of 64 bits: re-encoded, resized or slightly edited copies; other pictures differ in about 32


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One picture that another one makes needless.

    Attributes:
        name: of the picture.
        kept: the picture that is kept instead.
        exact: True for the same bytes, False for nearly the same picture.
    """

    name: str
    kept: str
    exact: bool


def hash_file(path: Path | str) -> str:
    """A hash of the file's bytes, 32 hexadecimal digits.

    Raises:
        PictureError: when it cannot be read.
    """
    path = Path(path)
    with reading(path), open_regular(path) as file:
        return hash_stream(file)


def perceptual_hash(pixels: np.ndarray) -> int:
    """A perceptual hash of 64 bits of a picture or thumbnail, uint8 [H, W, 3].

    Similar pictures have hashes that differ in few bits.
    """
    grey = pixels[..., :3].astype(np.float64) @ (0.299, 0.587, 0.114)
    small = _average_rows(_average_rows(grey, _SIDE).T, _SIDE).T
    basis = _dct_basis(_SIDE)[:_LOW]
    frequencies = (basis @ small @ basis.T).ravel()
    bits = frequencies > np.median(frequencies[1:])  # without the mean brightness
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def find_duplicates(
    names: Sequence[str],
    file_hashes: Mapping[str, str],
    perceptual_hashes: Mapping[str, int],
    max_distance: int = MAX_DISTANCE,
) -> list[Duplicate]:
    """The pictures that repeat an earlier one, in order.

    Args:
        names: every picture; of a group the first is kept.
        file_hashes: `hash_file` by name; names may be missing.
        perceptual_hashes: `perceptual_hash` by name; names may be missing.
        max_distance: how many bits may differ; 0 finds only equal hashes, a negative number only the same bytes.

    >>> find_duplicates(["a", "b", "c"], {}, {"a": 0b0000, "b": 0b0011, "c": 0xFFFF_FFFF})
    [Duplicate(name='b', kept='a', exact=False)]
    """
    found: list[Duplicate] = []
    first_of_bytes: dict[str, str] = {}
    kept = _HashIndex(max(0, max_distance))
    for name in names:
        content = file_hashes.get(name)
        if content in first_of_bytes:
            found.append(Duplicate(name, first_of_bytes[content], True))
            continue
        if content is not None:
            first_of_bytes[content] = name
        value = perceptual_hashes.get(name)
        if value is None or max_distance < 0:
            continue
        nearest = kept.nearest(value)
        if nearest is None:
            kept.add(value, name)
        else:
            found.append(Duplicate(name, nearest, False))
    return found


class _HashIndex:
    """Hashes that are searched by Hamming distance.

    A hash is cut into `max_distance + 1` parts. Two hashes that differ in at most `max_distance` bits have at least one
    part in common (the pigeonhole principle), so only hashes that share a part are compared.
    """

    def __init__(self, max_distance: int) -> None:
        self._max_distance = max_distance
        parts = max_distance + 1
        self._edges = [round(_BITS * part / parts) for part in range(parts + 1)]
        self._by_part: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)

    def add(self, value: int, name: str) -> None:
        for key in self._keys(value):
            self._by_part[key].append((value, name))

    def nearest(self, value: int) -> str | None:
        """The name of the nearest hash within the distance, the first added of equally near ones."""
        candidates = [entry for key in self._keys(value) for entry in self._by_part.get(key, ())]
        best = min(candidates, key=lambda entry: (entry[0] ^ value).bit_count(), default=None)
        return best[1] if best is not None and (best[0] ^ value).bit_count() <= self._max_distance else None

    def _keys(self, value: int) -> Iterable[tuple[int, int]]:
        for part, (low, high) in enumerate(zip(self._edges[:-1], self._edges[1:], strict=True)):
            yield part, value >> low & ((1 << high - low) - 1)


def _average_rows(values: np.ndarray, number: int) -> np.ndarray:
    """Rows averaged to `number` of them by exact area, as a box filter does: [H, W] to [number, W]."""
    edges = np.linspace(0, len(values), number + 1)
    sums = np.vstack([np.zeros(values.shape[1]), np.cumsum(values, axis=0)])
    whole = np.minimum(edges.astype(int), len(values) - 1)
    sums_at_edges = sums[whole] + (edges - whole)[:, None] * values[whole]
    return np.diff(sums_at_edges, axis=0) / np.diff(edges)[:, None]


def _dct_basis(number: int) -> np.ndarray:
    """The cosines of the discrete cosine transform (DCT-II), unscaled: [frequency, position]."""
    index = np.arange(number)
    return np.cos(np.pi * np.outer(index, 2 * index + 1) / (2 * number))
