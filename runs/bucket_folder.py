"""A folder of pictures into buckets, in two streaming passes: measure all, plan, write all.

Between the passes only a few numbers a picture and bucket are in memory; what was measured waits in a journal on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..bucketing.report import Report
from ..cropping.constraint import UnsatisfiableError
from ..models.cropper import Cropper
from ..pictures.atomic import remove_leftovers
from ..pictures.decode import Picture
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
from .sorting import Sorted, SortRequest, measure, planned, sort_pictures
from .stages import ANALYSIS_SIDE, HOPELESS, analyse, write
from .stream import in_order, one_thread_an_operation


@dataclass(frozen=True)
class BucketOutcome:
    """How a run ended, and the report of its plan (None where no picture could be measured)."""

    outcome: Outcome
    report: Report | None


def sort_folder(
    run: FolderRun,
    sorting: SortRequest,
    cropper: Cropper,
    progress: Progress,
    device: str = "cpu",
    drop: Callable[[Sequence[str]], dict[str, str]] | None = None,
) -> BucketOutcome:
    """Crops every picture of the folder for the bucket that the plan gives it, and writes the manifest.

    Stopped at any point and run again, it goes on where it was, and ends with the same bytes. Memory grows by a few
    hundred bytes a picture, which is what a plan of all of them needs to know.

    Args:
        progress: called twice for each picture, once a pass.
        drop: pictures not to use, and why, by their sources.

    Raises:
        RunError: when the folder has no pictures, or an output would lie over a source.
        OSError: when something can no longer be written.
    """
    sources = list_sources(run)
    names = dict(zip(sources, crop_names(sources), strict=True))
    refuse_to_touch_sources(run, {source: run.request.files(names[source]) for source in sources})
    if run.out is not None:
        remove_leftovers(run.out)
    unwanted = drop(sources) if drop else {}
    measured = Journal(run.manifest.with_name(run.manifest.name + ".measured"), noted(run))
    try:
        count = 2 * len(sources)
        resumed = _measure_all(run, sorting, cropper, device, measured, sources, unwanted, progress, count)
        usable = [source for source in sources if measured.record(source).status == OK]
        result = _plan(measured, usable, sorting) if usable else None
        files = _files(run, names, usable, result)
        refuse_to_touch_sources(run, files)
        return _write_all(run, measured, sources, usable, result, files, progress, count, resumed)
    finally:
        measured.close()


def _measure_all(
    run: FolderRun,
    sorting: SortRequest,
    cropper: Cropper,
    device: str,
    journal: Journal,
    sources: Sequence[str],
    unwanted: dict[str, str],
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


def write_picture(run: FolderRun, record: PictureRecord) -> PictureRecord:
    """Writes the crops of one planned record; what goes wrong with the picture is told by the record returned."""
    if run.out is None or record.status != OK:
        return record
    path = run.folder / record.source
    try:
        write(Picture(path), record, run.out, run.request)
        return record
    except PictureError as error:
        return record.failed(error.reason if error.path == path else f"{error.path.name}: {error.reason}")
    except OSError as error:
        if error.errno in HOPELESS:
            raise
        return record.failed(f"its crop cannot be written: {error.strerror or error}")


def _plan(measured: Journal, usable: Sequence[str], sorting: SortRequest) -> Sorted:
    sizes = [size for record in measured.records(usable) if (size := record.size) is not None]
    return sort_pictures(usable, sizes, (record.crops for record in measured.records(usable)), sorting)


def _files(run: FolderRun, names: dict[str, str], usable: Sequence[str], result: Sorted | None) -> dict[str, list[str]]:
    """Where each picture's crop goes; a picture that is repeated gets a file for every time, `name`, `name~2`."""
    files: dict[str, list[str]] = {source: [] for source in names}
    for source, times in zip(usable, result.times if result else [], strict=True):
        name = names[source]
        files[source] = [run.request.files(f"{name}~{time}" if time > 1 else name)[0] for time in range(1, times + 1)]
    return files


def _write_all(
    run: FolderRun,
    measured: Journal,
    sources: Sequence[str],
    usable: Sequence[str],
    result: Sorted | None,
    files: dict[str, list[str]],
    progress: Progress,
    count: int,
    resumed: int,
) -> BucketOutcome:
    place = {source: index for index, source in enumerate(usable)}
    journal = Journal(run.manifest.with_name(run.manifest.name + ".part"), noted(run))

    def record_of(source: str) -> PictureRecord:
        record = measured.record(source)
        if source not in place or result is None:
            return replace(record, crops=())
        names = files[source] if run.out is not None else [None] * len(files[source])
        return planned(record, result, place[source], names)

    def done_before(record: PictureRecord) -> bool:
        known = journal.finished(record.source, state_of(run.folder / record.source))
        return known == record and has_its_crops(record, run.out, files[record.source])

    def work(record: PictureRecord) -> tuple[PictureRecord, str]:
        state = state_of(run.folder / record.source)
        return write_picture(run, record), state

    try:
        done = len(sources)
        still = (record for record in map(record_of, sources) if not done_before(record))
        with one_thread_an_operation():
            for record, state in in_order(work, still, run.workers):
                journal.add(record, state)
                done += 1
                progress(done, count, record)
        outcome = outcome_of(journal, sources, resumed)
        write_settings(run)
        write_manifest(run.manifest, journal.records(sources))
        journal.remove()
        measured.remove()
        return BucketOutcome(outcome, result.report if result else None)
    finally:
        journal.close()


def report_file(manifest: Path) -> Path:
    """Where the report of a bucket run lies, beside its manifest."""
    return manifest.with_name(manifest.stem + ".buckets.txt")
