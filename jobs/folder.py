"""Crops a folder of pictures into another folder, and writes the manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..cropping.sequence import EACH
from ..datasets.manifest import PictureRecord, read_manifest, write_manifest
from .corrections import Corrections, find_corrections, format_corrections, is_honoured, pick_corrections
from .earlier_crops import refuse_other_pictures, settle_earlier_crops
from .executors.batches import Analyser
from .journal import Journal
from .output_names import has_its_files, lacks_heatmap, make_room
from .picture_tasks import PictureEngine, PictureTask, RecordTask, Workplace, on_threads
from .progress import CROPPING, Progress, StepCounter
from .run import FolderRun, Outcome, describe_guides, describe_misnamed, list_sources, summarise
from .run_record import describe_change, is_unchanged, journal_file, read_states, run_identity, write_run_record
from .stages import crop_picture
from .subject_crops import pick_recorded_corrections


def crop_folder(run: FolderRun, analyser: Analyser, progress: Progress, engine: PictureEngine | None = None) -> Outcome:
    """Crops every picture of the folder, in parallel, and writes the manifest in the order of the sources.

    With `BucketSettings` among the settings, all pictures are measured first and planned together. What people decided
    about pictures of the same content, in the manifest that is there, wins over the search.

    Stopped at any point and run again, it goes on where it was, and ends with the same bytes as if it had never been
    stopped. Without buckets, the memory that it takes does not depend on the number of pictures; with buckets it grows
    by a few hundred bytes a picture.

    Args:
        run: where and how.
        analyser: of the cropper whose name and digest the settings hold.
        progress: called after every picture, in every stage.
        engine: works on the pictures; None for the threads of this process. The same files come out whatever it is.
            The frames of clips are always left to this process.

    Raises:
        ValueError: when the settings were made for another cropper.
        RunError: when the folder has no pictures, an output would lie over a source, another run is writing where this
            one would, or, with buckets, pictures of another origin lie where the trainer would read them too.
        OSError: when something can no longer be written.
    """
    cropper = analyser.cropper
    if (cropper.name, cropper.digest) != (run.settings.cropper, run.settings.weights):
        raise ValueError(f"analyser: the settings were made for other weights than those of this {cropper.name}")
    engine = on_threads(analyser) if engine is None else engine
    with run.writing(), run.reader:
        if run.settings.frames != EACH:
            from .clip_folder import crop_clips

            return crop_clips(run, analyser, progress)
        if run.settings.buckets is None:
            return _crop_each(run, engine, progress)
        from .buckets import sort_folder  # most runs need none of it

        return sort_folder(run, engine, progress)


def _crop_each(run: FolderRun, engine: PictureEngine, progress: Progress) -> Outcome:
    sources = list_sources(run)
    planned = make_room(run, sources)
    names, heatmaps = planned.of_source, planned.heatmap_of
    refuse_other_pictures(run, names)
    files = {source: run.settings.files(name) for source, name in names.items()}
    notes = [*describe_misnamed(run), *describe_change(run), *describe_guides(run, sources)]
    corrections = find_corrections(run)
    journal = open_journal(run, files, run.state_of)
    try:
        remaining = [
            each
            for each in sources
            if not _is_done(run, journal, each, files[each], corrections) or lacks_heatmap(run, heatmaps.get(each))
        ]
        resumed = len(sources) - len(remaining)
        counter = StepCounter(progress, len(sources))
        counter.pass_over(CROPPING, resumed)

        tasks = (
            CropTask(source=each, state=run.state_of(each), name=names[each], heatmap=heatmaps.get(each))
            for each in remaining
        )

        def finish(task: PictureTask[PictureRecord], record: PictureRecord) -> None:
            journal.add(record, task.state)
            counter.step(CROPPING, record)

        engine(run, corrections, tasks, finish)
        notes += settle_earlier_crops(run, sources, journal)
        states = {source: journal.state(source) for source in sources}
        return finish_run(run, journal, sources, states, corrections, resumed, notes)
    finally:
        journal.close()


@dataclass(frozen=True, kw_only=True)
class CropTask(RecordTask):
    """A picture to be cropped from end to end.

    Attributes:
        name: of its crops, see `OutputNames`.
        heatmap: where its heat is written; None where it is not.
    """

    name: str
    heatmap: str | None = None

    def do(self, here: Workplace) -> PictureRecord:
        return crop_picture(here.run, self.source, self.name, here.analyser, here.corrections, self.heatmap)


def open_journal(run: FolderRun, files: Mapping[str, list[str]], state_of: Callable[[str], str]) -> Journal:
    """The journal of a stopped run of the same identity, or a new one with what a finished run has done.

    Args:
        run: the run.
        files: where the crops of each picture may go, see `CropSettings.files`.
        state_of: the state of a picture now.
    """
    journal = Journal(journal_file(run.manifest), run_identity(run))
    if not len(journal) and run.manifest.exists() and is_unchanged(run):
        states = read_states(run.manifest)
        for record in read_manifest(run.manifest):
            if record.source not in files:
                continue
            state = state_of(record.source)
            if states.get(record.source) == state and has_its_files(run, record, files[record.source]):
                journal.add(record, state)
    return journal


def finish_run(
    run: FolderRun,
    journal: Journal,
    sources: Sequence[str],
    states: Mapping[str, str],
    corrections: Corrections,
    resumed: int,
    notes: Sequence[str],
) -> Outcome:
    """Writes the record and the manifest of a run without buckets that is done, and ends its journal.

    Args:
        run: the run.
        journal: with the record of every picture.
        sources: all pictures, in the order of the manifest.
        states: of every picture when it was done.
        corrections: of the pictures.
        resumed: pictures that an earlier run had done.
        notes: see `Outcome`.
    """
    outcome = summarise(journal.records(sources), resumed, notes)
    write_run_record(run, states, format_corrections(corrections))
    write_manifest(run.manifest, journal.records(sources))
    journal.remove()
    return outcome


def _is_done(run: FolderRun, journal: Journal, source: str, files: list[str], corrections: Corrections) -> bool:
    record = journal.finished(source, run.state_of(source))
    if record is None or record.size is None or record.digest is None or not has_its_files(run, record, files):
        return False
    decided, constraints = corrections.of(source, record.digest), run.settings.constraints()
    if run.settings.per_subject is None:
        return is_honoured(record, pick_corrections(decided, constraints, record.size))
    return is_honoured(record, pick_recorded_corrections(decided, record, constraints))
