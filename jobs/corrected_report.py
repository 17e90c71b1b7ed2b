"""The report of a bucket run after a person has corrected some of its crops, without planning all pictures again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from ..bucketing.report import BucketReport, GridStatistics
from ..datasets.json_values import (
    list_of,
    read_field,
    read_number,
    read_positive,
    read_text,
    read_whole,
)
from ..datasets.manifest import DROPPED, OK, PictureRecord
from .bucket_stages import placement_of
from .corrections import BY_HAND
from .settings import CropSettings
from .trainer import complete_report
from .warnings import HEAD_CUT, SUBJECT_LEFT_OUT, summarise_warnings

_LINES = ("moved", "repeated", "left_out", "heads_cut", "caption_checks", "duplicates", "recropped", "trainer_settings")


def note_report(report: BucketReport) -> dict[str, Any]:
    """A report as the record of its run holds it."""
    noted = asdict(report)
    for name in ("baseline", "planned"):
        noted[name]["counts"] = [[*size, count] for size, count in noted[name]["counts"].items()]
    return noted


def read_report(value: Any) -> BucketReport:
    """The report that `note_report` noted.

    Raises:
        ValueError: naming the field that is missing or malformed.
    """
    lines = {name: list(read_field(value, name, list_of(read_text))) for name in _LINES}
    return BucketReport(
        baseline=read_field(value, "baseline", _read_statistics),
        planned=read_field(value, "planned", _read_statistics),
        batch_size=read_field(value, "batch_size", read_positive),
        gap=read_field(value, "gap", read_number),
        corrected=read_field(value, "corrected", read_whole),
        **lines,
    )


def correct_report(report: BucketReport, records: Sequence[PictureRecord], settings: CropSettings) -> BucketReport:
    """The report with the figures of the crops as they are now; the baseline and the duplicates stay.

    Args:
        report: of the plan, or as it was corrected before.
        records: of all pictures.
        settings: of the run, with buckets.
    """
    assert settings.buckets is not None
    placed = [each for each in records if each.status == OK and each.crops]
    placements = [placement_of(each.crops[0], each.size) for each in placed if each.size is not None]
    by_hand = [each.source for each in records if each.status == DROPPED and each.reason == BY_HAND]
    names = {each.source for each in placed}
    corrected = replace(
        report,
        planned=GridStatistics.of(placements, report.batch_size, [len(each.crops) for each in placed]),
        moved=[line for line in report.moved if _is_of(line, names)],
        repeated=[line for line in report.repeated if _is_of(line, names)],
        left_out=[
            *(line for line in report.left_out if not line.endswith(f": {BY_HAND}")),
            *(f"{source}: {BY_HAND}" for source in by_hand),
        ],
        heads_cut=_list_warned(placed, HEAD_CUT),
        caption_checks=_list_warned(placed, SUBJECT_LEFT_OUT),
        corrected=sum(any(crop.correction for crop in each.crops) for each in records),
    )
    return complete_report(corrected, settings.dataset, settings.buckets.resolution)


def _list_warned(records: Sequence[PictureRecord], code: str) -> list[str]:
    """One line for each picture whose crop has warnings of this code."""
    found = ((each.source, [one for one in each.crops[0].warnings if one.code == code]) for each in records)
    return [f"{source}: {summarise_warnings(warnings)}" for source, warnings in found if warnings]


def _is_of(line: str, names: set[str]) -> bool:
    """Whether a line begins with one of the names; a name may hold a colon."""
    return any(line[:at] in names for at, sign in enumerate(line) if sign == ":")


def _read_statistics(value: Any) -> GridStatistics:
    counts = read_field(value, "counts", list_of(list_of(read_positive, 3)))
    numbers = {each.name: read_field(value, each.name, read_number) for each in fields(GridStatistics)[1:]}
    return GridStatistics({(width, height): count for width, height, count in counts}, **_whole(numbers))


def _whole(numbers: Mapping[str, float]) -> dict[str, Any]:
    shares = ("heat_lost", "area_lost")
    return {name: value if name in shares else int(value) for name, value in numbers.items()}
