"""The plan of a bucket run over shards, as parquet: where every picture goes, and how often it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import numpy as np

from ..staged import HashingStream
from .arrow import import_arrow

PLAN = "plan.parquet"


@dataclass(frozen=True)
class ShardPlan:
    """Where the pictures of all shards go, one after the other.

    Attributes:
        rows: how many pictures each shard has, in order.
        columns: int16 `[N]`, the bucket of each picture by its place in the grid; -1 for none.
        uses: int16 `[N]`, how often it is used; 0 where it has no bucket.
        reasons: why pictures that could be sorted have no bucket, by their place.
    """

    rows: Mapping[str, int]
    columns: np.ndarray
    uses: np.ndarray
    reasons: Mapping[int, str]

    @cached_property
    def slices(self) -> dict[str, slice]:
        """The places of each shard's pictures."""
        found, first = {}, 0
        for shard, number in self.rows.items():
            found[shard] = slice(first, first + number)
            first += number
        return found


def write_plan(stream: HashingStream, plan: ShardPlan, sizes: Sequence[str]) -> None:
    """Writes a plan with the buckets by their names, such as `832x1216`."""
    arrow = import_arrow()
    names = np.array([*sizes, ""], dtype=object)
    reasons = np.full(len(plan.columns), "", dtype=object)
    for place, reason in plan.reasons.items():
        reasons[place] = reason
    places = [np.arange(each) for each in plan.rows.values()] or [np.arange(0)]
    shards = np.repeat(np.array(list(plan.rows), dtype=object), list(plan.rows.values()))
    table = arrow.table(
        {
            "shard": arrow.array(shards, arrow.string()).dictionary_encode(),
            "place": arrow.array(np.concatenate(places), arrow.int32()),
            "bucket": arrow.array(names[plan.columns], arrow.string()).dictionary_encode(),
            "uses": arrow.array(plan.uses, arrow.int16()),
            "reason": arrow.array(reasons, arrow.string()).dictionary_encode(),
        }
    )
    arrow.parquet.write_table(table, arrow.PythonFile(stream, mode="w"), compression="zstd")


def read_plan(stream: BinaryIO, rows: Mapping[str, int], sizes: Sequence[str]) -> ShardPlan:
    """The plan that `write_plan` has written of the same shards and sizes.

    Raises:
        ValueError: when it is none.
    """
    arrow = import_arrow()
    try:
        table = arrow.parquet.read_table(arrow.PythonFile(stream, mode="r"), columns=["bucket", "uses", "reason"])
        column_of = {name: column for column, name in enumerate(sizes)} | {"": -1}
        columns = np.array([column_of[each] for each in table["bucket"].to_pylist()], np.int16)
        uses = table["uses"].to_numpy().astype(np.int16)
        reasons = {place: each for place, each in enumerate(table["reason"].to_pylist()) if each}
    except (arrow.ArrowException, OSError, ValueError, KeyError) as error:
        raise ValueError(f"not the plan of a bucket run ({str(error).splitlines()[0]})") from None
    if len(columns) != sum(rows.values()):
        raise ValueError("not the plan of these shards")
    return ShardPlan(rows, columns, uses, reasons)
