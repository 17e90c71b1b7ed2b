"""From what a user asks of faces to a run: the one place where the command and Python make their settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from ..cropping.constraint import Constraint
from ..cropping.ratio import Ratio
from ..datasets.manifest import PictureRecord, read_manifest
from ..models.base import Cropper
from .earlier_faces import EarlierFaces
from .embeddings import Embed, Embeddings, Person, embed_squares, read_embeddings
from .face_settings import FaceSettings
from .prepare import prepare_run
from .run import FolderRun, RunError
from .run_record import read_run_record, source_folder
from .settings_reader import read_settings

SQUARE = Constraint((Ratio(1, 1),))


def prepare_face_run(
    pictures: Sequence[str | PathLike[str]], out: Path | None, cropper: Cropper, faces: FaceSettings, **more: Any
) -> FolderRun:
    """The run over the pictures that were named, or over those of a manifest of faces.

    Args:
        pictures: see `resolve_sources`; or one manifest, see `is_manifest_name`.
        out: where the squares go.
        cropper: that finds heads.
        faces: what is asked of faces.
        more: see `prepare_run`.

    Raises:
        ValueError: when something cannot be used; the message names the argument.
        RunError: when the manifest is none of faces, or its pictures are not where they were.
    """
    if not is_manifest_name(pictures):
        return prepare_run(pictures, out, cropper, SQUARE, faces=faces, **more)
    earlier = Path(pictures[0])
    folder, records = read_face_manifest(earlier)
    run = prepare_run([folder], out, cropper, SQUARE, faces=faces, **more)
    return FolderRun(folder, run.out, run.manifest, run.settings, run.workers, tuple(sorted(records)), run.memory)


def find_earlier(pictures: Sequence[str | PathLike[str]], person: Person | None = None) -> EarlierFaces | None:
    """The faces of the manifest that was named; None where pictures were.

    Args:
        pictures: see `prepare_face_run`.
        person: see `prepare_person`.

    Raises:
        RunError: see `read_face_manifest`.
    """
    if not is_manifest_name(pictures):
        return None
    return EarlierFaces(read_face_manifest(Path(pictures[0]))[1], person)


def prepare_person(
    pictures: Sequence[str | PathLike[str]],
    same_as: Sequence[str],
    embeddings: str | PathLike[str] | Mapping[str, Any] | None,
    embed: Embed | None = None,
) -> Person | None:
    """Whom the faces of a manifest are compared with; None for nobody.

    Args:
        pictures: the manifest.
        same_as: names of squares in it that show the person.
        embeddings: file of the vectors of its squares, see `read_embeddings`; or the vectors by name.
        embed: makes such a vector of a square; in place of `embeddings`.

    Raises:
        ValueError: when something cannot be used; the message names the argument.
        RunError: see `read_face_manifest`.
    """
    given = {"embeddings": embeddings, "embed": embed}
    named = [name for name, value in given.items() if value is not None]
    if not same_as:
        if named:
            raise ValueError(f"{named[0]}: does nothing without same_as, the square of a person")
        return None
    if not is_manifest_name(pictures):
        raise ValueError("same_as: needs squares to compare; name the manifest.jsonl of a run that made them")
    if len(named) != 1:
        raise ValueError("same_as: needs embeddings of the squares, which no network of ours makes")
    try:
        return Person(_vectors_of(Path(pictures[0]), embeddings, embed), tuple(same_as))
    except OSError as error:
        raise ValueError(f"embeddings: {error.filename}: {error.strerror}") from error


def _vectors_of(
    manifest: Path, embeddings: str | PathLike[str] | Mapping[str, Any] | None, embed: Embed | None
) -> Embeddings:
    if embed is not None:
        _, records = read_face_manifest(manifest)
        files = [crop.file for record in records.values() for crop in record.crops if crop.file]
        return embed_squares(manifest.parent, files, embed)
    try:
        if isinstance(embeddings, str | PathLike):
            return read_embeddings(Path(embeddings))
        assert embeddings is not None
        return Embeddings.of(embeddings)
    except ValueError as error:
        raise ValueError(f"embeddings: {error}") from None


def is_manifest_name(pictures: Sequence[str | PathLike[str]]) -> bool:
    """Whether one manifest was named, and no pictures."""
    return len(pictures) == 1 and fspath(pictures[0]).lower().endswith(".jsonl")


def read_face_manifest(manifest: Path) -> tuple[Path, dict[str, PictureRecord]]:
    """The folder of the pictures of a run over faces, and its records by source.

    Raises:
        RunError: when it is none, or its pictures are not where they were.
    """
    try:
        records = {each.source: each for each in read_manifest(manifest)}
    except (OSError, ValueError) as error:
        raise RunError(_without_number(manifest, error)) from error
    if any(crop.face is None for record in records.values() for crop in record.crops):
        raise RunError(f"{manifest}: crops, and no faces; `salient-crop faces` over a folder makes such a manifest")
    folder = source_folder(manifest)
    if folder is None or not folder.is_dir():
        raise RunError(f"the pictures of {manifest} are not where they were when its faces were found")
    return folder, records


def read_face_run(manifest: Path) -> tuple[FolderRun, dict[str, PictureRecord]]:
    """The finished run over faces that wrote a manifest, with its records by source.

    Raises:
        RunError: see `read_face_manifest`; and when the record beside it is none of this version.
    """
    folder, records = read_face_manifest(manifest)
    try:
        settings = read_settings(read_run_record(manifest).get("settings"))
    except ValueError as error:
        raise RunError(f"{manifest}: {error}; run the same command again first") from None
    if settings.faces is None:
        raise RunError(f"{manifest}: not of a run over faces")
    return FolderRun(folder, manifest.parent, manifest, settings, sources=tuple(sorted(records))), records


def _without_number(manifest: Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None)
    return f"{manifest}: {reason}" if reason else str(error)
