"""Edited face squares back into copies of their pictures, by the matrices that a manifest keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..cropping.ratio import Ratio
from ..cropping.similarity import Similarity
from ..datasets.deduplicate import hash_file
from ..datasets.find import EXTENSIONS, LEADS_OUTSIDE, find_pictures, leads_outside
from ..datasets.manifest import DROPPED, FAILED, OK, CropRecord, PictureRecord, format_line
from ..images.colour import WHITE
from ..images.decode import Picture
from ..images.encode import encode
from ..images.errors import PictureError
from ..images.warp import paste_square, plan_warp
from .corrections import NO_CORRECTIONS
from .defaults import default_workers
from .executors.threads import run_stage
from .face_stages import CHANGED, faces_of
from .folder import finish_run, open_journal
from .journal import Journal
from .output_names import has_its_files, make_room
from .prepare_faces import is_manifest_name, read_face_run
from .progress import WRITING, Progress, StepCounter
from .run import FolderRun, Outcome, RunError
from .run_record import describe_change
from .stages import with_picture

NONE_EDITED = "none of its squares is among the edited ones"


@dataclass(frozen=True)
class EditedFaces:
    """The squares of an earlier run, edited.

    Attributes:
        folder: where they are.
        records: of the earlier run, by source.
        fill: what lies outside the pictures on the squares.
        background: the colour of that, where there is no fill.
    """

    folder: Path
    records: Mapping[str, PictureRecord]
    fill: Any
    background: tuple[int, int, int]

    def find(self, file: str) -> Path | None:
        """The edited square of that name, whatever format it was saved in; None where there is none."""
        path = self.folder / file
        stem = PurePosixPath(file).with_suffix("")
        others = (self.folder / f"{stem}{extension}" for extension in sorted(EXTENSIONS))
        return next((each for each in (path, *others) if each.is_file()), None)

    def strangers(self) -> list[str]:
        """The pictures in the folder that have the name of no square, relative to it."""
        files = (crop.file for record in self.records.values() for crop in record.crops if crop.file)
        named = {PurePosixPath(file).with_suffix("") for file in files}
        found = (PurePosixPath(path.relative_to(self.folder).as_posix()) for path in find_pictures(self.folder))
        return [str(each) for each in found if each.with_suffix("") not in named]

    def mark(self, source: str) -> str:
        """Changes whenever what is pasted into a picture does."""
        record = self.records[source]
        parts = [format_line(record)]
        for crop in record.crops:
            path = self.find(crop.file) if crop.file else None
            status = path.stat() if path else None
            parts.append(f"{path} {status.st_size} {status.st_mtime_ns}" if status else "-")
        return f"faces:{blake2b(' '.join(parts).encode(errors='surrogateescape'), digest_size=8).hexdigest()}"


def prepare_paste(
    manifest: Sequence[str | PathLike[str]],
    edited: Path,
    out: Path,
    *,
    format: str = "png",
    quality: int | None = None,
    feather: int = 16,
    follow_links: bool = False,
    new_manifest: Path | None = None,
    workers: int | None = None,
    memory: int | None = None,
) -> tuple[FolderRun, EditedFaces]:
    """The run that pastes the edited squares of an earlier run back.

    Args:
        manifest: of the earlier run, alone.
        edited: folder of the squares, named as the manifest has them; another format of the same name will do.
        out: folder for the pictures.
        feather: see `paste_square`.
        new_manifest: None for `manifest.jsonl` in `out`.
        format, quality, follow_links: see `CropSettings`.
        workers, memory: see `FolderRun`.

    Raises:
        ValueError: when something cannot be used; the message names the argument.
        RunError: see `read_face_run`.
    """
    if not is_manifest_name(manifest):
        raise ValueError("pictures: to paste squares back, name the manifest.jsonl of the run that made them")
    if not edited.is_dir():
        raise ValueError(f"paste_back: {edited} is not a folder")
    earlier, records = read_face_run(Path(manifest[0]))
    settings, background = earlier.settings, earlier.settings.background or WHITE
    faces = EditedFaces(edited, records, settings.fill, background)
    asked = replace(faces_of(settings), feather=feather, sort="", spread=None)
    settings = replace(settings, faces=asked, format=format, quality=quality, follow_links=follow_links, dry_run=False)
    count = default_workers(settings.device) if workers is None else workers
    where = new_manifest or out / "manifest.jsonl"
    return FolderRun(earlier.folder, out, where, settings, count, earlier.sources, memory), faces


def paste_faces(run: FolderRun, faces: EditedFaces, progress: Progress) -> Outcome:
    """Writes a copy of every picture with its edited squares in their places; see `extract_faces` for how it resumes.

    Args:
        run, faces: of `prepare_paste`.
        progress: called after every picture.

    Raises:
        RunError: when an output would lie over a source, or another run is writing where this one would.
        OSError: when something can no longer be written.
    """
    with run.writing(), run.reader:
        sources = list(run.sources or ())
        if not sources:
            raise RunError(f"{run.manifest}: no pictures in the manifest that was named")
        names = make_room(run, sources).of_source
        files = {source: run.settings.files(name) for source, name in names.items()}
        notes = [*describe_change(run), *_describe_strangers(faces)]

        def state_of(source: str) -> str:
            return f"{run.state_of(source)} {faces.mark(source)}"

        journal = open_journal(run, files, state_of)
        try:
            remaining = [each for each in sources if not _is_done(run, journal, each, state_of(each), files[each])]
            counter = StepCounter(progress, len(sources))
            counter.pass_over(WRITING, len(sources) - len(remaining))

            def paste(source: str) -> tuple[PictureRecord, str]:
                state = state_of(source)
                return _paste_picture(run, source, files[source][0], faces), state

            def finish(result: tuple[PictureRecord, str]) -> None:
                journal.add(*result)
                counter.step(WRITING, result[0])

            run_stage(paste, remaining, run.workers, finish, run.reader.abandon)
            states = {source: journal.state(source) for source in sources}
            return finish_run(run, journal, sources, states, NO_CORRECTIONS, len(sources) - len(remaining), notes)
        finally:
            journal.close()


def _describe_strangers(faces: EditedFaces) -> list[str]:
    strangers = faces.strangers()
    if not strangers:
        return []
    more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
    return [f"{faces.folder}: {strangers[0]}{more}: no square has that name, so it is pasted nowhere"]


def _is_done(run: FolderRun, journal: Journal, source: str, state: str, files: Sequence[str]) -> bool:
    record = journal.finished(source, state)
    return record is not None and record.digest is not None and has_its_files(run, record, files)


def _paste_picture(run: FolderRun, source: str, file: str, faces: EditedFaces) -> PictureRecord:
    def paste(picture: Picture, record: PictureRecord) -> PictureRecord:
        before = faces.records[source]
        digest = hash_file(picture.path)
        if before.status == OK and (before.size, before.digest) != (record.size, digest):
            raise PictureError(picture.path, CHANGED)
        found = [(crop, path) for crop in before.crops if crop.file and (path := faces.find(crop.file))]
        if not found:
            return replace(record, status=DROPPED, reason=before.reason or NONE_EDITED, digest=digest)
        pixels = picture.crop((0, 0, *picture.info.size)).copy()
        for crop, path in found:
            _paste_one(run, picture, pixels, crop, path, faces)
        if run.written is not None:
            run.written.write(file, encode(pixels, file, run.settings.quality))
        return replace(record, status=OK, digest=digest, crops=(_whole(file, picture.info.size, len(found)),))

    return with_picture(run, PictureRecord(source, None, FAILED), paste)


def _paste_one(
    run: FolderRun, picture: Picture, pixels: np.ndarray, crop: CropRecord, path: Path, faces: EditedFaces
) -> None:
    """Pastes one edited square into the pixels of its picture; only the part under it is made floats."""
    assert crop.face is not None
    if not run.settings.follow_links and leads_outside(path, faces.folder):
        raise PictureError(path, LEADS_OUTSIDE)
    opened = picture.open_beside(path)
    square = _as_floats(opened.crop((0, 0, *opened.info.size)))
    opened.forget()
    size = crop.target_size[0]
    plan = plan_warp(crop.face.similarity, size, (pixels.shape[1], pixels.shape[0]))
    box = plan.box
    part = _as_floats(pixels[box.y : box.bottom, box.x : box.right])
    moved = Similarity(1.0, 0.0, float(box.x), float(box.y)).then(plan.matrix)
    feather = faces_of(run.settings).feather or 0
    try:
        paste_square(part, square, moved, size, feather, background=faces.background, fill=faces.fill)
    except ValueError as error:
        raise PictureError(path, str(error)) from error
    pixels[box.y : box.bottom, box.x : box.right] = (part * 255).round().byte().numpy()


def _as_floats(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels.astype(np.float32)).div_(255)


def _whole(file: str, size: tuple[int, int], pasted: int) -> CropRecord:
    """The whole picture, as a manifest lists it."""
    return CropRecord(
        file=file,
        ratio=str(Ratio.of(size)),
        bucket=None,
        box=(0, 0, *size),
        score=1.0,
        terms={"pasted": float(pasted)},
        kept=1.0,
        crop_coords=(0, 0),
        original_size=(size[1], size[0]),
        target_size=(size[1], size[0]),
    )
