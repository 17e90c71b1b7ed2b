"""A finished run as its manifest and the record beside it tell it, to be looked at and corrected."""

from __future__ import annotations

import os
from pathlib import Path

from ..cropping.sequence import EACH
from ..datasets.manifest import read_manifest
from ..models.runtime.choice import Runtime, parse_runtime
from .guides import GuideReader
from .preview import ON_WHITE, Ground
from .run import FolderRun, RunError
from .run_record import noted_cropper, read_run_record, record_file, source_folder
from .settings import CropSettings
from .settings_reader import read_settings


def noted_guides(manifest: Path, folder: Path, follow_links: bool = False) -> GuideReader | None:
    """What the user said matters in the pictures of a manifest, which are in `folder`; None where its run noted none.

    What lies no more where it was is left out: the heat of a preview is not worth an error.
    """
    try:
        guides = read_settings(read_run_record(manifest).get("settings")).guides
    except ValueError:
        return None
    is_there = guides.paths and all(path.exists() for path in guides.paths)
    return GuideReader(guides, folder, follow_links) if is_there else None


def noted_ground(manifest: Path) -> Ground:
    """What the crops of a manifest lie on, as the record of its run says; white where it does not."""
    try:
        settings = read_settings(read_run_record(manifest).get("settings"))
    except ValueError:
        return ON_WHITE
    return Ground(settings.background, settings.fill)


def noted_runtime(settings: CropSettings, device: str) -> Runtime | None:
    """What ran the network for a run, so that a picture that is done again has the same crop; None where it is not
    there, or the device is another one."""
    if settings.device != device:
        return None
    try:
        return parse_runtime(settings.runtime)
    except ValueError:
        return None


def reopen_run(
    manifest: Path,
    source: Path | None = None,
    out: Path | None = None,
    follow_links: bool = False,
    workers: int = 1,
    memory: int | None = None,
) -> FolderRun:
    """The run that wrote a manifest.

    Its settings come from the record beside the manifest. Where crops are written does not: only into the folder of
    the manifest, or the one that is named here.

    Args:
        manifest: of the run.
        source: where its pictures are, if they were moved.
        out: where its crops are; None for the folder of the manifest.
        follow_links: has to be said again by whoever wants links followed.
        workers, memory: see `FolderRun`.

    Raises:
        RunError: saying what to do, where the run is not known well enough to be corrected.
        OSError, ValueError: when the manifest cannot be read.
    """
    again = "run the same crop command again first"
    sources, files, undigested = [], [], None
    for each in read_manifest(manifest):
        sources.append(each.source)
        files += [crop.file for crop in each.crops if crop.file is not None]
        if each.crops and each.digest is None:
            undigested = undigested or each.source
    record = read_run_record(manifest)
    if not record:
        raise RunError(f"{record_file(manifest)}: missing or no record of a run; {again}")
    try:
        settings = read_settings(record.get("settings"), noted_cropper(manifest))
    except ValueError as error:
        raise RunError(f"{record_file(manifest)}: {error}; {again}") from None
    if settings.frames != EACH:
        raise RunError(f"{manifest}: the crops of a clip's frames belong together; they are not corrected one by one")
    if settings.faces is not None:
        raise RunError(f"{manifest}: face squares are not corrected one by one; the command faces frames them anew")
    if undigested is not None:
        raise RunError(f"{manifest}: made by an earlier version, without the digest of {undigested}; {again}")
    folder = source or source_folder(manifest)
    if folder is None or not folder.is_dir():
        raise RunError(f"the pictures of {manifest} are not where they were; --source FOLDER says where")
    if settings.follow_links and not follow_links:
        raise RunError(f"{manifest}: its run followed links; --follow-links allows it again")
    out = out or manifest.parent
    if not settings.dry_run and files and not any(os.path.lexists(out / file) for file in files):
        raise RunError(f"{out}: none of the crops of {manifest} is in it; --out OUT says where they are")
    return FolderRun(folder, out, manifest, settings, workers, tuple(sources), memory)
