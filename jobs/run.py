"""One run over a folder: where it reads and writes, what it refuses to do, and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..cropping.checks import Size
from ..datasets.find import EXTENSIONS, find_misnamed, find_pictures, is_same, leads_outside
from ..datasets.folder_lock import FolderBusyError
from ..datasets.folder_writer import FolderWriter
from ..datasets.manifest import DROPPED, FAILED, PictureRecord
from ..datasets.output_folder import OutputFolder
from ..datasets.shards.names import names_shards
from ..datasets.sidecars import Sidecars
from ..images.errors import PictureError
from ..images.header import read_header
from ..images.reader import PictureReader
from .guides import GuideReader
from .journal import state_of
from .settings import CropSettings
from .warnings import HEAD_CUT, summarise_warnings
from .word_cache import word_cache_file

if TYPE_CHECKING:
    from ..bucketing.report import BucketReport
    from .corrections import Corrections
    from .find_words import WordFinder

NAMED_WARNINGS = 3  # pictures in the summary of a run
COUNTED = ("pictures", "failed", "crops", "enlarged", "dropped", "warned", "heads_cut", "corrected")
"""The counts of an `Outcome` that add up over its pictures."""


class RunError(Exception):
    """A run that cannot be started as it was asked for."""


_NAMED = 3  # of the files that are passed over


@dataclass(frozen=True)
class FolderRun:
    """One run over a folder.

    Attributes:
        folder: where the pictures are; read, never written to.
        out: where the crops go; no pictures are looked for in it. None only in a dry run.
        manifest: where the manifest goes.
        settings: all else that the outcome depends on.
        workers: how many pictures are worked on at once.
        sources: relative POSIX paths of the pictures, sorted; None for all pictures in the folder and below it. They
            are no setting: what is written for a picture does not depend on the others.
        memory: bytes that the pictures in work may take together while they are decoded; None for a share of what there
            is, see `default_memory`. It is no setting: no byte of a crop depends on it.
        corrections: what people decided about the pictures; None for what the manifest that is there holds.
        measurements: with buckets, a journal of what was measured that stays when the run ends, so that another one
            measures only what has changed; None for one beside the manifest that ends with the run.

    Raises:
        ValueError: when there is no `out`, and it is no dry run.
    """

    folder: Path
    out: Path | None
    manifest: Path
    settings: CropSettings
    workers: int = 1
    sources: tuple[str, ...] | None = None
    memory: int | None = None
    corrections: Corrections | None = None
    measurements: Path | None = None

    def __post_init__(self) -> None:
        if self.out is None and not self.settings.dry_run:
            raise ValueError("out: name a folder for the crops, or make it a dry run")

    @property
    def output(self) -> Path | None:
        """Where crops are written; None in a dry run, which writes none."""
        return None if self.settings.dry_run else self.out

    @cached_property
    def reader(self) -> PictureReader:
        """Opens the pictures; a job that opens many enters it as a context."""
        return PictureReader(self.memory, encoding=self.settings.format)

    @cached_property
    def sidecars(self) -> Sidecars:
        return Sidecars(self.folder, self.settings.masks, self.settings.follow_links)

    @cached_property
    def guides(self) -> GuideReader | None:
        """What the user says matters in each picture; None where nothing is said."""
        guides = self.settings.guides
        return GuideReader(guides, self.folder, self.settings.follow_links) if guides.paths else None

    @cached_property
    def finder(self) -> WordFinder | None:
        """Finds what the settings look for by word; None where they look for nothing."""
        words = self.settings.words
        if words is None:
            return None
        from .find_words import WordFinder

        return WordFinder(words, word_cache_file(self.manifest), self.settings.device)

    @cached_property
    def beside(self) -> OutputFolder:
        """The folder of the manifest, to write what lies beside it."""
        return OutputFolder(self.manifest.parent)

    @cached_property
    def written(self) -> OutputFolder | None:
        """`output`, to write into; None in a dry run."""
        if self.output is None:
            return None
        return self.beside if is_same(self.output, self.manifest.parent) else OutputFolder(self.output)

    @property
    def writer(self) -> FolderWriter | None:
        """What the files of single pictures are written by; None in a dry run."""
        return self.written

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keeps other runs out of the folders that it writes into, and knows, inside the block, what in them is ours.

        Raises:
            RunError: when another run is writing into one, or that cannot be read.
        """
        with ExitStack() as opened:
            try:
                for folder in self._folders():
                    opened.enter_context(folder)
                if self.finder is not None:
                    opened.enter_context(self.finder.noting())
            except FolderBusyError as error:
                raise self._busy(error) from error
            except (OSError, ValueError) as error:
                raise RunError(f"{error}; move it away, or choose another folder for --out") from error
            yield

    def make_folders(self) -> None:
        """Makes the folders that it writes into, once nothing else refuses the run.

        Raises:
            RunError: when another run has begun to write into one.
            OSError: when one cannot be made.
        """
        try:
            for folder in self._folders():
                folder.make()
        except FolderBusyError as error:
            raise self._busy(error) from error

    def _folders(self) -> list[OutputFolder]:
        return list(dict.fromkeys([self.beside, self.written or self.beside]))

    def _busy(self, error: FolderBusyError) -> RunError:
        other = "another --out" if self.written and error.filename == str(self.written.path) else "another --manifest"
        return RunError(f"{error.filename}: {error.strerror}, or choose {other}")

    def state_of(self, source: str) -> str:
        """Changes whenever a source, its caption, its mask, or what the user says matters in it does."""
        state = state_of(self.folder / source, self.sidecars)
        return state if self.guides is None else f"{state} {self.guides.state(source)}"

    @property
    def no_sources(self) -> list[Path]:
        """Folders in which no pictures are looked for: what is written, and what belongs to the pictures."""
        return [each for each in (self.out, self.settings.masks, *self.settings.guides.paths) if each is not None]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        pictures: in the folder.
        failed: pictures without a crop, each with its reason in the manifest.
        crops: all of them.
        enlarged: crops that had to be enlarged.
        resumed: pictures that an earlier run had done.
        dropped: pictures left out as asked.
        warned: pictures with a crop that has a warning; the manifest holds all of them.
        first_warned: the first of these, those with a head cut off before all others, each as `name: words`.
        notes: sentences for a person, such as which settings differ from the last run.
        heads_cut: pictures with a crop that cuts off a head.
        corrected: pictures of which a person has corrected, approved or dropped a crop.
        ratio_error: the largest share by which a crop is wider or taller than its ratio.
        report: of a bucket run; None where there was no picture to sort, and without buckets.
    """

    pictures: int
    failed: int
    crops: int
    enlarged: int
    resumed: int
    dropped: int = 0
    warned: int = 0
    first_warned: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    report: BucketReport | None = None
    heads_cut: int = 0
    corrected: int = 0
    ratio_error: float = 0.0

    def describe_warnings(self, told_in: str = "the manifest") -> str:
        """How many pictures have a head cut off or another warning, and the first of them; empty where none has.

        Args:
            told_in: where all of them are told.
        """
        if not self.warned:
            return ""
        cut = f"{self.heads_cut} of them with a head cut off, " if self.heads_cut else ""
        more = f", and {self.warned - len(self.first_warned)} more" if self.warned > len(self.first_warned) else ""
        return f"{self.warned} with a warning, {cut}told in {told_in}: {'; '.join(self.first_warned)}{more}"


def list_sources(run: FolderRun) -> list[str]:
    """The pictures of the run, as POSIX paths relative to its folder.

    Raises:
        RunError: when the folder cannot be listed, or holds none.
    """
    if run.sources is not None:
        return list(run.sources)
    try:
        found = _find_sources(run.folder, run.no_sources, run.settings.follow_links)
    except OSError as error:
        raise RunError(f"{run.folder}: {error.strerror or error}") from error
    if not found:
        known = ", ".join(sorted(extension[1:] for extension in EXTENSIONS))
        shards = f"; for the shards in it, name '{run.folder}/*.tar' or *.parquet" if _holds_shards(run.folder) else ""
        raise RunError(f"{run.folder}: no pictures in it or below it (looked for {known}){shards}")
    return [path.relative_to(run.folder).as_posix() for path in found]


def describe_misnamed(run: FolderRun) -> list[str]:
    """What a person should know of files in the folder that are passed over though they look like pictures."""
    if run.sources is not None:
        return []
    found = find_misnamed(run.folder, run.no_sources, run.settings.follow_links)
    if not found:
        return []
    first = ", ".join(path.relative_to(run.folder).as_posix() for path in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return [f"passed over, as their names end like no picture that is read here: {first}{more}"]


def _holds_shards(folder: Path) -> bool:
    return any(names_shards([each.name]) for each in folder.iterdir())


def describe_guides(run: FolderRun, sources: Sequence[str]) -> list[str]:
    """What a person should know of the masks and boxes for the pictures of a run, in words.

    Raises:
        RunError: when there are none for any of them, or a file about many pictures cannot be read.
    """
    if run.guides is None:
        return []
    try:
        return run.guides.describe(sources)
    except (PictureError, ValueError) as error:
        raise RunError(str(error)) from error


def read_sizes(
    folder: Path, exclude: Sequence[Path] = (), follow_links: bool = False, sources: Sequence[str] | None = None
) -> list[Size]:
    """Width and height of all pictures of a folder that can be read, for a grid that is made from them.

    Args:
        folder: of the pictures.
        exclude: folders in which none are looked for, such as that of the crops.
        follow_links: see `CropSettings`.
        sources: read only these, relative to the folder.

    Raises:
        OSError: when the folder cannot be listed.
    """
    found = _find_sources(folder, exclude, follow_links) if sources is None else [folder / each for each in sources]
    return [size for _, size in sizes_of(folder, found, follow_links)]


def sizes_of(folder: Path, pictures: Iterable[Path], follow_links: bool) -> Iterator[tuple[Path, Size]]:
    """Width and height of those pictures of a folder that can be read, from their headers."""
    for path in pictures:
        if not follow_links and leads_outside(path, folder):
            continue
        try:
            size = read_header(path).size
        except PictureError:
            continue
        yield path, size


def summarise(records: Iterable[PictureRecord], resumed: int, notes: Sequence[str] = ()) -> Outcome:
    """The outcome of a run with these records."""
    tally = Tally()
    for record in records:
        tally.add(record)
    return tally.outcome(resumed, notes)


class Tally:
    """Counts records one by one into an `Outcome`."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first_cut: list[str] = []
        self._first_others: list[str] = []
        self._farthest = 0.0

    def add(self, record: PictureRecord, name: str | None = None) -> None:
        """Counts a picture.

        Args:
            record: of it.
            name: that it is told by; None for its source.
        """
        kept = [crop for crop in record.crops if not crop.is_dropped]
        warnings = [warning for crop in kept for warning in crop.warnings]
        warnings.sort(key=lambda each: each.code != HEAD_CUT)
        is_cut = bool(warnings) and warnings[0].code == HEAD_CUT
        self._farthest = max(self._farthest, *(abs(crop.ratio_error) for crop in kept), 0.0)
        self._counts.update(
            pictures=1,
            failed=int(record.status == FAILED),
            dropped=int(record.status == DROPPED),
            crops=len(kept),
            enlarged=sum(crop.target_size[1] > crop.box[2] or crop.target_size[0] > crop.box[3] for crop in kept),
            corrected=int(any(crop.correction for crop in record.crops)),
            warned=int(bool(warnings)),
            heads_cut=int(is_cut),
        )
        named = self._first_cut if is_cut else self._first_others
        if warnings and len(named) < NAMED_WARNINGS:
            named.append(f"{name or record.source}: {summarise_warnings(warnings)}")

    def outcome(self, resumed: int = 0, notes: Sequence[str] = ()) -> Outcome:
        """How a run with these records ended."""
        first = tuple([*self._first_cut, *self._first_others][:NAMED_WARNINGS])
        return make_outcome(self._counts, resumed, first, notes, self._farthest)

    @property
    def counts(self) -> Mapping[str, int]:
        """Each of `COUNTED` so far."""
        return {name: self._counts[name] for name in COUNTED}


def make_outcome(
    counts: Mapping[str, int], resumed: int, first_warned: tuple[str, ...], notes: Sequence[str], ratio_error: float
) -> Outcome:
    """An outcome from the counts of `COUNTED`."""
    return Outcome(
        pictures=counts["pictures"],
        failed=counts["failed"],
        crops=counts["crops"],
        enlarged=counts["enlarged"],
        resumed=resumed,
        dropped=counts["dropped"],
        warned=counts["warned"],
        first_warned=first_warned,
        notes=tuple(notes),
        heads_cut=counts["heads_cut"],
        corrected=counts["corrected"],
        ratio_error=ratio_error,
    )


def _find_sources(folder: Path, exclude: Sequence[Path], follow_links: bool) -> list[Path]:
    return find_pictures(folder, [each for each in exclude if not is_same(each, folder)], follow_links)
