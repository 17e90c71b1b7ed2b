"""A folder of pictures into buckets, in two streaming passes: measure all, plan, write all.

Between the passes only a few numbers a picture and bucket are in memory; what was measured waits in a journal on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..bucketing.chart import render_page
from ..bucketing.report import BucketReport
from ..bucketing.sizes import format_size
from ..cropping.constraint import UnsatisfiableError
from ..datasets.atomic import open_atomic, remove_leftovers
from ..datasets.captions import find_caption_files
from ..datasets.deduplicate import Duplicate
from ..datasets.find import find_pictures, leads_outside
from ..datasets.formats import DatasetFormat, Entry
from ..datasets.formats.plain import Plain
from ..datasets.manifest import DROPPED, FAILED, OK, PictureRecord, read_manifest, write_manifest
from ..datasets.names import name_crops
from ..images.decode import Picture
from ..images.errors import PictureError
from .analyse import ANALYSIS_SIDE
from .bucket_stages import Sorted, SortRequest, measure, planned, sort_pictures
from .duplicates import describe_duplicate
from .executors.batches import Analyser
from .executors.threads import map_in_order, single_threaded_torch
from .folder import (
    FolderRun,
    Outcome,
    Progress,
    RunError,
    list_sources,
    noted,
    outcome_of,
    refuse_to_touch_sources,
    write_settings,
)
from .journal import Journal, has_its_crops
from .stages import HOPELESS, write


@dataclass(frozen=True)
class BucketOutcome:
    """How a run ended, and the report of its plan (None where no picture could be measured)."""

    outcome: Outcome
    report: BucketReport | None


def sort_folder(
    run: FolderRun,
    sorting: SortRequest,
    analyser: Analyser,
    progress: Progress,
    dataset: DatasetFormat | None = None,
    duplicates: Sequence[Duplicate] = (),
    skip_duplicates: bool = False,
) -> BucketOutcome:
    """Crops every picture of the folder for the bucket that the plan gives it, and writes the manifest.

    Stopped at any point and run again, it goes on where it was, and ends with the same bytes. Memory grows by a few
    hundred bytes a picture, which is what a plan of all of them needs to know.

    Args:
        progress: called twice for each picture, once a pass.
        dataset: the format of the output; plain where it is None.
        duplicates: told in the report, see `twins`; with `skip_duplicates` they are dropped.

    Raises:
        RunError: when the folder has no pictures, an output would lie over a source, or pictures of another origin lie
            where the trainer would read them too.
        OSError: when something can no longer be written.
    """
    sources = list_sources(run)
    dataset = dataset or Plain()
    names = dict(zip(sources, name_crops([dataset.flatten_path(source) for source in sources]), strict=True))
    extension = run.request.format
    refuse_to_touch_sources(run, {source: _crop_and_mask(dataset, names[source], extension) for source in sources})
    if run.out is not None:
        remove_leftovers(run.out)
    measured = Journal(run.manifest.with_name(run.manifest.name + ".measured"), noted(run))
    try:
        unwanted = {each.name: describe_duplicate(each) for each in duplicates} if skip_duplicates else {}
        wanted = [source for source in sources if source not in unwanted]
        count = len(wanted) + len(sources)
        resumed = _measure_all(run, sorting, analyser, measured, wanted, progress, count)
        usable = [source for source in wanted if measured.record(source).status == OK]
        result = _plan(measured, usable, sorting) if usable else None
        if result is not None:
            result = _told(result, dataset, sorting.resolution, duplicates)
        files = _files(names, usable, result, lambda name: dataset.crop_path(name, extension))
        planned_run = _Planned(run, dataset, measured, sources, usable, result, files, unwanted)
        _refuse_to_mix(planned_run)
        return _write_all(planned_run, progress, count, resumed)
    finally:
        measured.close()


def _crop_and_mask(dataset: DatasetFormat, name: str, extension: str) -> list[str]:
    """The files of one picture: its crop and, should it have one, its mask."""
    crop_path = dataset.crop_path(name, extension)
    return [crop_path, dataset.mask_path(crop_path)]


def _measure_all(
    run: FolderRun,
    sorting: SortRequest,
    analyser: Analyser,
    journal: Journal,
    sources: Sequence[str],
    progress: Progress,
    count: int,
) -> int:
    def work(source: str) -> tuple[PictureRecord, str]:
        state = run.state_of(source)
        return measure_picture(run, source, sorting, analyser), state

    still = [each for each in sources if journal.finished(each, run.state_of(each)) is None]
    done = len(sources) - len(still)
    with single_threaded_torch():
        for record, state in map_in_order(work, still, run.workers):
            journal.add(record, state)
            done += 1
            progress(done, count, record)
    return len(sources) - len(still)


def measure_picture(run: FolderRun, source: str, sorting: SortRequest, analyser: Analyser) -> PictureRecord:
    """One picture's record with a crop for every bucket, nothing written; what goes wrong is told by the record."""
    path = run.folder / source
    record = PictureRecord(source, None, FAILED)
    try:
        if not run.follow_links and leads_outside(path, run.folder):
            raise PictureError(path, "a link that leads out of the folder")
        picture = Picture(path)
        record = PictureRecord(source, picture.info.size, FAILED)
        # What could not be written would leave a hole in a batch, once all are planned.
        run.sidecars.read_caption(path)
        run.sidecars.open_mask(picture)
        analysis = analyser.analyse(picture.small(ANALYSIS_SIDE))
        crops = measure(analysis, picture.info.size, run.request.constraint, sorting, run.request.objective)
        return PictureRecord(source, picture.info.size, OK, crops=tuple(crops))
    except PictureError as error:
        return record.as_failed(error.reason_for(path))
    except UnsatisfiableError as error:
        return record.as_failed(str(error).removeprefix("picture 0: "))
    except (ArithmeticError, MemoryError, RuntimeError, ValueError) as error:
        return record.as_failed(f"could not be analysed: {error}")


def write_picture(run: FolderRun, record: PictureRecord, dataset: DatasetFormat) -> PictureRecord:
    """Writes the crops of one planned record; what goes wrong with the picture is told by the record returned.

    Raises:
        OSError: only what would stop every other picture too, such as a full disk.
    """
    if run.out is None or record.status != OK:
        return record
    path = run.folder / record.source
    try:
        picture = Picture(path)
        write(picture, record, run.out, run.request, run.sidecars, dataset)
        return record
    except PictureError as error:
        return record.as_failed(error.reason_for(path))
    except OSError as error:
        if error.errno in HOPELESS:
            raise
        return record.as_failed(f"its crop cannot be written: {error.strerror or error}")


def entries(run: FolderRun, records: Iterable[PictureRecord], dataset: DatasetFormat) -> Iterator[Entry]:
    """The crops of a finished run, for what a trainer reads beside them."""
    for record in records:
        source = run.folder / record.source
        caption = run.sidecars.read_caption(source) if record.crops else ""
        masked = run.sidecars.find_mask(source) is not None
        for crop in record.crops:
            if crop.file is not None:
                details = {
                    "original_size": crop.original_size,
                    "crop_coords": crop.crop_coords,
                    "target_size": crop.target_size,
                }
                size = crop.target_size[1], crop.target_size[0]
                mask = dataset.mask_path(crop.file) if masked else None
                yield Entry(crop.file, size, caption, mask, tuple(details.items()))


def _plan(measured: Journal, usable: Sequence[str], sorting: SortRequest) -> Sorted:
    sizes = [size for record in measured.records(usable) if (size := record.size) is not None]
    return sort_pictures(usable, sizes, (record.crops for record in measured.records(usable)), sorting)


def _told(result: Sorted, dataset: DatasetFormat, resolution: int, duplicates: Sequence[Duplicate]) -> Sorted:
    """The plan with what its report should also tell."""
    made = {size: dataset.recropped_size(size, resolution) for size in result.report.planned.counts}
    again = [
        f"{format_size(size)} to {format_size(to)}, at {resolution}" for size, to in made.items() if to is not None
    ]
    twice = [f"{each.name}: {describe_duplicate(each)}" for each in duplicates]
    return replace(result, report=replace(result.report, duplicates=twice, recropped=again))


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
    dataset: DatasetFormat
    measured: Journal
    sources: Sequence[str]
    usable: Sequence[str]
    result: Sorted | None
    files: Mapping[str, list[str]]
    unwanted: Mapping[str, str]

    def records(self) -> Iterator[PictureRecord]:
        """What is to become of every picture, in order."""
        index = {source: place for place, source in enumerate(self.usable)}
        for source in self.sources:
            if source in self.unwanted:
                yield PictureRecord(source, None, DROPPED, self.unwanted[source])
                continue
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
        known = journal.finished(record.source, run.state_of(record.source))
        return known == record and has_its_crops(record, run.out, planned_run.files[record.source])

    def work(record: PictureRecord) -> tuple[PictureRecord, str]:
        state = run.state_of(record.source)
        return write_picture(run, record, planned_run.dataset), state

    try:
        done = len(sources)
        with single_threaded_torch():
            still = (record for record in planned_run.records() if not done_before(record))
            for record, state in map_in_order(work, still, run.workers):
                journal.add(record, state)
                done += 1
                progress(done, count, record)
        _write_beside(planned_run, journal)
        _remove_stale(planned_run)
        write_manifest(run.manifest, journal.records(sources))
        outcome = outcome_of(journal, sources, resumed)
        journal.remove()
        planned_run.measured.remove()
        return BucketOutcome(outcome, planned_run.result.report if planned_run.result else None)
    finally:
        journal.close()


def _refuse_to_mix(planned_run: _Planned) -> None:
    """A trainer takes every picture in its folder: others would spoil the counts.

    Raises:
        RunError: naming one that no run of ours has written.
    """
    run, dataset = planned_run.run, planned_run.dataset
    if run.out is None or not dataset.reads_all_pictures or not run.out.is_dir():
        return
    ours = {*_all_of(planned_run), *_written_before(run, dataset)}
    others = (each.relative_to(run.out).as_posix() for each in find_pictures(run.out))
    first = next((each for each in others if each not in ours), None)
    if first is not None:
        raise RunError(f"{run.out}: {first} in it is none of this data set; choose another folder, or empty this one")


def _remove_stale(planned_run: _Planned) -> None:
    """Removes the crops that an earlier run of another plan has left, so that no trainer finds them."""
    run, dataset = planned_run.run, planned_run.dataset
    if run.out is None:
        return
    for file in _written_before(run, dataset) - _all_of(planned_run):
        path = run.out / file
        for each in (path, *find_caption_files(path).values()):
            each.unlink(missing_ok=True)


def _all_of(planned_run: _Planned) -> set[str]:
    mask_path = planned_run.dataset.mask_path
    return {each for files in planned_run.files.values() for file in files for each in (file, mask_path(file))}


def _written_before(run: FolderRun, dataset: DatasetFormat) -> set[str]:
    """The crops and masks that the manifest of an earlier run lists, should it have had this format."""
    if not run.manifest.exists():
        return set()
    files = {crop.file for record in read_manifest(run.manifest) for crop in record.crops if crop.file}
    return files | {dataset.mask_path(file) for file in files}


def _write_beside(planned_run: _Planned, journal: Journal) -> None:
    """The settings, the report and its chart beside the manifest, and what the trainer reads beside the crops."""
    run, dataset = planned_run.run, planned_run.dataset
    write_settings(run)
    if planned_run.result is not None:
        report = planned_run.result.report
        text, page = report_files(run.manifest)
        with open_atomic(text) as file:
            file.write(report.format_text().encode("utf-8", "backslashreplace") + b"\n")
        with open_atomic(page) as file:
            file.write(render_page(report))
    if run.out is not None:
        records = journal.records(list(planned_run.sources))
        dataset.write_index(run.out, entries(run, records, dataset))


def report_files(manifest: Path) -> tuple[Path, Path]:
    """Where the report of a bucket run lies, beside its manifest: as text, and as a page with its chart."""
    return manifest.with_name(manifest.stem + ".buckets.txt"), manifest.with_name(manifest.stem + ".buckets.html")
