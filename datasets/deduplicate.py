"""Pictures that are there twice: the same bytes, or nearly the same sight.

The perceptual hash is the classic one: the low frequencies of a small grey version, each above or below their median
(Zauner 2010, "Implementation and benchmarking of perceptual image hash functions").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from ..images.errors import reading

_SIDE, _LOW = 32, 8
NEAR = 6  # of 64 bits: re-encoded, resized or slightly edited copies; other pictures differ in about 32


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One picture that another one makes needless.

    Attributes:
        name: of the picture.
        of: the picture that is kept.
        exact: the same bytes, or only nearly the same sight.
    """

    name: str
    of: str
    exact: bool


def hash_file(path: Path | str) -> str:
    """A hash of the file's bytes.

    Raises:
        PictureError: when it cannot be read.
    """
    path, state = Path(path), blake2b(digest_size=16)
    with reading(path), path.open("rb") as file:
        while chunk := file.read(1 << 20):
            state.update(chunk)
    return state.hexdigest()


def perceptual_hash(pixels: np.ndarray) -> int:
    """A perceptual hash of 64 bits of a picture or thumbnail, uint8 [H, W, 3]."""
    grey = pixels[..., :3].astype(np.float64) @ (0.299, 0.587, 0.114)
    small = _averaged(_averaged(grey, _SIDE).T, _SIDE).T
    waves = _cosines(_SIDE)[:_LOW]
    low = (waves @ small @ waves.T).ravel()
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def find_duplicates(
    names: Sequence[str], bytes_of: Mapping[str, str], sights: Mapping[str, int], near: int = NEAR
) -> list[Duplicate]:
    """The pictures that repeat an earlier one, in order.

    Args:
        names: every picture; of a group the first is kept.
        bytes_of: `hash_file` by name; names may be missing.
        sights: `perceptual_hash` by name; names may be missing.
        near: how many bits may differ; 0 finds only the same hash, a negative number none but exact duplicates.
    """
    found: list[Duplicate] = []
    first: dict[str, str] = {}
    kept = _Sights(max(0, near))
    for name in names:
        content = bytes_of.get(name)
        if content in first:
            found.append(Duplicate(name, first[content], True))
            continue
        if content is not None:
            first[content] = name
        sight = sights.get(name)
        if sight is None or near < 0:
            continue
        like = kept.nearest(sight)
        if like is None:
            kept.add(sight, name)
        else:
            found.append(Duplicate(name, like, False))
    return found


class _Sights:
    """Hashes by their bytes-wise parts: two that differ in at most `near` bits share one of `near + 1` parts."""

    def __init__(self, near: int) -> None:
        self._near = near
        self._edges = [round(64 * part / (near + 1)) for part in range(near + 2)]
        self._parts: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)

    def add(self, sight: int, name: str) -> None:
        for key in self._keys(sight):
            self._parts[key].append((sight, name))

    def nearest(self, sight: int) -> str | None:
        candidates = [entry for key in self._keys(sight) for entry in self._parts.get(key, ())]
        best = min(candidates, key=lambda entry: (entry[0] ^ sight).bit_count(), default=None)
        return best[1] if best is not None and (best[0] ^ sight).bit_count() <= self._near else None

    def _keys(self, sight: int) -> Iterable[tuple[int, int]]:
        for part, (low, high) in enumerate(zip(self._edges[:-1], self._edges[1:], strict=True)):
            yield part, sight >> low & ((1 << high - low) - 1)


def _averaged(values: np.ndarray, number: int) -> np.ndarray:
    """Rows averaged to `number` of them by exact area, as a box filter would."""
    edges = np.linspace(0, len(values), number + 1)
    sums = np.vstack([np.zeros(values.shape[1]), np.cumsum(values, axis=0)])
    whole = np.minimum(edges.astype(int), len(values) - 1)
    at = sums[whole] + (edges - whole)[:, None] * values[whole]
    return np.diff(at, axis=0) / np.diff(edges)[:, None]


def _cosines(number: int) -> np.ndarray:
    place = np.arange(number)
    return np.cos(np.pi * np.outer(place, 2 * place + 1) / (2 * number))
