"""A folder of pictures into buckets, in two streaming passes: measure all, plan, write all.

Between the passes only a few numbers a picture and bucket are in memory; what was measured waits in a journal on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..bucketing.chart import draw_chart
from ..bucketing.report import Report
from ..cropping.constraint import UnsatisfiableError
from ..models.cropper import Cropper
from ..pictures.atomic import remove_leftovers, whole_file
from ..pictures.captions import read_caption
from ..pictures.datasets import Entry, finish, flat, place, write_caption
from ..pictures.decode import Picture
from ..pictures.encode import encode
from ..pictures.errors import PictureError
from ..pictures.find import leads_outside
from ..pictures.manifest import DROPPED, FAILED, OK, PictureRecord, write_manifest
from ..pictures.names import crop_names
from .folder import (
    FolderRun,
    Outcome,
    Progress,
    list_sources,
    noted,
    outcome_of,
    refuse_to_touch_sources,
    write_settings,
)
from .journal import Journal, has_its_crops, state_of
from .request import CropRequest
from .sorting import Sorted, SortRequest, measure, planned, sort_pictures
from .stages import ANALYSIS_SIDE, HOPELESS, analyse, write
from .stream import in_order, one_thread_an_operation


@dataclass(frozen=True)
class BucketOutcome:
    """How a run ended, and the report of its plan (None where no picture could be measured)."""

    outcome: Outcome
    report: Report | None


@dataclass(frozen=True)
class Target:
    """The data set that the crops become.

    Attributes:
        layout: one of `pictures.datasets.LAYOUTS`.
        concept, repeats: name the folder in the layouts that have one.
        batch_size: told to the trainer where its layout has a place for it.
    """

    layout: str = "plain"
    concept: str = "picture"
    repeats: int = 1
    batch_size: int = 1

    def file(self, name: str, extension: str) -> str:
        return place(self.layout, name, extension, self.concept, self.repeats)


def sort_folder(
    run: FolderRun,
    sorting: SortRequest,
    cropper: Cropper,
    progress: Progress,
    device: str = "cpu",
    target: Target | None = None,
    unwanted: Mapping[str, str] | None = None,
) -> BucketOutcome:
    """Crops every picture of the folder for the bucket that the plan gives it, and writes the manifest.

    Stopped at any point and run again, it goes on where it was, and ends with the same bytes. Memory grows by a few
    hundred bytes a picture, which is what a plan of all of them needs to know.

    Args:
        progress: called twice for each picture, once a pass.
        target: the layout of the output; plain where it is None.
        unwanted: pictures not to use, and why, by their sources.

    Raises:
        RunError: when the folder has no pictures, or an output would lie over a source.
        OSError: when something can no longer be written.
    """
    sources = list_sources(run)
    target = target or Target()
    names = dict(zip(sources, crop_names([flat(target.layout, source) for source in sources]), strict=True))
    extension = run.request.format
    refuse_to_touch_sources(run, {source: [target.file(names[source], extension)] for source in sources})
    if run.out is not None:
        remove_leftovers(run.out)
    measured = Journal(run.manifest.with_name(run.manifest.name + ".measured"), noted(run))
    try:
        count = 2 * len(sources)
        resumed = _measure_all(run, sorting, cropper, device, measured, sources, unwanted or {}, progress, count)
        usable = [source for source in sources if measured.record(source).status == OK]
        result = _plan(measured, usable, sorting) if usable else None
        files = _files(names, usable, result, lambda name: target.file(name, extension))
        refuse_to_touch_sources(run, files)
        planned_run = _Planned(run, target, measured, sources, usable, result, files)
        return _write_all(planned_run, progress, count, resumed)
    finally:
        measured.close()


def _measure_all(
    run: FolderRun,
    sorting: SortRequest,
    cropper: Cropper,
    device: str,
    journal: Journal,
    sources: Sequence[str],
    unwanted: Mapping[str, str],
    progress: Progress,
    count: int,
) -> int:
    def work(source: str) -> tuple[PictureRecord, str]:
        state = state_of(run.folder / source)
        if source in unwanted:
            return PictureRecord(source, None, DROPPED, unwanted[source]), state
        return measure_picture(run, source, sorting, cropper, device), state

    still = [each for each in sources if journal.finished(each, state_of(run.folder / each)) is None]
    done = len(sources) - len(still)
    with one_thread_an_operation():
        for record, state in in_order(work, still, run.workers):
            journal.add(record, state)
            done += 1
            progress(done, count, record)
    return len(sources) - len(still)


def measure_picture(
    run: FolderRun, source: str, sorting: SortRequest, cropper: Cropper, device: str = "cpu"
) -> PictureRecord:
    """One picture's record with a crop for every bucket, nothing written; what goes wrong is told by the record."""
    path = run.folder / source
    record = PictureRecord(source, None, FAILED)
    try:
        if not run.follow_links and leads_outside(path, run.folder):
            raise PictureError(path, "a link that leads out of the folder")
        picture = Picture(path)
        record = PictureRecord(source, picture.info.size, FAILED)
        analysis = analyse(cropper, [picture.small(ANALYSIS_SIDE)], device)[0]
        crops = measure(analysis, picture.info.size, run.request.constraint, sorting)
        return PictureRecord(source, picture.info.size, OK, crops=tuple(crops))
    except PictureError as error:
        return record.failed(error.reason)
    except UnsatisfiableError as error:
        return record.failed(str(error).removeprefix("picture 0: "))
    except (ArithmeticError, MemoryError, RuntimeError, ValueError) as error:
        return record.failed(f"could not be analysed: {error}")


def write_picture(run: FolderRun, record: PictureRecord, layout: str = "plain") -> PictureRecord:
    """Writes the crops of one planned record; what goes wrong with the picture is told by the record returned.

    Raises:
        OSError: only what would stop every other picture too, such as a full disk.
    """
    if run.out is None or record.status != OK:
        return record
    path = run.folder / record.source
    try:
        picture = Picture(path)
        if layout == "plain":
            write(picture, record, run.out, run.request)
        else:
            _write_for_trainer(picture, record, run.out, run.request, layout)
        return record
    except PictureError as error:
        return record.failed(error.reason if error.path == path else f"{error.path.name}: {error.reason}")
    except OSError as error:
        if error.errno in HOPELESS:
            raise
        return record.failed(f"its crop cannot be written: {error.strerror or error}")


def _write_for_trainer(picture: Picture, record: PictureRecord, out: Path, request: CropRequest, layout: str) -> None:
    caption = read_caption(picture.path)
    for crop in record.crops:
        assert crop.file is not None
        height, width = crop.target_size
        encode(picture.crop(crop.box, (width, height), request.background), out / crop.file)
        write_caption(layout, out, crop.file, caption)


def entries(run: FolderRun, records: Iterable[PictureRecord]) -> Iterator[Entry]:
    """The crops of a finished run, for what a trainer reads beside them."""
    for record in records:
        caption = read_caption(run.folder / record.source) if record.crops else ""
        for crop in record.crops:
            if crop.file is not None:
                details = {
                    "original_size": crop.original_size,
                    "crop_coords": crop.crop_coords,
                    "target_size": crop.target_size,
                }
                size = crop.target_size[1], crop.target_size[0]
                yield Entry(crop.file, size, caption, None, tuple(details.items()))


def _plan(measured: Journal, usable: Sequence[str], sorting: SortRequest) -> Sorted:
    sizes = [size for record in measured.records(usable) if (size := record.size) is not None]
    return sort_pictures(usable, sizes, (record.crops for record in measured.records(usable)), sorting)


def _files(
    names: Mapping[str, str], usable: Sequence[str], result: Sorted | None, file_of: Callable[[str], str]
) -> dict[str, list[str]]:
    """Where each picture's crop goes; a picture that is repeated gets a file for every time, `name` and `name~2`."""
    files: dict[str, list[str]] = {source: [] for source in names}
    for source, times in zip(usable, result.times if result else [], strict=True):
        again = [f"{names[source]}~{time}" for time in range(2, times + 1)]
        files[source] = [file_of(name) for name in [names[source], *again][:times]]
    return files


@dataclass(frozen=True)
class _Planned:
    """A run whose plan is made."""

    run: FolderRun
    target: Target
    measured: Journal
    sources: Sequence[str]
    usable: Sequence[str]
    result: Sorted | None
    files: Mapping[str, list[str]]

    def records(self) -> Iterator[PictureRecord]:
        """What is to become of every picture, in order."""
        index = {source: place for place, source in enumerate(self.usable)}
        for source in self.sources:
            record = self.measured.record(source)
            if self.result is None or source not in index:
                yield replace(record, crops=())
            else:
                files: Sequence[str | None] = self.files[source]
                files = files if self.run.out is not None else [None] * len(files)
                yield planned(record, self.result, index[source], files)


def _write_all(planned_run: _Planned, progress: Progress, count: int, resumed: int) -> BucketOutcome:
    run, sources = planned_run.run, list(planned_run.sources)
    journal = Journal(run.manifest.with_name(run.manifest.name + ".part"), noted(run))

    def done_before(record: PictureRecord) -> bool:
        known = journal.finished(record.source, state_of(run.folder / record.source))
        return known == record and has_its_crops(record, run.out, planned_run.files[record.source])

    def work(record: PictureRecord) -> tuple[PictureRecord, str]:
        state = state_of(run.folder / record.source)
        return write_picture(run, record, planned_run.target.layout), state

    try:
        done = len(sources)
        with one_thread_an_operation():
            still = (record for record in planned_run.records() if not done_before(record))
            for record, state in in_order(work, still, run.workers):
                journal.add(record, state)
                done += 1
                progress(done, count, record)
        _write_beside(planned_run, journal)
        write_manifest(run.manifest, journal.records(sources))
        outcome = outcome_of(journal, sources, resumed)
        journal.remove()
        planned_run.measured.remove()
        return BucketOutcome(outcome, planned_run.result.report if planned_run.result else None)
    finally:
        journal.close()


def _write_beside(planned_run: _Planned, journal: Journal) -> None:
    """The settings, the report and its chart beside the manifest, and what the trainer reads beside the crops."""
    run, target = planned_run.run, planned_run.target
    write_settings(run)
    if planned_run.result is not None:
        report = planned_run.result.report
        text, chart = report_files(run.manifest)
        with whole_file(text) as file:
            file.write(report.text().encode("utf-8", "backslashreplace") + b"\n")
        encode(draw_chart(report), chart)
    if run.out is not None:
        records = journal.records(list(planned_run.sources))
        finish(target.layout, run.out, entries(run, records), target.batch_size)


def report_files(manifest: Path) -> tuple[Path, Path]:
    """Where the report of a bucket run and its chart lie, beside its manifest."""
    return manifest.with_name(manifest.stem + ".buckets.txt"), manifest.with_name(manifest.stem + ".buckets.png")
