"""The parquet of a tar's records: one row for each crop, and for each picture without any, with what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from ..manifest import CropRecord, PictureRecord
from ..staged import HashingStream
from .arrow import import_arrow

_ROWS = 1000  # in a row group, and so in memory


def record_rows(record: PictureRecord, key: str, has_caption: bool, notes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a picture.

    Args:
        record: what became of it.
        key: of its sample, as the source has it.
        has_caption: whether the sample has one.
        notes: what is wrong with the sample's members, in words.
    """
    width, height = record.size or (None, None)
    picture = {
        "key": key,
        "status": record.status,
        "reason": record.reason or "",
        "notes": list(notes),
        "caption": has_caption,
        "width": width,
        "height": height,
        "digest": record.digest,
    }
    for crop in record.crops or (None,):
        yield {**picture, **(_NO_CROP if crop is None else _crop_values(crop))}


class RecordWriter:
    """Writes rows into a parquet file, some at a time; use it as a context.

    Args:
        stream: to write into; it stays open.
    """

    def __init__(self, stream: HashingStream) -> None:
        arrow = import_arrow()
        text, whole, real = arrow.string(), arrow.int32(), arrow.float64()
        self._schema = arrow.schema(
            [
                ("key", text),
                ("status", text),
                ("reason", text),
                ("notes", arrow.list_(text)),
                ("caption", arrow.bool_()),
                ("width", whole),
                ("height", whole),
                ("digest", text),
                ("file", text),
                ("ratio", text),
                ("bucket", text),
                ("box", arrow.list_(whole)),
                ("crop_width", whole),
                ("crop_height", whole),
                ("score", real),
                ("kept", real),
                ("confidence", real),
                ("framing", text),
                ("warnings", arrow.list_(text)),
                ("warning_codes", arrow.list_(text)),
            ]
        )
        self._arrow = arrow
        self._rows: list[dict[str, Any]] = []
        self._writer = arrow.parquet.ParquetWriter(arrow.PythonFile(stream, mode="w"), self._schema, compression="zstd")

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append({name: _as_unicode(value) for name, value in row.items()})
        if len(self._rows) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(self._arrow.Table.from_pylist(self._rows, self._schema))
        self._rows.clear()


def crop_bucket(crop: CropRecord) -> str:
    """The bucket of a crop, such as `832x1216`; empty where it has none."""
    return "" if crop.bucket is None else f"{crop.bucket[0]}x{crop.bucket[1]}"


def _crop_values(crop: CropRecord) -> dict[str, Any]:
    return {
        "file": crop.file,
        "ratio": crop.ratio,
        "bucket": crop_bucket(crop),
        "box": list(crop.box),
        "crop_width": crop.target_size[1],
        "crop_height": crop.target_size[0],
        "score": float(crop.score),
        "kept": float(crop.kept),
        "confidence": crop.confidence,
        "framing": crop.framing,
        "warnings": [each.words for each in crop.warnings],
        "warning_codes": [each.code for each in crop.warnings],
    }


_NO_CROP: dict[str, Any] = dict.fromkeys(
    ["file", "ratio", "bucket", "box", "crop_width", "crop_height", "score", "kept", "confidence", "framing"]
) | {"warnings": [], "warning_codes": []}


def _as_unicode(value: Any) -> Any:
    """Text with escapes for halves of characters, which a name in a tar may have and parquet may not."""
    if isinstance(value, list):
        return [_as_unicode(each) for each in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
