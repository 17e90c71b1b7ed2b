"""What the first pass of a bucket run found, as parquet: for each picture its record and its loss in every bucket."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from ..json_values import MalformedValue
from ..manifest import OK, PictureRecord, format_line, parse_line
from ..staged import HashingStream
from .arrow import import_arrow
from .names import PARQUET, beside

_ROWS = 256  # in a row group: a record has some kilobytes, with all buckets


def measured_file(shard: str) -> str:
    """Where the measurements of a shard lie, in the output of a run."""
    return f"measured/{beside(shard, PARQUET)}"


class MeasuredWriter:
    """Writes one row for each picture, in order; a context.

    Args:
        stream: to write into; it stays open.
    """

    def __init__(self, stream: HashingStream) -> None:
        arrow = import_arrow()
        fields = [("usable", arrow.bool_()), ("losses", arrow.list_(arrow.float64())), ("record", arrow.string())]
        self._arrow, self._schema = arrow, arrow.schema(fields)
        self._rows: list[dict[str, Any]] = []
        self._writer = arrow.parquet.ParquetWriter(arrow.PythonFile(stream, mode="w"), self._schema, compression="zstd")

    def __enter__(self) -> MeasuredWriter:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, record: PictureRecord, losses: np.ndarray) -> None:
        """Notes a picture.

        Args:
            record: of it, with a crop for every bucket where its status is `ok`.
            losses: float64 `[M]`; infinite where it must not go.
        """
        row = {"usable": record.status == OK, "losses": losses.tolist(), "record": format_line(record)}
        self._rows.append(row)
        if len(self._rows) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(self._arrow.Table.from_pylist(self._rows, self._schema))
        self._rows.clear()


def read_losses(stream: BinaryIO, buckets: int) -> tuple[np.ndarray, np.ndarray]:
    """Which pictures can be sorted, bool `[N]`, and what each loses in every bucket, float64 `[N, M]`.

    Raises:
        ValueError: when it is no such file.
    """
    arrow = import_arrow()
    try:
        table = arrow.parquet.read_table(arrow.PythonFile(stream, mode="r"), columns=["usable", "losses"])
        usable = table["usable"].to_numpy(zero_copy_only=False)
        losses = table["losses"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return usable, losses.reshape(len(usable), buckets)
    except (arrow.ArrowException, OSError, ValueError, KeyError) as error:
        raise ValueError(f"not what a bucket run has measured ({str(error).splitlines()[0]})") from None


def read_measured(stream: BinaryIO) -> Iterator[PictureRecord]:
    """The record of every picture, in order.

    Raises:
        ValueError: when it is no such file.
    """
    arrow = import_arrow()
    try:
        file = arrow.parquet.ParquetFile(arrow.PythonFile(stream, mode="r"))
        for batch in file.iter_batches(batch_size=_ROWS, columns=["record"]):
            yield from map(parse_line, batch.column(0).to_pylist())
    except (arrow.ArrowException, OSError, MalformedValue) as error:
        raise ValueError(f"not what a bucket run has measured ({str(error).splitlines()[0]})") from None
