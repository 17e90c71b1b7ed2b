"""The words that sum up what became of pictures, whatever they were in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..jobs.run import Outcome
    from ..jobs.settings import CropSettings


def count_pictures(outcome: Outcome, where: str) -> str:
    """How many pictures have crops, how many crops, and where they are."""
    done = outcome.pictures - outcome.failed - outcome.dropped
    return f"{done} of {outcome.pictures} pictures, {outcome.crops} crops {where}"


def describe_pictures(settings: CropSettings, outcome: Outcome, told_in: str = "the manifest") -> list[str]:
    """What a person should know of the crops; nothing where all is as it should be.

    Args:
        settings: of the run.
        outcome: of it.
        told_in: where all warnings are told.
    """
    parts = []
    if outcome.enlarged:
        how = "--no-enlarge leaves them as they are"
        if settings.buckets is not None:
            how = "--most-enlarged X sets a limit"
        parts.append(f"{outcome.enlarged} crops had to be enlarged ({how})")
    if outcome.corrected:
        parts.append(f"{outcome.corrected} as corrected by hand")
    multiple = settings.constraint.multiple_of
    if multiple > 1 and outcome.crops:
        parts.append(f"sides are multiples of {multiple}, ratios exact to within {outcome.ratio_error:.1%}")
    if outcome.dropped:
        parts.append(f"{outcome.dropped} left out as asked")
    if outcome.warned:
        parts.append(outcome.describe_warnings(told_in))
    return parts
