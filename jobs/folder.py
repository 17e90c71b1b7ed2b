"""Crops a folder of pictures into another folder, and writes the manifest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..datasets.atomic import open_atomic, remove_leftovers
from ..datasets.find import EXTENSIONS, find_pictures
from ..datasets.formats.plain import Plain
from ..datasets.manifest import DROPPED, FAILED, PictureRecord, read_manifest, write_manifest
from ..datasets.names import name_crops
from ..datasets.sidecars import Sidecars
from .executors.batches import Analyser
from .executors.threads import map_in_order, single_threaded_torch
from .journal import Journal, has_its_crops, state_of
from .settings import CropRequest
from .stages import crop_picture

Progress = Callable[[int, int, PictureRecord], None]
"""Called after every picture with how many are done, how many there are, and its record. May raise, to stop the run."""


class RunError(Exception):
    """A run that cannot be begun as it was asked for."""


@dataclass(frozen=True)
class FolderRun:
    """One run over a folder.

    Attributes:
        folder: where the pictures are; read, never written to.
        out: where the crops go, in the same tree; None plans only (a dry run).
        manifest: where the manifest goes.
        request: what is asked of every picture.
        settings: everything else that the outcome depends on (the cropper, the device), as JSON values. A run that was
            stopped goes on only where all settings are the same.
        workers: how many pictures are worked on at once.
        follow_links: also read what links in the folder lead to, outside it.
        unread: a folder in which no pictures are looked for, beside `out`: where the crops of a dry run would go.
        masks: a folder of masks in the same tree as the pictures; in it no pictures are looked for either.
    """

    folder: Path
    out: Path | None
    manifest: Path
    request: CropRequest
    settings: Mapping[str, Any]
    workers: int = 1
    follow_links: bool = False
    unread: Path | None = None
    masks: Path | None = None

    @cached_property
    def sidecars(self) -> Sidecars:
        return Sidecars(self.folder, self.masks)

    def state_of(self, source: str) -> str:
        """Changes whenever a source, its caption or its mask does."""
        return state_of(self.folder / source, self.sidecars)


@dataclass(frozen=True)
class Outcome:
    """How a run ended: numbers of pictures and crops. `resumed` ones had been done by an earlier run, `dropped` ones
    were left out as asked."""

    pictures: int
    failed: int
    crops: int
    enlarged: int
    resumed: int
    dropped: int = 0


def crop_folder(run: FolderRun, analyser: Analyser, progress: Progress) -> Outcome:
    """Crops every picture of the folder, in parallel, and writes the manifest in the order of the sources.

    Stopped at any point and run again, it goes on where it was, and ends with the same bytes as if it had never been
    stopped. The memory it takes does not depend on the number of pictures.

    Raises:
        RunError: when the folder has no pictures, or an output would lie over a source.
        OSError: when something can no longer be written.
    """
    sources = list_sources(run)
    files = dict(zip(sources, map(run.request.files, name_crops(sources)), strict=True))
    masks = {source: [Plain().mask_path(file) for file in files[source]] for source in sources}
    refuse_to_touch_sources(run, files)
    refuse_to_touch_sources(run, masks)
    if run.out is not None:
        remove_leftovers(run.out)
    journal = _open_journal(run, files)
    try:
        open_sources = [each for each in sources if not _is_done(run, journal, each, files[each])]
        resumed = len(sources) - len(open_sources)
        _crop_all(run, journal, open_sources, files, analyser, progress)
        outcome = outcome_of(journal, sources, resumed)
        write_settings(run)
        write_manifest(run.manifest, journal.records(sources))
        journal.remove()
        return outcome
    finally:
        journal.close()


def settings_file(manifest: Path) -> Path:
    """Beside a manifest: what the run was asked, and where its pictures are."""
    return manifest.with_name(manifest.stem + ".run.json")


def noted_settings(manifest: Path) -> dict[str, Any]:
    """What is noted beside a manifest; empty where nothing is."""
    try:
        noted = json.loads(settings_file(manifest).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def source_folder(manifest: Path) -> Path | None:
    """The folder that a manifest's pictures are relative to, as its run noted it."""
    folder = noted_settings(manifest).get("folder")
    return manifest.parent.resolve() / folder if isinstance(folder, str) else None


def _crop_all(
    run: FolderRun,
    journal: Journal,
    sources: list[str],
    files: Mapping[str, list[str]],
    analyser: Analyser,
    progress: Progress,
) -> None:
    def work(source: str) -> tuple[PictureRecord, str]:
        state = run.state_of(source)  # before it is read: what changes meanwhile is done again next time
        beside = run.sidecars
        made = crop_picture(run.folder, source, files[source], analyser, run.request, run.out, run.follow_links, beside)
        return made, state

    total = len(files)
    done = total - len(sources)
    with single_threaded_torch(), closing(map_in_order(work, sources, run.workers)) as results:
        for record, state in results:
            journal.add(record, state)
            done += 1
            progress(done, total, record)


def list_sources(run: FolderRun) -> list[str]:
    """The pictures of the folder, as POSIX paths relative to it.

    Raises:
        RunError: when it cannot be listed, or holds none.
    """
    outputs = [each for each in (run.out, run.unread, run.masks) if each is not None]
    exclude = [each for each in outputs if not _same(each, run.folder)]
    try:
        found = find_pictures(run.folder, exclude, run.follow_links)
    except OSError as error:
        raise RunError(f"{run.folder}: {error.strerror or error}") from error
    if not found:
        known = ", ".join(sorted(extension[1:] for extension in EXTENSIONS))
        raise RunError(f"{run.folder}: no pictures in it or below it (looked for {known})")
    return [path.relative_to(run.folder).as_posix() for path in found]


def refuse_to_touch_sources(run: FolderRun, files: Mapping[str, list[str]]) -> None:
    """Makes sure that nothing will be written over, or among, the sources: `files` are the crops of each.

    Raises:
        RunError: naming what lies in the way.
    """
    if run.manifest.suffix.lower() in EXTENSIONS or run.manifest.is_dir():
        raise RunError(f"{run.manifest}: not a name for a manifest; use one that ends in .jsonl")
    for place in (run.manifest.parent, run.out):
        if place is not None and not place.is_dir() and (place.exists() or place.is_symlink()):
            raise RunError(f"{place}: not a folder")
    if run.manifest.exists():
        _refuse_unless_manifest(run.manifest)
    if run.out is None:
        return
    if _same(run.out, run.folder):
        raise RunError(f"{run.out}: the crops would overwrite their sources; choose another folder for --out")
    folder, out = os.path.realpath(run.folder), os.path.realpath(run.out)
    for parent in {os.path.dirname(name) for names in files.values() for name in names}:
        real = os.path.realpath(run.out / parent)
        if not _within(real, out):
            raise RunError(f"{run.out / parent}: a link that leads out of {run.out}; choose another folder for --out")
        if _within(real, folder) and not _within(out, folder):
            raise RunError(f"{run.out / parent}: crops would lie among their sources; choose another folder for --out")


def _refuse_unless_manifest(path: Path) -> None:
    try:
        next(read_manifest(path), None)
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: there already, and no manifest, so it is not overwritten ({error})") from error


def _open_journal(run: FolderRun, files: Mapping[str, list[str]]) -> Journal:
    """The journal of a stopped run of the same settings, or a new one that knows what a finished run has done."""
    journal = Journal(run.manifest.with_name(run.manifest.name + ".part"), noted(run))
    if run.out is not None and not len(journal) and run.manifest.exists() and _settings_are_the_same(run):
        for record in read_manifest(run.manifest):
            if has_its_crops(record, run.out, files.get(record.source, ())) and _crops_are_newer(run, record):
                journal.add(record, run.state_of(record.source))
    return journal


def _is_done(run: FolderRun, journal: Journal, source: str, files: list[str]) -> bool:
    record = journal.finished(source, run.state_of(source))
    return record is not None and has_its_crops(record, run.out, files)


def _crops_are_newer(run: FolderRun, record: PictureRecord) -> bool:
    assert run.out is not None
    source = run.folder / record.source
    try:
        changed = max(path.stat().st_mtime_ns for path in (source, *run.sidecars.list_files(source)))
        return all((run.out / crop.file).stat().st_mtime_ns > changed for crop in record.crops if crop.file)
    except OSError:
        return False


def outcome_of(journal: Journal, sources: list[str], resumed: int) -> Outcome:
    """Sums up the records of a finished run."""
    failed = dropped = crops = enlarged = 0
    for record in journal.records(sources):
        failed += record.status == FAILED
        dropped += record.status == DROPPED
        crops += len(record.crops)
        enlarged += sum(crop.target_size[1] > crop.box[2] or crop.target_size[0] > crop.box[3] for crop in record.crops)
    return Outcome(len(sources), failed, crops, enlarged, resumed, dropped)


def noted(run: FolderRun) -> dict[str, Any]:
    """What the outcome depends on, as JSON: paths relative, so that the folder can move as a whole."""
    try:
        folder = Path(os.path.relpath(run.folder.resolve(), run.manifest.parent.resolve())).as_posix()
    except ValueError:  # another drive
        folder = run.folder.resolve().as_posix()
    return {"folder": folder, "dry_run": run.out is None, "follow_links": run.follow_links, **run.settings}


def _settings_are_the_same(run: FolderRun) -> bool:
    return noted_settings(run.manifest) == json.loads(json.dumps(noted(run)))


def write_settings(run: FolderRun) -> None:
    """Notes beside the manifest what the run was asked, and where its pictures are."""
    with open_atomic(settings_file(run.manifest)) as file:
        file.write(json.dumps(noted(run), indent=2, sort_keys=True).encode() + b"\n")


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _same(first: Path, second: Path) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)
