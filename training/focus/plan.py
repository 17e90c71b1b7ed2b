"""Which pictures are seen when: an epoch is a fixed list of batches, the same on every run and for any number of
processes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...models.focus.preprocess import AREA, working_size
from .pictures import Picture

PART_SIZES = ((384, 288), (288, 384), (320, 320), (416, 256), (256, 416), (320, 352))
# How many parts of pictures of each group an epoch shows, as a share of the group.
PARTS: Mapping[str, float] = {"people": 1.2, "crowd": 1.0, "osie": 0.2, "photo": 0.5}


@dataclass(frozen=True)
class Batch:
    """Pictures shown together, whole or in part, at one size."""

    pictures: tuple[Picture, ...]
    size: tuple[int, int]
    whole: bool
    seed: int


def epoch(
    pictures: Sequence[Picture], sizes: Mapping[str, tuple[int, int]], number: int, batch: int, area: int = AREA
) -> list[Batch]:
    """Every picture with fixations and every person once whole, and parts beside them, in random order.

    Args:
        pictures: to train on.
        sizes: of the pictures, by path.
        number: of the epoch; the same number gives the same batches.
        batch: pictures in each.
        area: in pixels, that whole pictures are shown in.
    """
    rng = np.random.default_rng([number, 20_577])
    batches: list[Batch] = []
    by_size: dict[tuple[int, int], list[Picture]] = defaultdict(list)
    for picture in pictures:
        if picture.fixations or picture.group == "people":
            by_size[working_size(*sizes[str(picture.path)], area)].append(picture)
    for size, members in sorted(by_size.items()):
        batches += [Batch(chosen, size, True, 0) for chosen in _chunks(members, batch, rng)]
    shown = [picture for group, share in PARTS.items() for picture in _draw(pictures, group, share, rng)]
    for index, chosen in enumerate(_chunks(shown, batch, rng)):
        batches.append(Batch(chosen, PART_SIZES[index % len(PART_SIZES)], False, 0))
    order = rng.permutation(len(batches))
    seeds = rng.integers(2**31, size=len(batches))
    return [
        Batch(batches[index].pictures, batches[index].size, batches[index].whole, int(seed))
        for index, seed in zip(order, seeds, strict=True)
    ]


def _draw(pictures: Sequence[Picture], group: str, share: float, rng: np.random.Generator) -> list[Picture]:
    members = [picture for picture in pictures if picture.group == group]
    wanted = round(share * len(members))
    deck = np.concatenate([rng.permutation(len(members)) for _ in range(int(share) + 1)]) if members else ()
    return [members[index] for index in deck[:wanted]]


def _chunks(members: Sequence[Picture], size: int, rng: np.random.Generator) -> list[tuple[Picture, ...]]:
    order = rng.permutation(len(members))
    return [tuple(members[i] for i in order[start : start + size]) for start in range(0, len(order), size)]
