"""A folder of pictures into buckets, in two streaming passes: measure all pictures, plan, write all crops.

Between the passes only a few numbers for each picture and bucket are in memory; the measured records wait in a journal
on disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ..bucketing.chart import render_page
from ..bucketing.report import BEHEADED, BucketReport, describe_left_out
from ..cropping.checks import Size
from ..cropping.correction import Correction
from ..cropping.ratio import Ratio
from ..datasets.captions import add_words
from ..datasets.deduplicate import Duplicate, hash_file
from ..datasets.find import find_pictures
from ..datasets.formats import Entry
from ..datasets.manifest import DROPPED, FAILED, OK, PictureRecord, read_manifest, write_manifest
from ..images.decode import Picture
from .bucket_stages import SortedPictures, left_out_crop, measure_picture, plan_in_bucket, sort_pictures
from .corrected_report import note_report
from .corrections import (
    BY_HAND,
    NO_CORRECTIONS,
    Corrections,
    find_corrections,
    format_corrections,
    is_honoured,
    pick_correction,
)
from .duplicates import describe_duplicate, find_folder_duplicates
from .earlier_crops import refuse_other_pictures
from .executors.batches import Analyser
from .journal import Journal
from .output_names import (
    OutputNames,
    has_its_files,
    lacks_heatmap,
    list_sidecars,
    make_room,
    refuse_obstacles,
)
from .picture_tasks import PictureEngine, PictureTask, RecordTask, Workplace
from .progress import MEASURING, WRITING, Progress, StepCounter
from .run import FolderRun, Outcome, RunError, describe_guides, describe_misnamed, list_sources, summarise
from .run_record import (
    describe_change,
    journal_file,
    measured_file,
    measuring_identity,
    report_files,
    run_identity,
    write_run_record,
)
from .settings import BucketSettings, CropSettings
from .stages import Seen, analysing, look_at, with_picture, write_heatmap, write_planned
from .trainer import complete_report

CHANGED_MEANWHILE = "the picture, its caption or its mask changed while the run was under way; run it again"


def sort_folder(run: FolderRun, engine: PictureEngine, progress: Progress) -> Outcome:
    """Crops every picture of the folder for the bucket that the plan gives it; see `crop_folder`, which calls it.

    Raises:
        ValueError: when the settings have no buckets.
    """
    settings = _bucket_settings(run)
    sources = list_sources(run)
    names = make_room(run, sources)
    refuse_other_pictures(run, names.of_source)
    notes = [*describe_misnamed(run), *describe_change(run), *describe_guides(run, sources)]
    compared = 0 if settings.duplicates == "use" else len(sources)
    counter = StepCounter(progress, compared + 2 * len(sources), len(sources))
    duplicates = find_folder_duplicates(run, engine, sources, counter) if compared else []
    notes += [f"duplicate: {_duplicate_line(each)}" for each in duplicates if settings.duplicates == "report"]
    skipped = {each.name: describe_duplicate(each) for each in duplicates if settings.duplicates == "skip"}
    counter.pass_over(MEASURING, len(skipped))
    corrections = find_corrections(run)
    measured = Journal(measured_file(run), measuring_identity(run))
    try:
        wanted = [each for each in sources if each not in skipped]
        resumed = _measure_all(run, engine, measured, wanted, counter, corrections, names)
        folder = _plan_folder(run, measured, names, skipped, duplicates, corrections)
        _refuse_obstacles(folder)
        return _write_all(folder, engine, counter, resumed, notes)
    finally:
        measured.close()


def measure_source(
    run: FolderRun,
    source: str,
    analyser: Analyser,
    corrections: Corrections = NO_CORRECTIONS,
    heatmap: str | None = None,
) -> PictureRecord:
    """One picture's record with a crop for every bucket; what is wrong with it becomes its reason.

    Nothing is written but its heat, into `heatmap`, where the settings ask for it.
    """

    def measure(picture: Picture, record: PictureRecord) -> PictureRecord:
        # A caption or mask that cannot be read would leave a gap in a batch, once all pictures are planned.
        run.sidecars.read_caption(picture.path)
        run.sidecars.open_mask(picture)
        settings, record = run.settings, replace(record, digest=hash_file(picture.path))
        seen = look_at(run, picture, source, analyser, record.digest)
        with analysing(picture):
            measured = measure_seen(record, seen, corrections.of(source, record.digest), settings)
        if not seen.left_out:
            write_heatmap(run, heatmap, seen)
        return measured

    return with_picture(run, PictureRecord(source, None, FAILED), measure)


def measure_seen(
    record: PictureRecord, seen: Seen, corrections: Sequence[Correction], settings: CropSettings
) -> PictureRecord:
    """The record of a picture with a crop for every bucket; dropped where it is left out.

    Args:
        record: of the picture, with its size.
        seen: what the crops are searched on.
        corrections: of the picture.
        settings: of the run, with buckets.

    Raises:
        UnsatisfiableError: when there is no bucket that it may go to.
    """
    assert record.size is not None and settings.buckets is not None
    if seen.left_out:
        return replace(record, status=DROPPED, reason=seen.left_out)
    crops = measure_picture(
        seen.analysis,
        record.size,
        seen.guidance.constrain(settings.constraint),
        settings.buckets,
        settings.objective,
        settings.on_cut,
        corrections,
        settings.canvas,
    )
    if len(crops) == 1:  # only the baseline
        return replace(record, status=DROPPED, reason=describe_left_out(BEHEADED))
    if (dropped := left_out_crop(crops)) is not None:
        return replace(record, status=DROPPED, reason=BY_HAND, crops=(dropped,))
    return replace(record, status=OK, crops=tuple(crops))


def write_beside(
    run: FolderRun,
    records: Iterable[PictureRecord],
    corrections: Corrections,
    report: BucketReport | None,
    states: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """The run's record, the report and its chart beside the manifest, and the trainer's index beside the crops.

    Args:
        run: that is finished.
        records: of all pictures.
        corrections: of all pictures.
        report: None where no picture was sorted.
        states: of each picture when it was done; the record of a bucket run holds none.
    """
    write_run_record(run, states, format_corrections(corrections), None if report is None else note_report(report))
    if report is not None:
        text, page = report_files(run.manifest)
        run.beside.write(text.name, report.format_text().encode() + b"\n")
        run.beside.write(page.name, render_page(report))
    if run.written is not None:
        run.settings.dataset.write_index(run.written, list_entries(run, records))


def list_entries(run: FolderRun, records: Iterable[PictureRecord]) -> Iterator[Entry]:
    """The crops of a finished run, as the trainer's index lists them."""
    framed = run.settings.caption_framing
    for record in records:
        source = run.folder / record.source
        caption = run.sidecars.read_caption(source) if record.crops else ""
        masked = run.sidecars.find_mask(source) is not None
        for crop in record.crops:
            if crop.file is not None:
                details = {name: getattr(crop, name) for name in ("original_size", "crop_coords", "target_size")}
                size = crop.target_size[1], crop.target_size[0]
                mask = run.settings.dataset.mask_path(crop.file) if masked else None
                own = add_words(caption, crop.framing) if framed else caption
                yield Entry(crop.file, size, own, mask, tuple(details.items()))


@dataclass(frozen=True, kw_only=True)
class MeasureTask(RecordTask):
    """A picture to be measured in every bucket.

    Attributes:
        heatmap: where its heat is written; None where it is not.
    """

    heatmap: str | None = None

    def do(self, here: Workplace) -> PictureRecord:
        return measure_source(here.run, self.source, here.analyser, here.corrections, self.heatmap)


@dataclass(frozen=True, kw_only=True)
class WriteTask(RecordTask):
    """A picture whose crops are planned, to be written.

    Attributes:
        record: of it.
    """

    record: PictureRecord

    def do(self, here: Workplace) -> PictureRecord:
        return write_planned(here.run, self.record)

    def as_failed(self, reason: str, done: PictureRecord | None = None) -> PictureRecord:
        return self.record.as_failed(reason)


@dataclass(frozen=True)
class _PlannedFolder:
    """A folder whose plan is made.

    Attributes:
        run: the run.
        measured: journal with the measured record of each picture that was not skipped.
        sources: all pictures.
        skipped: the reason of each picture that was left out before it was measured.
        index: of each picture in the plan; those that could not be measured have none.
        result: the plan; None where there is no picture to sort.
        files: where each picture's crops go, relative to the output.
        corrections: of the pictures.
    """

    run: FolderRun
    measured: Journal
    sources: Sequence[str]
    skipped: Mapping[str, str]
    index: Mapping[str, int]
    result: SortedPictures | None
    files: Mapping[str, list[str]]
    corrections: Corrections

    def records(self) -> Iterator[PictureRecord]:
        """The planned record of every picture, in order."""
        for source in self.sources:
            if source in self.skipped:
                yield PictureRecord(source, None, DROPPED, self.skipped[source])
                continue
            record = self.measured.record(source)
            if self.result is None or source not in self.index:
                yield record
            else:
                files: Sequence[str | None] = self.files[source]
                files = files if self.run.output else [None] * len(files)
                yield plan_in_bucket(record, self.result, self.index[source], files)

    def all_crops(self) -> list[str]:
        """The files of all crops of the plan."""
        return [file for files in self.files.values() for file in files]


def _measure_all(
    run: FolderRun,
    engine: PictureEngine,
    journal: Journal,
    sources: Sequence[str],
    counter: StepCounter,
    corrections: Corrections,
    names: OutputNames,
) -> int:
    """Measures every picture that the journal does not have yet; returns how many it had."""
    heatmaps = names.heatmap_of
    remaining = [
        each
        for each in sources
        if not _is_measured(run, journal, each, corrections) or lacks_heatmap(run, heatmaps.get(each))
    ]
    resumed = len(sources) - len(remaining)
    counter.pass_over(MEASURING, resumed)

    def finish(task: PictureTask[PictureRecord], record: PictureRecord) -> None:
        journal.add(record, task.state)
        counter.step(MEASURING, record)

    tasks = (MeasureTask(source=each, state=run.state_of(each), heatmap=heatmaps.get(each)) for each in remaining)
    engine(run, corrections, tasks, finish)
    return resumed


def _is_measured(run: FolderRun, journal: Journal, source: str, corrections: Corrections) -> bool:
    record = journal.finished(source, run.state_of(source))
    if record is None or (record.status != FAILED and record.digest is None):
        return False
    ratios = [Ratio.of(each) for each in _bucket_settings(run).grid.sizes]
    measured = record if record.status == DROPPED else replace(record, crops=record.crops[:-1])
    return is_honoured(measured, [pick_correction(corrections.of(source, record.digest), ratios)])


def _plan_folder(
    run: FolderRun,
    measured: Journal,
    names: OutputNames,
    skipped: Mapping[str, str],
    duplicates: Sequence[Duplicate],
    corrections: Corrections,
) -> _PlannedFolder:
    settings = _bucket_settings(run)
    sources = list(names.of_source)
    usable = [each for each in sources if each not in skipped and measured.record(each).status == OK]
    refused = [each for each in sources if each not in skipped and measured.record(each).status == DROPPED]
    result = None
    if usable:
        sizes = [size for record in measured.records(usable) if (size := record.size) is not None]
        result = sort_pictures(usable, sizes, (record.crops for record in measured.records(usable)), settings)
        result = replace(result, report=_complete_report(run, result.report, duplicates, measured.records(refused)))
    uses = dict(zip(usable, result.uses, strict=True)) if result else {}
    repeats = names.repeat([uses.get(each, 0) for each in sources])
    buckets = dict(zip(usable, result.buckets, strict=True)) if result else {}
    files = {
        source: [_file_of(run, name, buckets[source]) for name in each]
        for source, each in zip(sources, repeats, strict=True)
    }
    index = {source: place for place, source in enumerate(usable)}
    return _PlannedFolder(run, measured, sources, skipped, index, result, files, corrections)


def _complete_report(
    run: FolderRun, report: BucketReport, duplicates: Sequence[Duplicate], refused: Iterable[PictureRecord]
) -> BucketReport:
    """The report with duplicates, pictures that were refused, and sizes that the trainer would crop again."""
    report = complete_report(report, run.settings.dataset, _bucket_settings(run).resolution)
    left_out = [*report.left_out, *(f"{each.source}: {each.reason}" for each in refused)]
    duplicate_lines = [_duplicate_line(each) for each in duplicates]
    return replace(report, left_out=left_out, duplicates=duplicate_lines)


def _write_all(
    folder: _PlannedFolder, engine: PictureEngine, counter: StepCounter, resumed: int, notes: Sequence[str]
) -> Outcome:
    run, sources = folder.run, folder.sources
    journal = Journal(journal_file(run.manifest), run_identity(run))

    def tasks() -> Iterator[WriteTask]:
        for record in folder.records():
            state = run.state_of(record.source)
            known = journal.finished(record.source, state)
            if known == record and has_its_files(run, record, folder.files[record.source]):
                counter.pass_over(WRITING)
                continue
            if record.status == OK and state != folder.measured.state(record.source):
                record = record.as_failed(CHANGED_MEANWHILE)
            yield WriteTask(source=record.source, state=state, record=record)

    def finish(task: PictureTask[PictureRecord], record: PictureRecord) -> None:
        journal.add(record, task.state)
        counter.step(WRITING, record)

    try:
        engine(run, folder.corrections, tasks(), finish)
        report = folder.result.report if folder.result else None
        write_beside(run, journal.records(sources), folder.corrections, report)
        _remove_stale(folder)
        write_manifest(run.manifest, journal.records(sources))
        outcome = summarise(journal.records(sources), resumed, notes)
        journal.remove()
        if run.measurements is None:
            folder.measured.remove()
        return replace(outcome, report=report)
    finally:
        journal.close()


def _refuse_obstacles(folder: _PlannedFolder) -> None:
    """Makes sure that crops of repeated pictures may be written, and that none of another origin is mixed in.

    A trainer takes every picture in its folder: others would change the counts of the buckets.

    Raises:
        RunError: naming one that no run of ours has written.
    """
    run = folder.run
    if run.written is None or run.output is None:
        return
    refuse_obstacles(run, folder.all_crops())
    if not run.settings.dataset.reads_all_pictures or not run.output.is_dir():
        return
    ours = (file for file in _stale_files(folder) if not run.written.find_obstacle(file))
    expected = {*_with_sidecars(run, folder.all_crops()), *ours}
    others = (each.relative_to(run.output).as_posix() for each in find_pictures(run.output))
    first = next((each for each in others if each not in expected), None)
    if first is not None:
        raise RunError(
            f"{run.output}: {first} in it is none of this data set; choose another folder, or empty this one"
        )


def _remove_stale(folder: _PlannedFolder) -> None:
    """Removes the crops that an earlier run of another plan has left, so that no trainer finds them."""
    if folder.run.written is not None:
        folder.run.written.remove(*_stale_files(folder))


def _stale_files(folder: _PlannedFolder) -> list[str]:
    """The crops that the manifest lists and the plan has no more, their masks and captions; if ours or not."""
    run = folder.run
    if not run.manifest.exists():
        return []
    planned = set(_with_sidecars(run, folder.all_crops()))
    listed = [crop.file for each in read_manifest(run.manifest) for crop in each.crops if crop.file is not None]
    return [file for file in dict.fromkeys(_with_sidecars(run, listed)) if file not in planned]


def _bucket_settings(run: FolderRun) -> BucketSettings:
    if run.settings.buckets is None:
        raise ValueError("settings: without buckets no picture can be sorted")
    return run.settings.buckets


def _file_of(run: FolderRun, name: str, bucket: Size | None) -> str:
    """Where a crop goes; without a bucket there is none."""
    return run.settings.file_of(name, None if bucket is None else Ratio.of(bucket), bucket)


def _with_sidecars(run: FolderRun, files: Iterable[str]) -> list[str]:
    """The files, and the masks and captions that they may have."""
    listed = list(files)
    return [*listed, *list_sidecars(run, listed)]


def _duplicate_line(duplicate: Duplicate) -> str:
    return f"{duplicate.name}: {describe_duplicate(duplicate)}"
