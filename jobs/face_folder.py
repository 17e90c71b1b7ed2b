"""Folders of pictures into folders of face squares; and from the manifest of such a run, into other ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..cropping.pose_spread import spread_poses
from ..datasets.face_record import FaceRecord
from ..datasets.manifest import DROPPED, OK, PictureRecord, read_manifest
from .corrections import NO_CORRECTIONS
from .earlier_crops import refuse_other_pictures
from .earlier_faces import EarlierFaces
from .face_settings import MOST_FACES, FaceSettings
from .face_stages import faces_of
from .face_tasks import ExtractFaces, FindFaces, WriteFaces
from .folder import finish_run, open_journal
from .journal import Journal
from .output_names import has_its_files, make_room, refuse_obstacles
from .picture_tasks import PictureEngine, PictureTask
from .progress import MEASURING, WRITING, Progress, StepCounter
from .run import FolderRun, Outcome, describe_misnamed, list_sources
from .run_record import MEASURED, describe_change, journal_file, run_identity
from .stages import remove_crop

PASSED_OVER = "its faces were left out: others cover their poses"


def extract_faces(
    run: FolderRun, engine: PictureEngine, progress: Progress, earlier: EarlierFaces | None = None
) -> Outcome:
    """Writes a square for every face of the run's pictures that passes, and the manifest in the order of the sources.

    Stopped at any point and run again, it goes on where it was. Where faces are sorted or spread over poses, all are
    found before the first is written, and some hundred bytes a face are in memory; else the memory that it takes does
    not depend on the number of pictures. Squares of an earlier run into the same folder that are no longer wanted are
    removed, as far as they are as they were written.

    Args:
        run: with `faces` among its settings.
        engine: works on the pictures. The same files come out whatever it is.
        progress: called after every picture, in every stage.
        earlier: faces that are framed anew; None where faces are looked for.

    Raises:
        RunError: when the folder has no pictures, an output would lie over a source, or another run is writing where
            this one would.
        OSError: when something can no longer be written.
    """
    with run.writing(), run.reader:
        sources = list_sources(run)
        names = make_room(run, sources).of_source
        refuse_other_pictures(run, names)
        notes, before = [*describe_misnamed(run), *describe_change(run)], _list_squares(run.manifest)
        folder = _Folder(run, earlier, names, before if faces_of(run.settings).is_ordered else None)
        journal = open_journal(run, folder, folder.state_of)
        try:
            remaining = [each for each in sources if not folder.is_done(journal, each)]
            if folder.in_order and remaining:
                remaining = sources
                _extract_in_order(folder, sources, journal, engine, progress)
            else:
                _extract_each(folder, sources, remaining, journal, engine, progress)
            wanted = {crop.file for record in journal.records(sources) for crop in record.crops}
            for file in {file for files in before.values() for file in files} - wanted:
                remove_crop(run, file)
            states = {source: journal.state(source) for source in sources}
            return finish_run(run, journal, sources, states, NO_CORRECTIONS, len(sources) - len(remaining), notes)
        finally:
            journal.close()


class _Folder(Mapping[str, list[str]]):
    """The run's pictures, and where the squares of each may go: made when asked for, as a picture may have a hundred.

    Args:
        run: the run.
        earlier: faces that are framed anew; None where faces are looked for.
        names: of each picture's crops, see `OutputNames`.
        listed: the squares of each picture in the manifest that is there, where faces are put in order: their names
            follow from all others. None where they are not.
    """

    def __init__(
        self,
        run: FolderRun,
        earlier: EarlierFaces | None,
        names: Mapping[str, str],
        listed: Mapping[str, list[str]] | None,
    ) -> None:
        self.run, self._earlier, self._names, self._listed = run, earlier, names, listed
        self.settings = faces_of(run.settings)

    @property
    def in_order(self) -> bool:
        """Whether all faces have to be known before any square is written."""
        return self._listed is not None

    def state_of(self, source: str) -> str:
        """Changes whenever a picture, or what is found in it, does."""
        state = self.run.state_of(source)
        return state if self._earlier is None else f"{state} {self._earlier.mark(source)}"

    def is_done(self, journal: Journal, source: str) -> bool:
        """Whether an earlier run has done a picture, as it is now."""
        record = journal.finished(source, self.state_of(source))
        if record is None or record.digest is None:
            return False
        return has_its_files(self.run, record, _files_in(record) if self.in_order else self[source])

    def find(self, source: str) -> FindFaces:
        """The task that finds the faces of a picture."""
        return FindFaces(source=source, state=self.state_of(source), before=self._before(source))

    def extract(self, source: str) -> ExtractFaces:
        """The task that finds the faces of a picture, and writes their squares."""
        state, name = self.state_of(source), self._names[source]
        return ExtractFaces(source=source, state=state, before=self._before(source), name=name)

    def choose(self, record: PictureRecord, places: Places) -> PictureRecord:
        """The record with those of its faces that were chosen, each with its file."""
        kept = []
        for index, crop in enumerate(record.crops):
            place = places.get((record.source, index))
            if place is not None:
                name, shown = self._names[record.source], place if self.settings.sort else None
                file = None if self.run.output is None else self.run.settings.face_file(name, index, shown)
                kept.append(replace(crop, file=file))
        if record.crops and not kept:
            return replace(record, status=DROPPED, reason=PASSED_OVER, crops=())
        return replace(record, crops=tuple(kept))

    def _before(self, source: str) -> PictureRecord | None:
        return None if self._earlier is None else self._earlier.find(source)

    def __getitem__(self, source: str) -> list[str]:
        if self._listed is not None:
            return self._listed.get(source, [])
        return [self.run.settings.face_file(self._names[source], index) for index in range(MOST_FACES)]

    def __contains__(self, source: object) -> bool:
        return source in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _extract_each(
    folder: _Folder,
    sources: Sequence[str],
    remaining: Sequence[str],
    journal: Journal,
    engine: PictureEngine,
    progress: Progress,
) -> None:
    """One pass, in which each picture is opened once."""
    counter = StepCounter(progress, len(sources))
    counter.pass_over(WRITING, len(sources) - len(remaining))

    def finish(task: PictureTask[PictureRecord], record: PictureRecord) -> None:
        journal.add(record, task.state)
        counter.step(WRITING, record)

    engine(folder.run, NO_CORRECTIONS, map(folder.extract, remaining), finish)


def _extract_in_order(
    folder: _Folder, sources: Sequence[str], journal: Journal, engine: PictureEngine, progress: Progress
) -> None:
    """Two passes: all faces are found, chosen and put in order, then those that were chosen are written."""
    run, counter = folder.run, StepCounter(progress, 2 * len(sources), len(sources))
    measured = Journal(journal_file(run.manifest, MEASURED), run_identity(run))
    try:
        remaining = [each for each in sources if measured.finished(each, folder.state_of(each)) is None]
        counter.pass_over(MEASURING, len(sources) - len(remaining))

        def note(task: PictureTask[PictureRecord], record: PictureRecord) -> None:
            measured.add(record, task.state)
            counter.step(MEASURING, record)

        engine(run, NO_CORRECTIONS, map(folder.find, remaining), note)
        places = order_faces(measured.records(sources), folder.settings)
        if run.output is not None:
            records = (folder.choose(each, places) for each in measured.records(sources))
            refuse_obstacles(run, [file for each in records for file in _files_in(each)])

        def finish(record: PictureRecord, state: str) -> None:
            journal.add(record, state)
            counter.step(WRITING, record)

        def plan() -> Iterator[WriteFaces]:
            for each in measured.records(sources):
                planned, state = folder.choose(each, places), measured.state(each.source)
                is_done = journal.finished(each.source, state) == planned
                if _files_in(planned) and not (is_done and has_its_files(run, planned, _files_in(planned))):
                    yield WriteFaces(source=each.source, state=state, record=planned)
                else:  # there is nothing to write
                    finish(planned, state)

        engine(run, NO_CORRECTIONS, plan(), lambda task, record: finish(record, task.state))
        measured.remove()
    finally:
        measured.close()


Places = Mapping[tuple[str, int], int]
"""The place of each face that was chosen, from 1, by its picture and its number there."""


def order_faces(records: Iterator[PictureRecord], settings: FaceSettings) -> Places:
    """Which faces are kept, and in which order: by the sort asked for, else as their pictures and faces come."""
    faces = [
        (record.source, index, crop.face)
        for record in records
        if record.status == OK
        for index, crop in enumerate(record.crops)
        if crop.face is not None
    ]
    chosen: Sequence[int] = range(len(faces))
    if settings.spread is not None:
        poses = [(face.yaw, face.pitch) for _, _, face in faces]
        chosen = sorted(spread_poses(poses, [_worth(face) for _, _, face in faces], settings.spread))
    if settings.sort:
        chosen = sorted(chosen, key=lambda each: getattr(faces[each][2], settings.sort) * settings.sort_sign)
    return {faces[each][:2]: place for place, each in enumerate(chosen, 1)}


def _worth(face: FaceRecord) -> float:
    """How much a face is worth among those of its pose: sharp, large and certain ones."""
    return (1 - face.blur) * face.certainty * min(1.0, face.size / 256) ** 0.5


def _files_in(record: PictureRecord) -> list[str]:
    return [crop.file for crop in record.crops if crop.file is not None]


def _list_squares(manifest: Path) -> dict[str, list[str]]:
    """The squares of each picture that the manifest of an earlier run lists."""
    if not manifest.exists():
        return {}
    return {
        record.source: [crop.file for crop in record.crops if crop.face and crop.file]
        for record in read_manifest(manifest)
    }
