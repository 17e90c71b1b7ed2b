"""What is to be done with the faces of one picture, as tasks that any process can do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from ..datasets.manifest import PictureRecord
from ..images.decode import Picture
from .face_stages import faces_of, find_in_picture, frame_anew, keep_passing, look_at_faces, write_faces, write_squares
from .picture_tasks import RecordTask, Workplace
from .run import FolderRun


@dataclass(frozen=True, kw_only=True)
class FindFaces(RecordTask):
    """Faces to be found, or framed anew. The record has those that pass, without files.

    Attributes:
        before: what an earlier run has found in the picture; None where faces are looked for.
    """

    before: PictureRecord | None = None

    def do(self, here: Workplace) -> PictureRecord:
        return look_at_faces(here.run, self.source, partial(self.look, here))

    def look(self, here: Workplace, picture: Picture, record: PictureRecord) -> PictureRecord:
        """The record of an open picture, with its faces that pass."""
        settings = faces_of(here.run.settings)
        if self.before is not None:
            return keep_passing(frame_anew(picture, record, self.before, settings), settings)
        return keep_passing(find_in_picture(picture, record, here.analyser, here.finder, settings), settings)


@dataclass(frozen=True, kw_only=True)
class ExtractFaces(FindFaces):
    """Faces to be found, or framed anew, and their squares to be written, while the picture is open.

    Attributes:
        name: of the picture's squares, see `OutputNames`.
    """

    name: str

    def look(self, here: Workplace, picture: Picture, record: PictureRecord) -> PictureRecord:
        planned = name_squares(here.run, super().look(here, picture, record), self.name)
        write_squares(here.run, picture, planned)
        return planned


@dataclass(frozen=True, kw_only=True)
class WriteFaces(RecordTask):
    """Faces that were found, whose squares are to be written.

    Attributes:
        record: of the picture, with the files of its squares.
    """

    record: PictureRecord

    def do(self, here: Workplace) -> PictureRecord:
        return write_faces(here.run, self.record)


def name_squares(run: FolderRun, record: PictureRecord, name: str) -> PictureRecord:
    """The record with a file for each of its faces; without any in a dry run."""
    if run.output is None:
        return record
    files = (run.settings.face_file(name, index) for index in range(len(record.crops)))
    return replace(
        record, crops=tuple(replace(crop, file=file) for crop, file in zip(record.crops, files, strict=True))
    )
