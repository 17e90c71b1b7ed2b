"""One shard from end to end: read, crop or measure every picture, write. The same on one machine and on many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np

from ..cropping.checks import Size
from ..datasets.manifest import PictureRecord
from ..datasets.shards.addresses import file_state, open_file
from ..datasets.shards.measured import MeasuredWriter, measured_file, read_measured
from ..datasets.shards.output import open_output
from ..datasets.shards.samples import LostMember
from ..datasets.shards.table import TableError
from ..datasets.staged import StagedFile
from ..images.budget import default_memory
from ..images.reader import PictureReader
from ..models.base import Cropper
from .byte_gate import ByteGate
from .executors.batches import Analyser
from .executors.threads import run_stage
from .settings import BucketSettings
from .shard_formats import ShardFormat, ShardPicture, open_shard
from .shard_report import ShardReport
from .shard_stages import PictureStages
from .shard_work import Placement, ShardError, ShardResult, ShardTask, ShardWork
from .worker_cropper import find_worker_cropper

CHANGED = "it changed while the run was under way; run it again"
Done: TypeAlias = tuple[PictureRecord, Sequence[bytes]]


class ShardWorker:
    """Works on shards, one at a time; a context.

    Args:
        work: what it is told of the run.
        cropper: the run's, where it is loaded.

    Raises:
        ValueError: when the cropper that is found here has other weights than the run's settings, or what runs its
            network there is not installed here.
        OSError: when the output cannot be used from here.
    """

    def __init__(self, work: ShardWork, cropper: Cropper | None = None) -> None:
        self._work, settings = work, work.settings
        cropper = find_worker_cropper(work.cropper, work.device, settings, cropper)
        self._analyser = Analyser(cropper, work.device)
        self._reader = PictureReader(work.memory, encoding=settings.format)
        self._stages = PictureStages(settings, self._analyser, self._reader)
        self._output = open_output(work.out)
        self._limit = (work.memory or default_memory()) // 2  # read and not yet decoded
        self._opened = ExitStack()

    def __enter__(self) -> ShardWorker:
        self._opened.enter_context(self._reader)
        self._opened.enter_context(self._analyser)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()

    def __call__(self, task: ShardTask) -> ShardResult:
        """Works on a shard, and stages what is written of it. One that cannot be read gives a result that says so.

        Raises:
            OSError: when something cannot be written, as the next shard could not be either.
        """
        address = self._work.address(task.shard)
        report = ShardReport(task)
        try:
            with ExitStack() as opened:
                try:
                    size = file_state(address).size
                    stream = opened.enter_context(open_file(address))
                except OSError as error:
                    raise ShardError(_reason(error)) from error
                shard = open_shard(task.shard, stream, self._work.image, self._limit)
                files = self._measure(shard, report) if task.measures else self._crop(shard, task.placement, report)
        except (ShardError, TableError) as error:
            return ShardResult(task, error=str(error))
        return report.result(files, size)

    def _crop(self, shard: ShardFormat, placement: Placement | None, report: ShardReport) -> tuple[StagedFile, ...]:
        jobs = self._planned(shard, placement) if placement is not None else map(_Job, _reading(shard.pictures()))
        with shard.writing(self._output, self._work.settings, report) as sink:

            def finish(done: tuple[_Job, Done]) -> None:
                job, (record, crops) = done
                if isinstance(job.picture, LostMember):
                    sink.add_lost(job.picture)
                else:
                    sink.add(job.picture, record, crops)

            self._run(self._crop_picture, jobs, finish)
        return sink.files

    def _measure(self, shard: ShardFormat, report: ShardReport) -> tuple[StagedFile, ...]:
        with (
            self._output.stage(measured_file(shard.shard)) as staging,
            MeasuredWriter(staging.stream) as writer,
        ):

            def finish(done: tuple[_Job, tuple[PictureRecord, np.ndarray] | None]) -> None:
                if done[1] is not None:
                    record, losses = done[1]
                    writer.add(record, losses)
                    report.add(replace(record, crops=()))

            self._run(self._measure_picture, map(_Job, _reading(shard.pictures())), finish)
        return (staging.result,)

    def _crop_picture(self, job: _Job) -> Done:
        picture, planned = job.picture, job.planned
        if isinstance(picture, LostMember) or picture.content is None:
            return _LOST if isinstance(picture, LostMember) else picture.as_failed(), ()
        if planned is None:
            return self._stages.crop(picture.source, picture.content, picture.name)
        where = planned.bucket, planned.reason, picture.name, planned.uses
        return self._stages.write(planned.measured, picture.content, *where)

    def _measure_picture(self, job: _Job) -> tuple[PictureRecord, np.ndarray] | None:
        picture = job.picture
        if isinstance(picture, LostMember):
            return None
        if picture.content is None:
            return picture.as_failed(), np.full(len(self._buckets.grid.sizes), np.inf)
        return self._stages.measure(picture.source, picture.content)

    def _planned(self, shard: ShardFormat, placement: Placement) -> Iterator[_Job]:
        """The pictures of a shard with where each goes.

        Raises:
            ShardError: when they are not those that were measured.
        """
        sizes, place = self._buckets.grid.sizes, 0
        with self._output.open(measured_file(shard.shard)) as stream:
            measured = _measured(read_measured(stream))
            for picture in _reading(shard.pictures()):
                if isinstance(picture, LostMember):
                    yield _Job(picture)
                    continue
                record = next(measured, None)
                if record is None or record.source != picture.source:
                    raise ShardError(CHANGED)
                column = int(placement.columns[place])
                bucket = None if column < 0 else sizes[column]
                reason = placement.reasons.get(place, "")
                yield _Job(picture, _Planned(record, bucket, reason, int(placement.uses[place])))
                place += 1
            if next(measured, None) is not None:
                raise ShardError(CHANGED)

    def _run(
        self,
        work: Callable[[_Job], Any],
        jobs: Iterable[_Job],
        finish: Callable[[tuple[_Job, Any]], None],
    ) -> None:
        """Does every job in parallel, with no more bytes in memory than there is room for."""
        gate = ByteGate(self._limit)

        def admitted() -> Iterator[tuple[_Job, int]]:
            for job in jobs:
                size = job.size
                gate.enter(size)
                yield job, size

        def do(admission: tuple[_Job, int]) -> tuple[_Job, Any]:
            job, size = admission
            try:
                return job, work(job)
            finally:
                job.forget()
                gate.leave(size)

        run_stage(do, admitted(), self._work.workers, finish, self._reader.abandon)

    @property
    def _buckets(self) -> BucketSettings:
        buckets = self._work.settings.buckets
        assert buckets is not None
        return buckets


@dataclass(frozen=True)
class _Planned:
    """Where a measured picture goes; see `PictureStages.write`."""

    measured: PictureRecord
    bucket: Size | None
    reason: str
    uses: int


@dataclass(frozen=True)
class _Job:
    """A picture to be worked on, or something else that is noted in its place."""

    picture: ShardPicture | LostMember
    planned: _Planned | None = None

    @property
    def size(self) -> int:
        return 0 if isinstance(self.picture, LostMember) else self.picture.size

    def forget(self) -> None:
        if isinstance(self.picture, ShardPicture):
            self.picture.forget()


_LOST = PictureRecord("-", None, "failed")  # for what is no picture; nobody reads it


def _reading(pictures: Iterator[ShardPicture | LostMember]) -> Iterator[ShardPicture | LostMember]:
    """The pictures of a shard.

    Raises:
        ShardError: when its storage gives up; what cannot be written stays an `OSError`.
    """
    while True:
        try:
            picture = next(pictures, None)
        except OSError as error:
            raise ShardError(_reason(error)) from error
        if picture is None:
            return
        yield picture


def _measured(records: Iterator[PictureRecord]) -> Iterator[PictureRecord]:
    try:
        yield from records
    except ValueError as error:
        raise ShardError(f"{error}; remove the folder of what was measured, and run it again") from error


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return f"cannot be read ({error.strerror or error})"
