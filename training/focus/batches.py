"""The batches of an epoch: a fixed list, the same on every run and for any number of processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...models.focus.preprocess import AREA, working_size
from .pictures import LabelledPicture

PART_SIZES = ((384, 288), (288, 384), (320, 320), (416, 256), (256, 416), (320, 352))  # (width, height) in pixels
# How many random parts of pictures of each group an epoch has, as a share of the group. Animals of all kinds are few.
PARTS: Mapping[str, float] = {"people": 1.2, "crowd": 1.0, "osie": 0.2, "pets": 0.5, "flms": 0.3, "photo": 0.5}
WILD_ANIMAL_PARTS = 3.0  # the same for pictures of any group but `pets` with an animal's head, beside the group's own
SEED = 20_577


@dataclass(frozen=True)
class Batch:
    """Pictures that are stacked into one input.

    Attributes:
        pictures: B of them.
        size: (width, height) in pixels that they are resized to.
        whole: whether (nearly) all of each picture is used, or a random part of it.
        seed: of the random part and the augmentation.
    """

    pictures: tuple[LabelledPicture, ...]
    size: tuple[int, int]
    whole: bool
    seed: int = 0


def plan_epoch(
    pictures: Sequence[LabelledPicture],
    sizes: Mapping[str, tuple[int, int]],
    number: int,
    batch_size: int,
    area: int = AREA,
) -> list[Batch]:
    """The batches of an epoch in random order.

    Every picture but a `photo` is used once as a whole; besides there are random parts as `PARTS` says.

    Args:
        pictures: to train on.
        sizes: (width, height) of each picture, by its path.
        number: of the epoch; the same number gives the same batches.
        batch_size: largest number of pictures in a batch.
        area: pixels of whole pictures.
    """
    rng = np.random.default_rng([number, SEED])
    batches: list[Batch] = []
    by_size: dict[tuple[int, int], list[LabelledPicture]] = defaultdict(list)
    for picture in pictures:
        if picture.group != "photo":
            by_size[working_size(*sizes[str(picture.path)], area)].append(picture)
    for size, members in sorted(by_size.items()):
        batches += [Batch(chunk, size, whole=True) for chunk in _shuffle_into_chunks(members, batch_size, rng)]
    parts = [picture for members, share in _list_shares(pictures) for picture in _draw(members, share, rng)]
    for index, chunk in enumerate(_shuffle_into_chunks(parts, batch_size, rng)):
        batches.append(Batch(chunk, PART_SIZES[index % len(PART_SIZES)], whole=False))
    order = rng.permutation(len(batches))
    seeds = rng.integers(2**31, size=len(batches))
    return [replace(batches[index], seed=int(seed)) for index, seed in zip(order, seeds, strict=True)]


def _list_shares(pictures: Sequence[LabelledPicture]) -> Iterator[tuple[list[LabelledPicture], float]]:
    """Pictures, and how many parts of them an epoch has, as a share of their number."""
    for group, share in PARTS.items():
        yield [picture for picture in pictures if picture.group == group], share
    yield [picture for picture in pictures if picture.animal_heads and picture.group != "pets"], WILD_ANIMAL_PARTS


def _draw(members: Sequence[LabelledPicture], share: float, rng: np.random.Generator) -> list[LabelledPicture]:
    """`share` times as many pictures as there are members, each of them equally often to within one."""
    count = round(share * len(members))
    order = np.concatenate([rng.permutation(len(members)) for _ in range(int(share) + 1)]) if members else ()
    return [members[index] for index in order[:count]]


def _shuffle_into_chunks(
    members: Sequence[LabelledPicture], size: int, rng: np.random.Generator
) -> list[tuple[LabelledPicture, ...]]:
    order = rng.permutation(len(members))
    return [tuple(members[i] for i in order[start : start + size]) for start in range(0, len(order), size)]
