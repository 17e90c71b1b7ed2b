"""Tars and parquet files as a worker meets them: pictures in, crops out, one picture after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from ..datasets.captions import add_words, decode_caption
from ..datasets.manifest import DROPPED, FAILED, CropRecord, PictureRecord, format_line
from ..datasets.shards.compressed import tar_stream
from ..datasets.shards.details import add_details
from ..datasets.shards.names import PARQUET, beside, crops_file, kind_of
from ..datasets.shards.output import ShardOutput
from ..datasets.shards.records import RecordWriter, crop_bucket, record_rows
from ..datasets.shards.samples import CAPTION, DETAILS, LostMember, Sample, read_samples
from ..datasets.shards.table import PREFIX, Batch, TableReader, TableWriter
from ..datasets.shards.tar import TarWriter
from ..datasets.staged import StagedFile
from .settings import CropSettings
from .shard_report import ShardReport


@dataclass(slots=True)
class ShardPicture:
    """A picture of a shard.

    Attributes:
        source: that records name it by: the shard, and its key or row in it.
        name: of its crops.
        content: the bytes of its file; None where there is none, or once it is done with.
        problem: why there is none.
        sample: that it belongs to, in a tar.
        batch: that it belongs to, in a parquet file; the last picture of each.
    """

    source: str
    name: str
    content: bytes | None
    problem: str = ""
    sample: Sample | None = None
    batch: Batch | None = None

    @property
    def size(self) -> int:
        """Bytes that it takes in memory."""
        beside = 0 if self.sample is None else self.sample.size
        return beside + len(self.content or b"")

    def as_failed(self) -> PictureRecord:
        """The record of a picture that there is not."""
        return PictureRecord(self.source, None, FAILED, self.problem or "there is no picture")

    def forget(self) -> None:
        """Lets go of its bytes, once they are cropped."""
        self.content = None


class ShardFormat(ABC):
    """One shard, read from its beginning to its end.

    Args:
        shard: its name.
        stream: of its bytes.
        image: extension or column of the pictures; None where it can be told.
        limit: bytes that what is read at once may take.
    """

    def __init__(self, shard: str, stream: BinaryIO, image: str | None, limit: int) -> None:
        self.shard, self.stream, self.image, self.limit = shard, stream, image, limit

    @abstractmethod
    def pictures(self) -> Iterator[ShardPicture | LostMember]:
        """Its pictures in their order, and in their places what belongs to none.

        Raises:
            TableError, OSError: when it cannot be read.
        """

    @abstractmethod
    def writing(self, output: ShardOutput, settings: CropSettings, report: ShardReport) -> Any:
        """A context of a `CropSink` that writes its crops."""


class CropSink(ABC):
    """Takes what became of each picture, in order. `files` is there once its context has ended."""

    files: tuple[StagedFile, ...]

    @abstractmethod
    def add(self, picture: ShardPicture, record: PictureRecord, crops: Sequence[bytes]) -> None:
        """Writes a picture's crops.

        Args:
            picture: that they are of.
            record: with a file for each of the crops.
            crops: their bytes.
        """

    def add_lost(self, member: LostMember) -> None:  # noqa: B027 - only a tar has such
        """Notes what belongs to no picture."""


class TarShard(ShardFormat):
    """A webdataset tar, which may be compressed; that of its crops is not."""

    def pictures(self) -> Iterator[ShardPicture | LostMember]:
        for each in read_samples(tar_stream(self.shard, self.stream), self.limit):
            yield each if isinstance(each, LostMember) else self._picture(each)

    @contextmanager
    def writing(self, output: ShardOutput, settings: CropSettings, report: ShardReport) -> Iterator[CropSink]:
        with ExitStack() as opened:
            files = crops_file(self.shard), beside(self.shard, PARQUET)
            stagings = [opened.enter_context(output.stage(each)) for each in files]
            tar, records = (each.stream for each in stagings)
            sink = _TarSink(
                opened.enter_context(TarWriter(tar)), opened.enter_context(RecordWriter(records)), settings, report
            )
            yield sink
        sink.files = tuple(each.result for each in stagings)

    def _picture(self, sample: Sample) -> ShardPicture:
        try:
            extension = sample.picture(self.image)
        except ValueError as error:
            return ShardPicture(f"{self.shard}/{sample.name}", sample.name, None, str(error), sample)
        content = sample.members.pop(extension)
        return ShardPicture(f"{self.shard}/{sample.key}.{extension}", sample.name, content, "", sample)


class TableShard(ShardFormat):
    """A parquet file with pictures as bytes."""

    def __init__(self, shard: str, stream: BinaryIO, image: str | None, limit: int) -> None:
        super().__init__(shard, stream, image, limit)
        self._reader = TableReader(stream, image, limit)

    def pictures(self) -> Iterator[ShardPicture | LostMember]:
        numbers = (f"{number:08}" for number in count())
        for batch in self._reader.batches():
            last = len(batch.pictures) - 1
            for place, (content, number) in enumerate(zip(batch.pictures, numbers, strict=False)):
                whole = batch if place == last else None
                yield ShardPicture(f"{self.shard}/{number}", number, content or None, "", batch=whole)

    @contextmanager
    def writing(self, output: ShardOutput, settings: CropSettings, report: ShardReport) -> Iterator[CropSink]:
        with output.stage(self.shard) as staging, TableWriter(staging.stream, self._reader.schema) as writer:
            sink = _TableSink(writer, report)
            yield sink
        sink.files = (staging.result,)


def open_shard(shard: str, stream: BinaryIO, image: str | None, limit: int) -> ShardFormat:
    """The shard in a stream, by the end of its name.

    Raises:
        TableError: when it is no parquet file, or has no pictures.
    """
    return (TableShard if kind_of(shard) == PARQUET else TarShard)(shard, stream, image, limit)


class _TarSink(CropSink):
    """Crops into a tar, each as a sample with what its picture's sample has besides, and a row for each of them."""

    def __init__(self, tar: TarWriter, records: RecordWriter, settings: CropSettings, report: ShardReport) -> None:
        self._tar, self._records, self._settings, self._report = tar, records, settings, report
        self._taken: set[str] = set()

    def add(self, picture: ShardPicture, record: PictureRecord, crops: Sequence[bytes]) -> None:
        sample = picture.sample
        assert sample is not None
        record = replace(record, crops=tuple(map(self._place, record.crops)))
        has_caption = CAPTION in sample.members
        self._report.add(record, has_caption)
        for row in record_rows(record, sample.key, has_caption, sample.notes):
            self._records.add(row)
        written = (crop for crop in record.crops if crop.file is not None)
        for crop, content in zip(written, crops, strict=True):
            self._write(sample, replace(record, crops=(crop,)), crop, content)

    def add_lost(self, member: LostMember) -> None:
        self._report.add_lost(member)
        lost = PictureRecord(member.name or "-", None, FAILED if member.torn else DROPPED, member.reason)
        for row in record_rows(lost, member.name, False, ()):
            self._records.add(row)

    def _place(self, crop: CropRecord) -> CropRecord:
        """The crop under a key that no other has."""
        if crop.file is None:
            return crop
        path = PurePosixPath(crop.file)
        key, names = str(path.with_suffix("")), count(2)
        while key in self._taken:
            key = f"{path.with_suffix('')}~{next(names)}"
        self._taken.add(key)
        return replace(crop, file=key + path.suffix)

    def _write(self, sample: Sample, record: PictureRecord, crop: CropRecord, content: bytes) -> None:
        assert crop.file is not None
        key, _, extension = crop.file.rpartition(".")
        members = {
            **sample.members,
            **self._captions(sample, crop),
            **add_details(sample.members.get(DETAILS), format_line(record)),
            extension: content,
        }
        for name in sorted(members):
            self._tar.add(f"{key}.{name}", members[name])

    def _captions(self, sample: Sample, crop: CropRecord) -> dict[str, bytes]:
        if not self._settings.caption_framing or not crop.framing:
            return {}
        caption = decode_caption(sample.members.get(CAPTION, b""))
        return {CAPTION: add_words(caption, crop.framing).encode() + b"\n"}


class _TableSink(CropSink):
    """Crops into a parquet file, each in a row of its own with all that its picture's row has."""

    def __init__(self, writer: TableWriter, report: ShardReport) -> None:
        self._writer, self._report = writer, report
        self._rows: list[list[dict[str, Any]]] = []

    def add(self, picture: ShardPicture, record: PictureRecord, crops: Sequence[bytes]) -> None:
        self._report.add(record)
        shown = replace(record, crops=tuple(replace(crop, file=None) for crop in record.crops))
        written = [crop for crop in record.crops if crop.file is not None]
        rows = [_table_row(shown, crop, content) for crop, content in zip(written, crops, strict=True)]
        self._rows.append(rows or [_table_row(shown, None, None)])
        if picture.batch is not None:
            self._writer.write(picture.batch, self._rows)
            self._rows = []


def _table_row(record: PictureRecord, crop: CropRecord | None, content: bytes | None) -> dict[str, Any]:
    values = {
        "": content,
        "_box": None if crop is None else list(crop.box),
        "_ratio": "" if crop is None else crop.ratio,
        "_bucket": "" if crop is None else crop_bucket(crop),
        "_score": None if crop is None else float(crop.score),
        "_confidence": None if crop is None else crop.confidence,
        "_warnings": [] if crop is None else [each.words for each in crop.warnings],
        "_status": record.status,
        "_reason": record.reason or "",
        "_record": format_line(record if crop is None else replace(record, crops=(replace(crop, file=None),))),
    }
    return {PREFIX + name: value for name, value in values.items()}
