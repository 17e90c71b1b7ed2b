"""What a run will write, planned together before it writes anything, and whether it may be written there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from ..datasets.atomic import remove_leftovers
from ..datasets.caption_index import CAPTION_INDEX_NAMES
from ..datasets.captions import CAPTION_EXTENSIONS, caption_paths
from ..datasets.find import EXTENSIONS, is_same
from ..datasets.ledger import LEDGER
from ..datasets.manifest import PictureRecord, read_manifest
from ..datasets.name_pattern import NamePattern, escape_braces
from ..datasets.names import PathPlan, fold_name, name_crops, name_repeats
from .journal import has_its_crops, is_journal
from .run import FolderRun, RunError
from .run_record import is_run_record, is_unchanged, journal_file, measured_file, record_file, report_files
from .sources import list_neighbours
from .word_cache import is_word_cache, word_cache_file

HEATMAPS = "heatmaps"
"""The folder of the heat that crops were searched on, in the output."""


class OutputNames:
    """The names of the crops of a run, without extension, so that each of its files has a place of its own.

    A picture has the same name whether it is cropped alone or with its folder, unless names have an index. Where the
    settings have a pattern, a name is one that was filled in as far as it is known: `CropSettings.file_of` does the
    rest.

    Args:
        run: to be named for.
        sources: its pictures, relative to its folder.

    Attributes:
        of_source: the name of each picture, in order.
        heatmap_of: where the heat of each picture goes; empty where none is saved.
    """

    def __init__(self, run: FolderRun, sources: Sequence[str]) -> None:
        dataset, pattern = run.settings.dataset, run.settings.name_pattern
        counted = pattern is not None and "index" in pattern.fields
        listed = sources if run.sources is None or counted else list_neighbours(run.folder, sources)
        names = name_crops([dataset.flatten_path(each) for each in listed])
        heatmaps = [f"{HEATMAPS}/{name}.png" for name in name_crops(listed)] if run.settings.save_heatmaps else []
        if pattern is not None:
            names = [_fill(pattern, name, index) for index, name in enumerate(names, 1)]

        def beside(name: str) -> list[str]:
            return list_sidecars(run, run.settings.files(name))

        self._plan = PathPlan(names, run.settings.files, beside, [*_reserved(run), *heatmaps])
        self.heatmap_of = dict(zip(listed, heatmaps, strict=False))
        by_source = dict(zip(listed, self._plan.names, strict=True))
        self.of_source = {source: by_source[source] for source in sources}

    def repeat(self, times: Sequence[int]) -> list[list[str]]:
        """The names of the crops of pictures that are used several times, see `name_repeats`; 0 gives none."""
        return name_repeats(list(self.of_source.values()), times, self._plan.claim)


def _fill(pattern: NamePattern, name: str, index: int) -> str:
    """The pattern for a picture's crops, in the folder of their name."""
    folder, slash, stem = name.rpartition("/")
    return escape_braces(folder + slash) + str(pattern.fill({"name": stem, "index": index}))


def list_sidecars(run: FolderRun, crops: Iterable[str]) -> list[str]:
    """The masks and captions that crops may have, relative to the output as they are."""
    mask_path = run.settings.dataset.mask_path
    return [each for crop in crops for each in (mask_path(crop), *caption_paths(crop))]


def has_its_files(run: FolderRun, record: PictureRecord, files: Sequence[str]) -> bool:
    """Whether the crops of an earlier run's record are all there, with the masks and captions that were written.

    Args:
        run: whose output they are in.
        record: of the picture.
        files: see `has_its_crops`.
    """
    crops = [crop.file for crop in record.crops if crop.file is not None]
    is_whole = run.written is None or not any(map(run.written.is_missing, list_sidecars(run, crops)))
    return is_whole and has_its_crops(record, run.output, files)


def lacks_heatmap(run: FolderRun, heatmap: str | None) -> bool:
    """Whether the heat of a picture, which an earlier run has written, is gone."""
    return run.written is not None and heatmap is not None and run.written.is_missing(heatmap)


def make_room(run: FolderRun, sources: Sequence[str]) -> OutputNames:
    """The names of a run's crops, once nothing lies in their way: its folders are made, and what a kill left is gone.

    Args:
        run: that is about to write, see `FolderRun.writing`.
        sources: its pictures, relative to its folder.

    Raises:
        RunError: see `refuse_obstacles`; and when another run has begun to write.
        OSError: when a folder cannot be made.
    """
    names = OutputNames(run, sources)
    refuse_obstacles(run, [file for name in names.of_source.values() for file in run.settings.files(name)])
    run.make_folders()
    if run.output is not None:
        remove_leftovers(run.output)
    return names


def refuse_obstacles(run: FolderRun, crops: Sequence[str]) -> None:
    """Makes sure that nothing will be written over, or among, the sources, or over what no run has written.

    Captions and masks are left for when they are written: most pictures have none.

    Args:
        run: that is about to write, see `FolderRun.writing`.
        crops: that will be written, relative to the output.

    Raises:
        RunError: naming what lies in the way.
    """
    _refuse_beside(run)
    if run.output is None or run.written is None:
        return
    if is_same(run.output, run.folder):
        raise RunError(f"{run.output}: the crops would overwrite their sources; choose another folder for --out")
    _refuse_folders(run, run.output, crops)
    for file in run.settings.dataset.index_files:
        _refuse(run.output / file, run.written.find_obstacle(file))
    known = _listed_before(run)
    for file in crops:
        if file not in known:
            _refuse(run.output / file, run.written.find_obstacle(file, content=False))


def _refuse_beside(run: FolderRun) -> None:
    """Refuses a manifest that cannot lie where it should, or whose neighbours cannot."""
    manifest = run.manifest
    if manifest.suffix.lower() in EXTENSIONS or manifest.is_dir() or manifest.name == LEDGER:
        raise RunError(f"{manifest}: not a name for a manifest; use one that ends in .jsonl")
    for place in (manifest.parent, run.output):
        if place is not None and not place.is_dir() and os.path.lexists(place):
            raise RunError(f"{place}: not a folder")
    if len({os.path.abspath(path) for path in _fixed_files(run)}) < len(list(_fixed_files(run))):
        raise RunError(f"{manifest}: the trainer's own file has that name; choose another for --manifest")
    for path in _fixed_files(run):
        _refuse_as_caption(run, path)
    for path, kind, is_one in _known_by_content(run):
        if os.path.lexists(path) and (path.is_symlink() or not is_one(path)):
            raise RunError(f"{path}: there already, and no {kind}, so it is not overwritten; choose another --manifest")
    if run.settings.buckets is not None:
        for path in report_files(manifest):
            _refuse(path, run.beside.find_obstacle(path.name))


def _refuse_folders(run: FolderRun, output: Path, crops: Iterable[str]) -> None:
    """Refuses folders of crops that are links, lie among the sources, or have the name of a file of the run."""
    folder, out = os.path.realpath(run.folder), os.path.realpath(output)
    fixed = {fold_name(path) for path in _reserved(run)}
    for parent in sorted({PurePosixPath(name).parent for name in crops}):
        place = output / parent
        for each in (parent, *parent.parents):
            if fold_name(str(each)) in fixed:
                raise RunError(f"{output / each}: crops go into a folder of that name; choose another for --manifest")
            if each.name and (output / each).is_symlink():
                raise RunError(f"{output / each}: a link, which is not followed; choose another folder for --out")
        real = os.path.realpath(place)
        if not _is_within(real, out):
            raise RunError(f"{place}: leads out of {output}; choose another folder for --out")
        if _is_within(real, folder) and not _is_within(out, folder):
            raise RunError(f"{place}: crops would lie among their sources; choose another folder for --out")


def _known_by_content(run: FolderRun) -> Iterator[tuple[Path, str, Callable[[Path], bool]]]:
    """Files that a run writes beside its manifest and knows again by what they hold; what each is called."""
    yield run.manifest, "manifest", _is_manifest
    yield record_file(run.manifest), "record of a run", is_run_record
    yield journal_file(run.manifest), "journal of a run", is_journal
    if run.settings.words is not None:
        yield word_cache_file(run.manifest), "file of found boxes", is_word_cache
    if run.settings.has_two_passes:
        yield measured_file(run), "journal of a run", is_journal


def _fixed_files(run: FolderRun) -> Iterator[Path]:
    """All that is written beside the pictures."""
    yield from (path for path, *_ in _known_by_content(run))
    if run.settings.buckets is not None:
        yield from report_files(run.manifest)
    if run.output is not None:
        yield from (run.output / file for file in run.settings.dataset.index_files)


def _reserved(run: FolderRun) -> list[str]:
    """The paths in the output that belong to no picture."""
    if run.output is None:
        return []
    out = os.path.realpath(run.output)
    places = (os.path.join(os.path.realpath(path.parent), path.name) for path in _fixed_files(run))
    inside = [os.path.relpath(place, out) for place in places if _is_within(place, out)]
    return [LEDGER, *(Path(each).as_posix() for each in inside)]


def _listed_before(run: FolderRun) -> set[str]:
    """The crops of a finished run of the same settings.

    They need not be ours for the run to begin, as where the ledger is lost: those that are as they should be are left
    alone, and of the others each picture fails by itself.
    """
    if not run.manifest.exists() or not is_unchanged(run):
        return set()
    return {crop.file for record in read_manifest(run.manifest) for crop in record.crops if crop.file is not None}


def _refuse_as_caption(run: FolderRun, path: Path) -> None:
    """Refuses a file beside the sources that would be read as one's caption by the next run."""
    folder, place = os.path.realpath(run.folder), os.path.realpath(path.parent)
    if not _is_within(place, folder) or (run.out is not None and _is_within(place, os.path.realpath(run.out))):
        return
    pictures = [path.with_suffix(extension) for extension in EXTENSIONS]
    is_caption = path.suffix in CAPTION_EXTENSIONS and any(map(os.path.lexists, [*pictures, path.with_suffix("")]))
    if is_caption or path.name in CAPTION_INDEX_NAMES:
        raise RunError(f"{path}: would be read as a caption of the pictures beside it; choose another --manifest")


def _is_manifest(path: Path) -> bool:
    """Whether every line of a file is one of a manifest."""
    try:
        for _ in read_manifest(path):
            pass
    except (OSError, ValueError):
        return False
    return True


def _refuse(path: Path, obstacle: str) -> None:
    if obstacle:
        raise RunError(f"{path}: {obstacle}; move it away, or choose another folder")


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
