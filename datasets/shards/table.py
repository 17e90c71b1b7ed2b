"""Parquet shards: files with a column of pictures as bytes, read and written a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO

from ...printable import first_line
from ..staged import HashingStream
from .arrow import import_arrow

ROWS = 64  # read and written at once
PREFIX = "crop"
IMAGE_COLUMNS = ("image", "jpg", "jpeg", "png", "webp", "image_bytes", "bytes")
"""Columns that are taken for the pictures, the first of them that is there."""


class TableError(Exception):
    """A parquet file that cannot be read, or has no pictures; its text says why."""


@dataclass(frozen=True)
class Batch:
    """A few rows.

    Attributes:
        rows: as pyarrow has them.
        pictures: the bytes of each row's picture; None where there are none.
    """

    rows: Any
    pictures: list[bytes | None]


class TableReader:
    """The rows of a parquet file, in order.

    Args:
        stream: of the file, which can be read from any place.
        column: of the pictures: binary, or a struct with a binary field `bytes`; None for the first of `IMAGE_COLUMNS`.
        limit: bytes that a group of rows may take in memory.

    Raises:
        TableError: when it is no parquet file, or has no such column.
    """

    def __init__(self, stream: BinaryIO, column: str | None, limit: int) -> None:
        self._arrow = import_arrow()
        self._limit = limit
        try:
            self._file = self._arrow.parquet.ParquetFile(self._arrow.PythonFile(stream, mode="r"))
            self.schema = self._file.schema_arrow
        except (self._arrow.ArrowException, OSError, ValueError) as error:
            raise TableError(f"no parquet file that can be read ({first_line(error)})") from None
        self.column = self._find_column(column)
        for name in result_fields(self._arrow):
            if name in self.schema.names:
                raise TableError(f"a column {name!r} of its own, where the crop's would go; rename it")

    def batches(self) -> Iterator[Batch]:
        """All rows, some at a time.

        Raises:
            TableError: when they cannot be read.
        """
        for group in range(self._file.metadata.num_row_groups):
            size = self._file.metadata.row_group(group).total_byte_size
            if size > self._limit:
                raise TableError(
                    f"a group of rows of {size:,} bytes, more than there is room for; allow more with --memory"
                )
        batches = self._file.iter_batches(batch_size=ROWS)
        while True:
            try:
                rows = next(batches, None)
                if rows is None:
                    return
                column = rows.column(rows.schema.get_field_index(self.column))
                if self._arrow.types.is_struct(column.type):
                    column = column.field("bytes")
                pictures = column.to_pylist()
            except (self._arrow.ArrowException, OSError, ValueError) as error:
                raise TableError(f"damaged: {first_line(error)}") from None
            yield Batch(rows, pictures)

    def _find_column(self, wanted: str | None) -> str:
        names = [name for name in ([wanted] if wanted is not None else IMAGE_COLUMNS) if name in self.schema.names]
        found = next((name for name in names if self._holds_pictures(self.schema.field(name).type)), None)
        if found is None:
            asked = f"column {wanted!r}" if wanted is not None else "column of pictures"
            columns = ", ".join(f"{each.name} ({each.type})" for each in self.schema)
            raise TableError(
                f"no {asked} with bytes, or a struct with bytes; --image-column NAME says which. It has {columns}"
            )
        return found

    def _holds_pictures(self, kind: Any) -> bool:
        types = self._arrow.types
        if types.is_struct(kind):
            place = kind.get_field_index("bytes")
            return place >= 0 and self._holds_pictures(kind.field(place).type)
        return types.is_binary(kind) or types.is_large_binary(kind)


class TableWriter:
    """Writes the rows that were read, each as often as it has crops, with the columns of the crops; a context.

    Args:
        stream: to write into; it stays open.
        schema: of the rows.
    """

    def __init__(self, stream: HashingStream, schema: Any) -> None:
        self._arrow = import_arrow()
        added = result_fields(self._arrow)
        self._types = added
        for name, kind in added.items():
            schema = schema.append(self._arrow.field(name, kind))
        self._schema = schema
        self._writer = self._arrow.parquet.ParquetWriter(
            self._arrow.PythonFile(stream, mode="w"), schema, compression="zstd"
        )

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.close()

    def write(self, batch: Batch, results: Sequence[Sequence[dict[str, Any]]]) -> None:
        """Writes a batch.

        Args:
            batch: as it was read.
            results: for each of its rows the rows that are written, each with the values of all added columns.
        """
        places = [place for place, each in enumerate(results) for _ in each]
        rows = batch.rows.take(self._arrow.array(places, self._arrow.int64()))
        flat = [each for results_of_row in results for each in results_of_row]
        columns = [self._arrow.array([each[name] for each in flat], kind) for name, kind in self._types.items()]
        self._writer.write_batch(self._arrow.RecordBatch.from_arrays([*rows.columns, *columns], schema=self._schema))


def result_fields(arrow: Any) -> dict[str, Any]:
    """The columns that are added, with their types: the bytes of the crop, and what is known of it."""
    text, real = arrow.string(), arrow.float64()
    fields = {
        "": arrow.binary(),
        "_box": arrow.list_(arrow.int32()),
        "_ratio": text,
        "_bucket": text,
        "_score": real,
        "_confidence": real,
        "_warnings": arrow.list_(text),
        "_status": text,
        "_reason": text,
        "_record": text,
    }
    return {PREFIX + name: kind for name, kind in fields.items()}
