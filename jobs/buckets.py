"""A folder of pictures into buckets, in two streaming passes: measure all pictures, plan, write all crops.

Between the passes only a few numbers for each picture and bucket are in memory; the measured records wait in a journal
on disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..bucketing.chart import render_page
from ..bucketing.report import BEHEADED, BucketReport, describe_left_out
from ..bucketing.sizes import format_size
from ..datasets.atomic import remove_leftovers, write_atomic
from ..datasets.deduplicate import Duplicate
from ..datasets.find import find_pictures
from ..datasets.formats import Entry
from ..datasets.manifest import DROPPED, FAILED, OK, PictureRecord, read_manifest, write_manifest
from ..datasets.names import name_repeats
from ..images.decode import Picture
from .analyse import ANALYSIS_SIDE
from .bucket_stages import SortedPictures, measure_picture, plan_in_bucket, sort_pictures
from .duplicates import describe_duplicate, find_folder_duplicates
from .executors.batches import Analyser
from .executors.threads import run_stage
from .journal import Journal, has_its_crops
from .progress import MEASURING, WRITING, Progress, StepCounter
from .run import FolderRun, Outcome, RunError, list_sources, name_outputs, refuse_to_touch_sources, summarise
from .run_record import MEASURED, describe_change, journal_file, run_identity, write_run_record
from .settings import BucketSettings
from .stages import analysing, remove_crop, with_picture, write_planned


def sort_folder(run: FolderRun, analyser: Analyser, progress: Progress) -> Outcome:
    """Crops every picture of the folder for the bucket that the plan gives it; see `crop_folder`, which calls it.

    Raises:
        ValueError: when the settings have no buckets.
    """
    settings = _bucket_settings(run)
    sources = list_sources(run)
    names = name_outputs(run, sources)
    refuse_to_touch_sources(run, _with_masks(run, [_file_of(run, name) for name in names.values()]))
    if run.output is not None:
        remove_leftovers(run.output)
    notes = describe_change(run)
    compared = 0 if settings.duplicates == "use" else len(sources)
    counter = StepCounter(progress, compared + 2 * len(sources))
    duplicates = find_folder_duplicates(run, sources, counter) if compared else []
    notes += [f"duplicate: {_duplicate_line(each)}" for each in duplicates if settings.duplicates == "report"]
    skipped = {each.name: describe_duplicate(each) for each in duplicates if settings.duplicates == "skip"}
    counter.total -= len(skipped)
    measured = Journal(journal_file(run.manifest, MEASURED), run_identity(run))
    try:
        resumed = _measure_all(run, analyser, measured, [each for each in sources if each not in skipped], counter)
        folder = _plan_folder(run, measured, names, skipped, duplicates)
        _refuse_to_mix(folder)
        return _write_all(folder, counter, resumed, notes)
    finally:
        measured.close()


def report_files(manifest: Path) -> tuple[Path, Path]:
    """Where the report of a bucket run lies, beside its manifest: as text, and as a page with its chart."""
    return manifest.with_name(manifest.stem + ".buckets.txt"), manifest.with_name(manifest.stem + ".buckets.html")


def measure_source(run: FolderRun, source: str, analyser: Analyser) -> PictureRecord:
    """One picture's record with a crop for every bucket, nothing written; what is wrong with it becomes its reason."""

    def measure(picture: Picture, record: PictureRecord) -> PictureRecord:
        # A caption or mask that cannot be read would leave a gap in a batch, once all pictures are planned.
        run.sidecars.read_caption(picture.path)
        run.sidecars.open_mask(picture)
        thumbnail, settings = picture.small(ANALYSIS_SIDE), run.settings
        with analysing(picture):
            analysis = analyser.analyse(thumbnail)
            crops = measure_picture(
                analysis,
                picture.info.size,
                settings.constraint,
                _bucket_settings(run),
                settings.objective,
                settings.on_cut,
            )
        if len(crops) == 1:  # only the baseline
            return replace(record, status=DROPPED, reason=describe_left_out(BEHEADED))
        return replace(record, status=OK, crops=tuple(crops))

    return with_picture(run, PictureRecord(source, None, FAILED), measure)


def list_entries(run: FolderRun, records: Iterable[PictureRecord]) -> Iterator[Entry]:
    """The crops of a finished run, as the trainer's index lists them."""
    for record in records:
        source = run.folder / record.source
        caption = run.sidecars.read_caption(source) if record.crops else ""
        masked = run.sidecars.find_mask(source) is not None
        for crop in record.crops:
            if crop.file is not None:
                details = {name: getattr(crop, name) for name in ("original_size", "crop_coords", "target_size")}
                size = crop.target_size[1], crop.target_size[0]
                mask = run.settings.dataset.mask_path(crop.file) if masked else None
                yield Entry(crop.file, size, caption, mask, tuple(details.items()))


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
    """

    run: FolderRun
    measured: Journal
    sources: Sequence[str]
    skipped: Mapping[str, str]
    index: Mapping[str, int]
    result: SortedPictures | None
    files: Mapping[str, list[str]]

    def records(self) -> Iterator[PictureRecord]:
        """The planned record of every picture, in order."""
        for source in self.sources:
            if source in self.skipped:
                yield PictureRecord(source, None, DROPPED, self.skipped[source])
                continue
            record = self.measured.record(source)
            if self.result is None or source not in self.index:
                yield replace(record, crops=())
            else:
                files: Sequence[str | None] = self.files[source]
                files = files if self.run.output else [None] * len(files)
                yield plan_in_bucket(record, self.result, self.index[source], files)

    def all_files(self) -> set[str]:
        """The crops of all pictures, and the masks that they may have."""
        return set(_with_masks(self.run, [file for files in self.files.values() for file in files]))


def _measure_all(
    run: FolderRun, analyser: Analyser, journal: Journal, sources: Sequence[str], counter: StepCounter
) -> int:
    """Measures every picture that the journal does not have yet; returns how many it had."""
    remaining = [each for each in sources if journal.finished(each, run.state_of(each)) is None]
    resumed = len(sources) - len(remaining)
    counter.done += resumed

    def measure(source: str) -> tuple[PictureRecord, str]:
        state = run.state_of(source)
        return measure_source(run, source, analyser), state

    def finish(result: tuple[PictureRecord, str]) -> None:
        journal.add(*result)
        counter.step(MEASURING, result[0])

    run_stage(measure, remaining, run.workers, finish)
    return resumed


def _plan_folder(
    run: FolderRun,
    measured: Journal,
    names: Mapping[str, str],
    skipped: Mapping[str, str],
    duplicates: Sequence[Duplicate],
) -> _PlannedFolder:
    settings = _bucket_settings(run)
    sources = list(names)
    usable = [each for each in sources if each not in skipped and measured.record(each).status == OK]
    beheaded = [each for each in sources if each not in skipped and measured.record(each).status == DROPPED]
    result = None
    if usable:
        sizes = [size for record in measured.records(usable) if (size := record.size) is not None]
        result = sort_pictures(usable, sizes, (record.crops for record in measured.records(usable)), settings)
        result = replace(result, report=_complete_report(run, result.report, duplicates, beheaded))
    uses = dict(zip(usable, result.uses, strict=True)) if result else {}
    repeats = name_repeats([names[each] for each in sources], [uses.get(each, 0) for each in sources])
    files = {source: [_file_of(run, name) for name in each] for source, each in zip(sources, repeats, strict=True)}
    index = {source: place for place, source in enumerate(usable)}
    return _PlannedFolder(run, measured, sources, skipped, index, result, files)


def _complete_report(
    run: FolderRun, report: BucketReport, duplicates: Sequence[Duplicate], beheaded: Sequence[str]
) -> BucketReport:
    """The report with duplicates, pictures that any bucket beheads, and sizes that the trainer would crop again."""
    resolution = _bucket_settings(run).resolution
    recropped = {size: run.settings.dataset.recropped_size(size, resolution) for size in report.planned.counts}
    lines = [
        f"{format_size(size)} to {format_size(to)}, at {resolution}" for size, to in recropped.items() if to is not None
    ]
    left_out = [*report.left_out, *(f"{source}: {describe_left_out(BEHEADED)}" for source in beheaded)]
    duplicate_lines = [_duplicate_line(each) for each in duplicates]
    return replace(report, left_out=left_out, duplicates=duplicate_lines, recropped=lines)


def _write_all(folder: _PlannedFolder, counter: StepCounter, resumed: int, notes: Sequence[str]) -> Outcome:
    run, sources = folder.run, folder.sources
    journal = Journal(journal_file(run.manifest), run_identity(run))

    def is_done(record: PictureRecord) -> bool:
        known = journal.finished(record.source, run.state_of(record.source))
        if known != record or not has_its_crops(record, run.output, folder.files[record.source]):
            return False
        counter.done += 1
        return True

    def write(record: PictureRecord) -> tuple[PictureRecord, str]:
        state = run.state_of(record.source)
        return write_planned(run, record), state

    def finish(result: tuple[PictureRecord, str]) -> None:
        journal.add(*result)
        counter.step(WRITING, result[0])

    try:
        run_stage(write, (each for each in folder.records() if not is_done(each)), run.workers, finish)
        _write_beside(folder, journal)
        _remove_stale(folder)
        write_manifest(run.manifest, journal.records(sources))
        outcome = summarise(journal.records(sources), resumed, notes)
        journal.remove()
        folder.measured.remove()
        return replace(outcome, report=folder.result.report if folder.result else None)
    finally:
        journal.close()


def _refuse_to_mix(folder: _PlannedFolder) -> None:
    """A trainer takes every picture in its folder: others would change the counts of the buckets.

    Raises:
        RunError: naming one that no run of ours has written.
    """
    run = folder.run
    if run.output is None or not run.settings.dataset.reads_all_pictures or not run.output.is_dir():
        return
    ours = folder.all_files() | _written_before(run)
    others = (each.relative_to(run.output).as_posix() for each in find_pictures(run.output))
    first = next((each for each in others if each not in ours), None)
    if first is not None:
        raise RunError(
            f"{run.output}: {first} in it is none of this data set; choose another folder, or empty this one"
        )


def _remove_stale(folder: _PlannedFolder) -> None:
    """Removes the crops that an earlier run of another plan has left, so that no trainer finds them."""
    output = folder.run.output
    if output is None:
        return
    for file in _written_before(folder.run) - folder.all_files():
        remove_crop(output / file)


def _written_before(run: FolderRun) -> set[str]:
    """The crops and masks that the manifest of an earlier run lists, if that run had this dataset format."""
    if not run.manifest.exists():
        return set()
    return set(
        _with_masks(run, [crop.file for each in read_manifest(run.manifest) for crop in each.crops if crop.file])
    )


def _write_beside(folder: _PlannedFolder, journal: Journal) -> None:
    """The run's record, the report and its chart beside the manifest, and the trainer's index beside the crops."""
    run = folder.run
    write_run_record(run)
    if folder.result is not None:
        text, page = report_files(run.manifest)
        write_atomic(text, folder.result.report.format_text().encode() + b"\n")
        write_atomic(page, render_page(folder.result.report))
    if run.output is not None:
        run.settings.dataset.write_index(run.output, list_entries(run, journal.records(folder.sources)))


def _bucket_settings(run: FolderRun) -> BucketSettings:
    if run.settings.buckets is None:
        raise ValueError("settings: without buckets no picture can be sorted")
    return run.settings.buckets


def _file_of(run: FolderRun, name: str) -> str:
    return run.settings.dataset.crop_path(name, run.settings.format)


def _with_masks(run: FolderRun, files: Iterable[str]) -> list[str]:
    """The files, and the mask that each may have."""
    return [each for file in files for each in (file, run.settings.dataset.mask_path(file))]


def _duplicate_line(duplicate: Duplicate) -> str:
    return f"{duplicate.name}: {describe_duplicate(duplicate)}"
