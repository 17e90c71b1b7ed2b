"""The crops that an earlier run has left where this one writes: which it may replace, and which it leaves alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from ..datasets.find import is_same
from ..datasets.manifest import FAILED, PictureRecord, read_manifest
from .journal import Journal
from .run import FolderRun, RunError
from .run_record import source_folder
from .stages import remove_crop


def refuse_other_pictures(run: FolderRun, names: Mapping[str, str]) -> None:
    """Makes sure that no crop of a picture in another folder is lost to this run.

    Where that picture is no longer there, as where a folder was moved, its crop may go.

    Args:
        run: that is about to write.
        names: of each picture's crops, see `OutputNames`.

    Raises:
        RunError: naming the first crop.
    """
    folder = source_folder(run.manifest)
    if run.output is None or folder is None or is_same(folder, run.folder):
        return
    planned = {file: source for source, name in names.items() for file in run.settings.files(name)}
    for record, file in _listed_crops(run):
        taken = run.folder / planned[file] if file in planned else None
        picture = folder / record.source
        if (taken is None and not _clears_others(run)) or not _is_there(run, file) or not os.path.lexists(picture):
            continue
        if taken is None or not is_same(taken, picture):
            raise RunError(
                f"{run.output}: {file} in it is the crop of {picture}, which this run would"
                f" {'remove' if taken is None else 'replace'}; choose another folder"
            )


def settle_earlier_crops(run: FolderRun, sources: Sequence[str], journal: Journal) -> list[str]:
    """Removes earlier crops of pictures that have others now, and tells of those that this run knows nothing of.

    Call it before the manifest of the earlier run is replaced. What somebody has changed since stays.

    Args:
        run: that is done.
        sources: its pictures.
        journal: with the record of each.

    Returns:
        Sentences for a person.
    """
    folder = source_folder(run.manifest)
    if run.output is None or folder is None:
        return []
    now: set[str | None] = set()
    done: set[str] = set()
    for record in journal.records(sources):
        now.update(crop.file for crop in record.crops)
        if record.status != FAILED:
            done.add(record.source)
    ours, known = is_same(folder, run.folder), set(sources)
    removed = left = 0
    for record, file in _listed_crops(run):
        if file in now or not _is_there(run, file):
            continue
        if ours and record.source in done:
            remove_crop(run, file)
            removed += not _is_there(run, file)
        elif not ours or record.source not in known:
            left += 1
    notes = []
    if removed:
        notes.append(f"removed: {_count(removed)} of the last run, under names that this one does not use")
    if left:
        others = f"{_count(left)} of other pictures than those of this run"
        notes.append(f"{run.output} still holds {others}; the manifest lists them no more")
    return notes


def _listed_crops(run: FolderRun) -> Iterator[tuple[PictureRecord, str]]:
    """The files of the crops that the last run's manifest lists, each with its picture's record."""
    if not run.manifest.exists():
        return
    for record in read_manifest(run.manifest):
        for crop in record.crops:
            if crop.file is not None:
                yield record, crop.file


def _is_there(run: FolderRun, file: str) -> bool:
    """Whether there is a file of that name in the output, whoever wrote it."""
    return run.output is not None and os.path.lexists(run.output / file)


def _clears_others(run: FolderRun) -> bool:
    """Whether the run removes all crops that the last one wrote and it does not: those of data sets and of faces."""
    return run.settings.buckets is not None or run.settings.faces is not None


def _count(crops: int) -> str:
    return "1 crop" if crops == 1 else f"{crops} crops"
