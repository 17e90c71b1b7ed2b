"""Shards of crops as a run has written them: what became of each crop, and those few that somebody wants to see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from ...printable import first_line
from ..json_values import MalformedValue, format_json, parse_json
from ..manifest import OK, PictureRecord, parse_line
from .addresses import open_file
from .arrow import import_arrow
from .details import KEY
from .names import PARQUET, TAR, beside, join, kind_of
from .samples import DETAILS
from .table import PREFIX
from .tar import TornTarError, read_members

_ROWS = 1000  # read at once
_OF_RECORDS = ("key", "status", "reason", "file", "confidence", "warning_codes")
_OF_TABLES = tuple(PREFIX + name for name in ("_status", "_reason", "_confidence", "_warnings", "_record"))


class WrittenError(Exception):
    """A shard of crops that cannot be read, or is none; its text says why."""


@dataclass(frozen=True, slots=True)
class CropRow:
    """What a row says of a crop, or of a picture without one.

    Attributes:
        shard: that it is in.
        place: of the row in the shard's records.
        name: that a person knows it by.
        status, reason: of the picture, see `PictureRecord`.
        file: the crop's in a tar; None where it has none, as in a parquet file.
        confidence: of the crop; None where it is not known.
        codes: of the crop's warnings, see `CropWarning`.
    """

    shard: str
    place: int
    name: str
    status: str
    reason: str
    file: str | None = None
    confidence: float | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenCrop:
    """A crop, the bytes of its file, and the record of its picture with this crop alone."""

    row: CropRow
    content: bytes
    record: PictureRecord


def read_rows(root: str, shard: str, limit: int) -> Iterator[CropRow]:
    """The rows of a shard, in order; no crop is read.

    Args:
        root: folder or address of the shards.
        shard: its name.
        limit: bytes that what is read at once may take.

    Raises:
        WrittenError: when it cannot be read, or no run of ours wrote it.
    """
    of_tar = kind_of(shard) == TAR
    file = beside(shard, PARQUET) if of_tar else shard
    columns = _OF_RECORDS if of_tar else _OF_TABLES
    make = _tar_row if of_tar else _table_row
    with WrittenTable(root, file, limit) as table:
        for place, values in enumerate(table.rows(columns)):
            try:
                yield make(shard, place, values)
            except (TypeError, ValueError):
                raise WrittenError(f"row {place} is none that a run wrote") from None


def read_crops(root: str, rows: Sequence[CropRow], limit: int) -> Iterator[WrittenCrop]:
    """The crops of some rows of one shard, in their order there; those that are gone are left out.

    Args:
        root: folder or address of the shards.
        rows: each with a crop.
        limit: bytes that what is read at once may take.

    Raises:
        WrittenError: when the shard, or one of the crops, cannot be read.
    """
    yield from (_from_tar if kind_of(rows[0].shard) == TAR else _from_table)(root, rows, limit)


def _from_tar(root: str, rows: Sequence[CropRow], limit: int) -> Iterator[WrittenCrop]:
    rows_of, wanted = {each.file: each for each in rows if each.file is not None}, set[str]()
    keys = {file.rpartition(".")[0]: file for file in rows_of}
    for key, file in keys.items():
        wanted |= {file, *_detail_names(key)}
    found: dict[str, dict[str, bytes]] = {}
    try:
        with open_file(join(root, rows[0].shard)) as stream:
            for member in read_members(stream, limit, wanted):
                owner = next((key for key, file in keys.items() if member.name in (file, *_detail_names(key))), None)
                if owner is None or member.content is None:
                    continue
                file, parts = keys[owner], found.setdefault(owner, {})
                parts[member.name] = member.content
                if file in parts and (record := _details(parts, owner)) is not None:
                    yield WrittenCrop(rows_of[file], parts[file], record)
                    del found[owner], keys[owner]
                if not keys:
                    return
    except (OSError, TornTarError) as error:
        raise WrittenError(_words(error)) from error


def _from_table(root: str, rows: Sequence[CropRow], limit: int) -> Iterator[WrittenCrop]:
    by_place = {each.place: each for each in rows}
    with WrittenTable(root, rows[0].shard, limit) as table:
        for place, values in table.rows_at(sorted(by_place), (PREFIX, PREFIX + "_record")):
            content, record = values[PREFIX], values[PREFIX + "_record"]
            if isinstance(content, bytes) and isinstance(record, str):
                yield WrittenCrop(by_place[place], content, _record(record))


class WrittenTable:
    """A parquet file of which some columns, or single rows, are read; a context.

    Args:
        root, file: where it is.
        limit: bytes that a group of its rows may take.

    Raises:
        WrittenError: when it cannot be read.
    """

    def __init__(self, root: str, file: str, limit: int) -> None:
        self._arrow = import_arrow()
        self._address, self._limit = join(root, file), limit

    def __enter__(self) -> WrittenTable:
        try:
            self._stream: BinaryIO = open_file(self._address)
        except OSError as error:
            raise WrittenError(_words(error)) from error
        try:
            self._file = self._arrow.parquet.ParquetFile(self._arrow.PythonFile(self._stream, mode="r"))
        except (self._arrow.ArrowException, OSError, ValueError) as error:
            self._stream.close()
            raise WrittenError(f"no parquet file that can be read ({_words(error)})") from None
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()

    def rows(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The values of these columns, row by row; those that are not there are None."""
        there = self._columns(columns)
        for group in range(self._file.metadata.num_row_groups):
            self._refuse_large(group, there)
        try:
            for batch in self._file.iter_batches(_ROWS, columns=there):
                yield from ({**dict.fromkeys(columns), **row} for row in batch.to_pylist())
        except (self._arrow.ArrowException, OSError, ValueError) as error:
            raise WrittenError(f"damaged: {_words(error)}") from None

    def rows_at(self, places: Sequence[int], columns: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """The same of the rows at some places, which rise; only their groups of rows are read."""
        there, first = self._columns(columns), 0
        for group in range(self._file.metadata.num_row_groups):
            end = first + self._file.metadata.row_group(group).num_rows
            inside = [each for each in places if first <= each < end]
            if inside:
                self._refuse_large(group, there)
                try:
                    rows = self._file.read_row_group(group, columns=there)
                    for place in inside:
                        row = rows.slice(place - first, 1).to_pylist()[0]
                        yield place, {**dict.fromkeys(columns), **row}
                except (self._arrow.ArrowException, OSError, ValueError) as error:
                    raise WrittenError(f"damaged: {_words(error)}") from None
            first = end

    def _columns(self, columns: Sequence[str]) -> list[str]:
        there = [each for each in columns if each in self._file.schema_arrow.names]
        if columns[0] not in there:
            raise WrittenError("no records of crops in it")
        return there

    def _refuse_large(self, group: int, columns: Collection[str]) -> None:
        metadata = self._file.metadata.row_group(group)
        parts = (metadata.column(place) for place in range(metadata.num_columns))
        size = sum(each.total_uncompressed_size for each in parts if each.path_in_schema.partition(".")[0] in columns)
        if size > self._limit:
            raise WrittenError(f"a group of rows of {size:,} bytes, more than there is room for")


def _tar_row(shard: str, place: int, values: dict[str, Any]) -> CropRow:
    file = None if values["file"] is None else _text(values["file"])
    name = f"{shard}/{_text(file or values['key'])}"
    codes = tuple(map(_text, values["warning_codes"] or ()))
    confidence = _number(values["confidence"])
    return CropRow(shard, place, name, _text(values["status"]), _text(values["reason"]), file, confidence, codes)


def _table_row(shard: str, place: int, values: dict[str, Any]) -> CropRow:
    status, reason, confidence, warnings, record = (values[each] for each in _OF_TABLES)
    codes = tuple(each.code for crop in _record(record).crops for each in crop.warnings) if warnings else ()
    return CropRow(shard, place, f"{shard}/{place:08}", _text(status), _text(reason), None, _number(confidence), codes)


def _details(parts: dict[str, bytes], key: str) -> PictureRecord | None:
    """The record in the members of a crop; None where none of them has one."""
    whole, own = (parts.get(name) for name in _detail_names(key))
    if own is not None:
        return _record(own.decode(errors="replace"))
    if whole is None:
        return None
    try:
        value = parse_json(whole)
    except ValueError:
        return None
    return _record(format_json(value[KEY])) if isinstance(value, dict) and KEY in value else None


def _record(line: str) -> PictureRecord:
    """The record of one crop.

    Raises:
        WrittenError: when it is none.
    """
    try:
        record = parse_line(line)
    except ValueError as error:
        raise WrittenError(f"a record that no run wrote ({error})") from None
    if record.status == OK and (len(record.crops) != 1 or record.size is None):
        raise WrittenError(f"the record of {record.source} is not of one crop")
    return record


def _detail_names(key: str) -> tuple[str, str]:
    return f"{key}.{DETAILS}", f"{key}.{KEY}.{DETAILS}"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise MalformedValue("must be text")
    return value


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _words(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return str(getattr(error, "strerror", None) or first_line(error))
