"""What a network saw in one picture: the maps that models of people's taste read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Impression:
    """Maps of one picture, of any resolution.

    Attributes:
        attention: `[h, w]`, sums to 1: where people look.
        extent: `[h, w]` in 0..1: the probability that a cell belongs to a subject.
        detail: `[h, w]` ≥ 0: how much fine structure lies where.
        gist: `[C, h, w]`, the network's own features of the whole picture, coarse.
        network: the digest of the network.
    """

    attention: Tensor
    extent: Tensor
    detail: Tensor
    gist: Tensor
    network: str


def seen_by(seen: Sequence[object], network: Tensor) -> list[Impression] | None:
    """What was seen in pictures, if all of it was by the network with this digest, `[32]` bytes; else None."""
    digest = bytes(network.tolist()).hex()
    known = [each for each in seen if isinstance(each, Impression) and each.network == digest]
    return known if len(known) == len(seen) else None
