"""What people decided about the pictures of a folder, found again by content: where a picture lies does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..cropping.box import Box
from ..cropping.checks import Size
from ..cropping.constraint import Constraint
from ..cropping.correction import Correction, corrected_box, has_ratio
from ..cropping.ratio import Ratio
from ..datasets.corrections import format_correction, read_correction
from ..datasets.json_values import list_of, read_digest, read_field, read_relative_path
from ..datasets.manifest import FAILED, CropRecord, PictureRecord, read_manifest
from .run import FolderRun
from .run_record import read_run_record, record_file

BY_HAND = "left out by hand"
"""The reason of a picture that a person has dropped."""


class PictureCorrections(NamedTuple):
    """The corrections of one picture, each of another shape."""

    digest: str
    source: str
    corrections: tuple[Correction, ...]


class Corrections:
    """The corrections of a folder, by the content of its pictures.

    A picture is known by its content, under any name. Where two files have the same content, each keeps its own
    corrections, and one with a name that is not known takes those of the first.

    Args:
        entries: in any order.
    """

    def __init__(self, entries: Iterable[PictureCorrections] = ()) -> None:
        self._by_digest: dict[str, dict[str, tuple[Correction, ...]]] = {}
        self._everywhere: dict[str, tuple[Correction, ...]] = {}
        for digest, source, corrections in entries:
            self._by_digest.setdefault(digest, {})[source] = corrections

    def of(self, source: str, digest: str | None) -> tuple[Correction, ...]:
        """The corrections of a picture with this name and content."""
        if digest in self._everywhere:
            return self._everywhere[digest]
        by_source = self._by_digest.get(digest or "", {})
        if source in by_source:
            return by_source[source]
        return next((each for each in by_source.values() if each), ())

    def of_exactly(self, source: str, digest: str) -> tuple[Correction, ...]:
        """The corrections of the picture with this content under this very name."""
        return self._by_digest.get(digest, {}).get(source, ())

    def replace(self, source: str, digest: str, corrections: tuple[Correction, ...]) -> None:
        """Gives a picture other corrections; none forgets those that it had."""
        self._by_digest.setdefault(digest, {})[source] = corrections

    def decide(self, decisions: Mapping[str, Correction | None]) -> None:
        """Takes over decisions by the digest of their picture, whatever its name; None forgets what there was.

        A picture keeps corrections of other shapes than that of a box that is drawn now.
        """
        for digest, correction in decisions.items():
            known = self._by_digest.get(digest, {})
            older = next((each for each in known.values() if each), ())
            decided = () if correction is None else _merge((correction,), older)
            self._everywhere[digest] = decided
            self._by_digest[digest] = dict.fromkeys(known, decided)

    def __iter__(self) -> Iterator[PictureCorrections]:
        """Those of all pictures that have any and whose names are known, in order of their contents."""
        for digest, by_source in sorted(self._by_digest.items()):
            if any(by_source.values()):
                yield from (PictureCorrections(digest, *each) for each in sorted(by_source.items()))


NO_CORRECTIONS = Corrections()


def find_corrections(run: FolderRun) -> Corrections:
    """What people decided about the pictures of a run: its own corrections, or those of the manifest that is there.

    Raises:
        OSError, ValueError: see `read_corrections`.
    """
    return read_corrections(run.manifest) if run.corrections is None else run.corrections


def pick_correction(
    corrections: Sequence[Correction], ratios: Sequence[Ratio], alone: bool = True
) -> Correction | None:
    """The correction of a crop that may have one of these ratios.

    Args:
        corrections: of its picture.
        ratios: that the crop may have.
        alone: whether the picture has no other crop. Then a correction of another shape concerns it too, and it is
            dropped only where all that the picture had were.
    """
    fitting = [each for each in corrections if any(has_ratio(each.box, ratio) for ratio in ratios)]
    if not alone:
        return next(iter(fitting), None)
    return next((each for each in [*fitting, *corrections] if not each.is_drop), next(iter(corrections), None))


def pick_corrections(
    corrections: Sequence[Correction], constraints: Sequence[Constraint], size: Size
) -> list[Correction | None]:
    """The correction of each crop of a picture of (width, height) `size`."""
    alone = len(constraints) == 1
    ratios = (each.ratios_for(size) for each in constraints)
    return [pick_correction(corrections, each, alone) for each in ratios]


def is_honoured(record: PictureRecord, wanted: Iterable[Correction | None]) -> bool:
    """Whether the crops of a record of an earlier run are as they were corrected, and no other is."""
    if record.status == FAILED:
        return True
    found = {each.correction for each in record.crops}
    return found - {None} == set(wanted) - {None} and all(_follows_correction(each, record) for each in record.crops)


def read_corrections(manifest: Path) -> Corrections:
    """The corrections that a manifest and the record of its run hold; none where there is no manifest.

    Those of the manifest go first. The record remembers those of pictures that the last run did not have, or had in
    another ratio.

    Raises:
        OSError: when the manifest cannot be read.
        ValueError: when one is malformed, naming the file and the place.
    """
    noted = Corrections(_noted_corrections(manifest))
    if not manifest.exists():
        return noted
    corrected: set[str | None] = {each.digest for each in noted}
    corrected |= {each.digest for each in read_manifest(manifest) if any(crop.correction for crop in each.crops)}
    if not corrected:
        return noted
    for record in read_manifest(manifest):
        if record.digest is not None and record.digest in corrected:
            before = noted.of_exactly(record.source, record.digest)
            noted.replace(record.source, record.digest, _merge(list_corrections(record.crops), before))
    return noted


def list_corrections(crops: Iterable[CropRecord]) -> tuple[Correction, ...]:
    """The corrections of a picture's crops, each once."""
    return tuple(dict.fromkeys(each.correction for each in crops if each.correction is not None))


def format_corrections(corrections: Corrections) -> list[dict[str, Any]]:
    """As the record of a run holds them."""
    return [
        {"digest": digest, "source": source, "corrections": [format_correction(each) for each in decided]}
        for digest, source, decided in corrections
    ]


def _follows_correction(crop: CropRecord, record: PictureRecord) -> bool:
    """Whether a crop is what its correction asks for; somebody may have written it into the manifest by hand."""
    if crop.correction is None or record.size is None:
        return True
    if crop.is_dropped:
        return crop.file is None
    box = Box(*crop.box)
    return box in (crop.correction.box, corrected_box(crop.correction, Ratio.parse(crop.ratio), record.size))


def _noted_corrections(manifest: Path) -> tuple[PictureCorrections, ...]:
    record: Mapping[str, Any] = read_run_record(manifest)
    try:
        return read_field(record, "corrections", list_of(_read_entry), default=())
    except ValueError as error:
        raise ValueError(f"{record_file(manifest)}: {error}") from None


def _read_entry(value: Any) -> PictureCorrections:
    return PictureCorrections(
        read_field(value, "digest", read_digest),
        read_field(value, "source", read_relative_path),
        read_field(value, "corrections", list_of(read_correction)),
    )


def _merge(newer: Sequence[Correction], older: Sequence[Correction]) -> tuple[Correction, ...]:
    """The newer ones, and the older ones of other shapes."""
    shapes = [Ratio.of(each.box.size) for each in newer]
    kept = [each for each in older if not any(has_ratio(each.box, shape) for shape in shapes)]
    return (*newer, *kept)
