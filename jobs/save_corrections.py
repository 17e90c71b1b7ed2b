"""Writes the crops again that a person has corrected, and what lies beside them; all others are left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..bucketing.report import BucketReport
from ..cropping.correction import Correction, has_ratio
from ..cropping.ratio import Ratio
from ..datasets.deduplicate import hash_file
from ..datasets.manifest import DROPPED, FAILED, OK, CropRecord, PictureRecord, read_manifest, write_manifest
from ..images.decode import Picture
from ..images.errors import PictureError
from ..models.selection import SearchBatch
from .bucket_stages import bucket_record, constraint_for
from .buckets import write_beside
from .corrected_report import correct_report, read_report
from .corrections import BY_HAND, Corrections, read_corrections
from .executors.batches import Analyser
from .executors.threads import run_stage
from .on_cut import choose_crop, is_dropped
from .output_names import OutputNames
from .progress import WRITING, Progress, StepCounter
from .run import FolderRun
from .run_record import read_run_record, read_states
from .stages import analysing, crop_picture, look_at, remove_crop, with_picture, write_crops
from .warnings import summarise_warnings

CHANGED_SINCE = "the picture is another one than when it was cropped; run the same crop command again"

Decisions = Mapping[int, "Correction | None"]
"""What a person decided about the crops of one picture, by their place in its record; None takes a correction back."""


@dataclass(frozen=True)
class Saved:
    """What became of decisions.

    Attributes:
        records: the new record of each picture that was done, by its source.
        failed: why the others could not be done, by their source; their crops are as they were.
        report: of a bucket run, as it is now.
    """

    records: Mapping[str, PictureRecord] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    report: BucketReport | None = None


def save_corrections(
    run: FolderRun, decisions: Mapping[str, Decisions], analyser: Analyser, progress: Progress
) -> Saved:
    """Cuts the pictures that were decided on again, with captions and masks, and brings manifest, report and index up.

    Each file is written whole or not at all, and the manifest last: after a stop at any point the same call goes on. A
    picture that cannot be done fails alone, and keeps what it had.

    Args:
        run: a finished one, see `reopen_run`; its reader is the caller's to close.
        decisions: by the source of each picture.
        analyser: of the run's cropper.
        progress: called after every picture.

    Raises:
        RunError: when another run is writing into the folder.
        OSError: when something can no longer be written.
        ValueError: when the manifest or its record is damaged.
    """
    with run.writing():
        before = {each.source: each for each in read_manifest(run.manifest)}
        changed = [before[source] for source in decisions if source in before]
        rewriting = _Rewriting(run, analyser, read_corrections(run.manifest), list(before.values()))
        done: dict[str, tuple[PictureRecord, str]] = {}
        failed: dict[str, str] = {}
        counter = StepCounter(progress, len(changed))

        def rewrite(record: PictureRecord) -> tuple[PictureRecord, str]:
            state = run.state_of(record.source)
            return rewriting.rewrite(record), state

        def finish(result: tuple[PictureRecord, str]) -> None:
            record = result[0]
            if record.status == FAILED:
                failed[record.source] = record.reason or ""
            else:
                done[record.source] = result
            counter.step(WRITING, record)

        for record in changed:
            rewriting.note(record, decisions[record.source])
        run_stage(rewrite, changed, run.workers, finish, run.reader.abandon)
        for source in failed:
            rewriting.forget(before[source])
        records = [done[each.source][0] if each.source in done else each for each in before.values()]
        states: dict[str, str] = {}
        if run.settings.buckets is None:
            states = {**read_states(run.manifest), **{source: state for source, (_, state) in done.items()}}
        report = _corrected_report(run, records)
        write_beside(run, records, rewriting.corrections, report, states)
        write_manifest(run.manifest, records)
        return Saved({source: record for source, (record, _) in done.items()}, failed, report)


class _Rewriting:
    """Writes the crops of single pictures again.

    Args:
        run, analyser: see `save_corrections`.
        corrections: of all pictures; those that are noted go into it.
        records: of all pictures, as they are.
    """

    def __init__(
        self, run: FolderRun, analyser: Analyser, corrections: Corrections, records: Sequence[PictureRecord]
    ) -> None:
        self.corrections = corrections
        self._run, self._analyser = run, analyser
        names = OutputNames(run, [each.source for each in records])
        self._names, self._heatmaps = names.of_source, names.heatmap_of
        repeats = names.repeat([len(each.crops) for each in records]) if run.settings.buckets else []
        self._repeats = dict(zip((each.source for each in records), repeats, strict=False))

    def note(self, record: PictureRecord, decisions: Decisions) -> None:
        """Gives a picture its decisions; other crops of it keep theirs."""
        decided = [decisions.get(place, crop.correction) for place, crop in enumerate(record.crops)]
        if self._run.settings.buckets is not None:  # all are one crop, used several times
            decided = decided[:1]
        self._replace(record, [each for each in decided if each is not None])

    def forget(self, record: PictureRecord) -> None:
        """Gives a picture that could not be done what it had."""
        self._replace(record, [each.correction for each in record.crops if each.correction is not None])

    def rewrite(self, record: PictureRecord) -> PictureRecord:
        """The record of a picture after its crops were written; a failed one where they could not be."""
        run = self._run
        try:
            if hash_file(run.folder / record.source) != record.digest:
                return record.as_failed(CHANGED_SINCE)
        except PictureError as error:
            return record.as_failed(error.reason_for(run.folder / record.source))
        if run.settings.buckets is None:
            name, heatmap = self._names[record.source], self._heatmaps.get(record.source)
            return crop_picture(run, record.source, name, self._analyser, self.corrections, heatmap)
        return with_picture(run, record, self._crop_in_bucket)

    def _crop_in_bucket(self, picture: Picture, record: PictureRecord) -> PictureRecord:
        """The crop of a picture for the bucket that it has."""
        run, settings, size = self._run, self._run.settings, picture.info.size
        bucket = record.crops[0].bucket
        assert settings.buckets is not None and bucket is not None
        files = [each.file for each in record.crops if each.file is not None]
        files = files or [settings.file_of(each, Ratio.of(bucket), bucket) for each in self._repeats[record.source]]
        correction = next(iter(self.corrections.of(record.source, record.digest)), None)
        seen = look_at(run, picture, record.source, self._analyser)
        constraint = constraint_for(bucket, seen.guidance.constrain(settings.constraint), settings.buckets)
        with analysing(picture):
            batch = SearchBatch.of([seen.analysis], size)
            crop = choose_crop(batch, constraint, settings.objective, settings.on_cut, correction, settings.canvas)
        found = bucket_record(seen.analysis, crop, size, bucket)
        if is_dropped(crop, settings.on_cut):
            reason = BY_HAND if correction else summarise_warnings(crop.warnings)
            planned = replace(record, status=DROPPED, reason=reason, crops=(found,) if correction else ())
        else:
            crops = tuple(replace(found, file=each if run.output else None) for each in files)
            planned = replace(record, status=OK, reason=None, crops=crops)
        write_crops(run, picture, planned)
        for file in set(files) - {each.file for each in planned.crops}:
            remove_crop(run, file)
        return planned

    def _replace(self, record: PictureRecord, decided: Sequence[Correction]) -> None:
        assert record.digest is not None
        others: Iterable[Correction] = ()
        if self._run.settings.each:  # those of ratios that this run did not ask for
            others = self.corrections.of_exactly(record.source, record.digest)
            others = [each for each in others if not any(_has_shape(each, crop) for crop in record.crops)]
        self.corrections.replace(record.source, record.digest, (*decided, *others))


def _has_shape(correction: Correction, crop: CropRecord) -> bool:
    return has_ratio(correction.box, Ratio.of(crop.box[2:])) or correction == crop.correction


def _corrected_report(run: FolderRun, records: Sequence[PictureRecord]) -> BucketReport | None:
    noted = read_run_record(run.manifest).get("report")
    if run.settings.buckets is None or noted is None:
        return None
    return correct_report(read_report(noted), records, run.settings)
