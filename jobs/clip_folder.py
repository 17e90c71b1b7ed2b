"""Folders of frames: each folder is a clip, whose crops are chosen together once all its frames are analysed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.crop import Crop
from ..datasets.deduplicate import hash_file
from ..datasets.find import natural_key
from ..datasets.manifest import FAILED, OK, PictureRecord
from ..images.decode import Picture
from ..images.scenes import find_scenes, sign_frame
from ..models.analysis import Analysis
from .analyse import ANALYSIS_SIDE
from .clip import choose_clip_crops
from .corrections import Corrections, find_corrections
from .earlier_crops import refuse_other_pictures, settle_earlier_crops
from .executors.batches import Analyser
from .executors.threads import run_stage
from .folder import finish_run, open_journal
from .journal import Journal
from .output_names import OutputNames, has_its_files, lacks_heatmap, make_room
from .progress import MEASURING, WRITING, Progress, StepCounter
from .run import FolderRun, Outcome, RunError, describe_guides, describe_misnamed, list_sources, sizes_of
from .run_record import describe_change
from .settings import CropSettings
from .stages import look_at, plan_record, with_picture, write_heatmap, write_planned


def crop_clips(run: FolderRun, analyser: Analyser, progress: Progress) -> Outcome:
    """Crops the frames of every folder of the run as one clip; see `crop_folder`, which calls it.

    Frames are in the natural order of their names. A frame that cannot be read fails alone, and the box passes over it.
    A clip whose frames have several sizes fails, too; the others are cropped.
    A clip of which a frame was changed, added or taken away is done again whole. Pictures that were corrected by hand
    are refused: a box for one frame would make the others jump. About 0.2 MB a frame are in memory until a clip is
    written.

    Raises:
        RunError: when the frames of every folder have several sizes, or some were corrected; names the first.
    """
    sources = sorted(list_sources(run), key=natural_key)
    clips = split_clips(sources)
    uneven = _find_uneven(run, clips)
    corrections = find_corrections(run)
    _refuse_corrected(run, sources, corrections)
    names = make_room(run, sources)
    refuse_other_pictures(run, names.of_source)
    files = {source: run.settings.files(names.of_source[source]) for source in sources}
    notes = [*describe_misnamed(run), *describe_change(run), *describe_guides(run, sources)]
    states = {source: state for clip in clips for source, state in _states_of(run, clip).items()}
    journal = open_journal(run, files, states.__getitem__)
    try:
        done = {
            each
            for each in sources
            if _is_done(run, journal, each, states[each], files[each])
            and not lacks_heatmap(run, names.heatmap_of.get(each))
        }
        waiting = [clip for clip in clips if not done.issuperset(clip)]
        counter = StepCounter(progress, len(sources) + sum(map(len, waiting)), len(done))
        for clip in waiting:
            if clip[0] in uneven:
                planned = _fail_clip(clip, uneven[clip[0]], counter)
            else:
                planned = _plan_clip(run, clip, names, analyser, counter)

            def write(record: PictureRecord) -> PictureRecord:
                return write_planned(run, record)

            def finish(record: PictureRecord) -> None:
                journal.add(record, states[record.source])
                counter.step(WRITING, record)

            remaining = [each for each in planned if each.source not in done]
            run_stage(write, remaining, run.workers, finish, run.reader.abandon)
        notes += settle_earlier_crops(run, sources, journal)
        return finish_run(run, journal, sources, states, corrections, len(done), notes)
    finally:
        journal.close()


def split_clips(sources: Sequence[str]) -> list[list[str]]:
    """The frames of each folder, in the order of the sources.

    >>> split_clips(["a/1.png", "b/1.png", "a/2.png"])
    [['a/1.png', 'a/2.png'], ['b/1.png']]
    """
    clips: dict[PurePosixPath, list[str]] = {}
    for source in sources:
        clips.setdefault(PurePosixPath(source).parent, []).append(source)
    return list(clips.values())


def _find_uneven(run: FolderRun, clips: Sequence[Sequence[str]]) -> dict[str, str]:
    """By their first frame, the clips whose frames have several sizes, as far as they can be read, and the reason.

    Raises:
        RunError: when there is no other clip, as where photographs are taken for one.
    """
    reasons = {clip[0]: reason for clip in clips if (reason := _describe_other_size(run, clip))}
    if len(reasons) == len(clips):
        raise RunError(next(iter(reasons.values())))
    return reasons


def _describe_other_size(run: FolderRun, clip: Sequence[str]) -> str:
    """The first frame of a clip that has another size than those before it, in words; empty where there is none."""
    first = None
    for path, size in sizes_of(run.folder, [run.folder / each for each in clip], run.settings.follow_links):
        first = first or size
        if size != first:
            return (
                f"{path}: a frame of {size[0]}×{size[1]} after frames of {first[0]}×{first[1]}; each folder is a clip,"
                " whose frames have one size"
            )
    return ""


def _fail_clip(clip: Sequence[str], reason: str, counter: StepCounter) -> list[PictureRecord]:
    records = [PictureRecord(each, None, FAILED, reason) for each in clip]
    for each in records:
        counter.step(MEASURING, each)
    return records


def _refuse_corrected(run: FolderRun, sources: Sequence[str], corrections: Corrections) -> None:
    """Refuses frames about whose crops a person has decided when they were pictures on their own."""
    decided = {each.source for each in corrections if each.corrections}
    corrected = [each for each in sources if each in decided]
    if corrected:
        others = f" and {len(corrected) - 1} more" if len(corrected) > 1 else ""
        raise RunError(
            f"{run.manifest}: {corrected[0]}{others} were corrected by hand, which the frames of a clip cannot follow"
            " one by one; crop the clip into another folder"
        )


def _states_of(run: FolderRun, clip: Sequence[str]) -> dict[str, str]:
    """The state of each frame, which changes whenever any of its clip does."""
    states = {source: run.state_of(source) for source in clip}
    whole = hashlib.sha256(repr(sorted(states.items())).encode()).hexdigest()[:16]
    return {source: f"{state} clip:{whole}" for source, state in states.items()}


def _is_done(run: FolderRun, journal: Journal, source: str, state: str, files: Sequence[str]) -> bool:
    record = journal.finished(source, state)
    return record is not None and record.digest is not None and has_its_files(run, record, files)


@dataclass(frozen=True)
class _Frame:
    """A frame that was analysed.

    Attributes:
        record: of it, without crops; failed where it could not be analysed, and then nothing else is known.
        analysis: that its crop is searched on.
        constraints: one for each of the settings' `constraints`.
        sign: see `sign_frame`.
    """

    record: PictureRecord
    analysis: Analysis | None = None
    constraints: tuple[Constraint, ...] = ()
    sign: np.ndarray | None = None


def _plan_clip(
    run: FolderRun, clip: Sequence[str], names: OutputNames, analyser: Analyser, counter: StepCounter
) -> list[PictureRecord]:
    """The planned records of all frames of a clip; what is wrong with one is its reason."""
    frames: list[_Frame] = []

    def finish(frame: _Frame) -> None:
        frames.append(frame)
        counter.step(MEASURING, frame.record)

    def analyse(source: str) -> _Frame:
        return _analyse_frame(run, source, analyser, names.heatmap_of.get(source))

    run_stage(analyse, clip, run.workers, finish, run.reader.abandon)
    try:
        crops = iter(_choose_crops(run.settings, [each for each in frames if each.record.status == OK]))
    except UnsatisfiableError as error:
        return [_failed(each.record, str(error)) for each in frames]
    return [
        each.record
        if each.record.status != OK
        else plan_record(
            each.record, next(crops), names.of_source[each.record.source] if run.output else None, run.settings
        )
        for each in frames
    ]


def _analyse_frame(run: FolderRun, source: str, analyser: Analyser, heatmap: str | None) -> _Frame:
    found: list[tuple[Analysis, tuple[Constraint, ...], np.ndarray]] = []

    def analyse(picture: Picture, record: PictureRecord) -> PictureRecord:
        seen = look_at(run, picture, source, analyser)
        asked = tuple(seen.guidance.constrain(each) for each in run.settings.constraints())
        found.append((seen.analysis.without_impression(), asked, sign_frame(picture.small(ANALYSIS_SIDE))))
        write_heatmap(run, heatmap, seen)
        return replace(record, status=OK, digest=hash_file(picture.path))

    record = with_picture(run, PictureRecord(source, None, FAILED), analyse)
    return _Frame(record, *found[0]) if record.status == OK else _Frame(record)


def _choose_crops(settings: CropSettings, frames: Sequence[_Frame]) -> list[list[Crop]]:
    """The crops of each frame, one for each of the settings' constraints."""
    if not frames:
        return []
    size = frames[0].record.size
    assert size is not None
    analyses = [each.analysis for each in frames if each.analysis is not None]
    scenes = find_scenes([each.sign for each in frames if each.sign is not None])
    found = [
        choose_clip_crops(
            analyses, size, [each.constraints[place] for each in frames], settings.frames, scenes, settings.objective
        )
        for place in range(len(settings.constraints()))
    ]
    return [list(each) for each in zip(*found, strict=True)]


def _failed(record: PictureRecord, reason: str) -> PictureRecord:
    return record.as_failed(reason) if record.status == OK else record
