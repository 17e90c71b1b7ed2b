"""The flags of `salient-crop crop --per-subject`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .options import flag_of, parse_positive
from .status import UsageError

if TYPE_CHECKING:
    from ..jobs.per_subject import PerSubject

# The flags that only make sense with `--per-subject`, as argparse names them → the field of `PerSubject`.
FIELDS = {
    "subject_framing": "framing",
    "subject_margin": "margin",
    "neighbours": "neighbours",
    "subject_order": "order",
    "most_subjects": "most",
    "smallest_crop": "smallest",
    "subject_overlap": "most_overlap",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds `--per-subject` and the flags that only make sense with it, which are None where they are not given."""
    group = parser.add_argument_group(
        "subjects",
        "A crop of each subject of a picture, named photo_1, photo_2 and so on. Pictures without any are left out by"
        " name.",
    )
    group.add_argument(
        "--per-subject",
        choices=("head", "person", "animal", "object", "prompt"),
        help="one crop for each head of a person, person, animal or object, or for each asked for by word (prompt)",
    )
    group.add_argument(
        "--subject-framing",
        choices=("head", "portrait", "half-figure", "full-figure", "whole"),
        help="how much of a person or an animal the crop shows (default head for a head, else whole)",
    )
    group.add_argument(
        "--subject-margin",
        metavar="SHARE",
        type=parse_margin,
        help="air on each side, 0 to 2, as a share of the longer side of what is shown (default 0.15 for a head, 0.08 a"
        " portrait, else 0.06)",
    )
    group.add_argument(
        "--neighbours",
        choices=("out", "whole"),
        help="heads of others, or the boxes of other objects: keep them out as far as can be (default), or whole where"
        " they come into the crop",
    )
    group.add_argument(
        "--subject-order",
        choices=("importance", "left-to-right", "size"),
        help="of the crops of a picture (default importance: large and central first)",
    )
    group.add_argument(
        "--most-subjects",
        metavar="N",
        type=parse_positive,
        help="at most so many crops of a picture, those of the most important subjects (default 10)",
    )
    group.add_argument(
        "--smallest-crop",
        metavar="N",
        type=parse_positive,
        help="leave out crops whose shorter side has fewer pixels (default 64); --most-enlarged X with --resolution N"
        " leaves out those that would be enlarged more",
    )
    group.add_argument(
        "--subject-overlap",
        metavar="SHARE",
        type=parse_overlap,
        help="of two crops that overlap more (intersection over union), keep the more important (default 0.7)",
    )


def parse_margin(text: str) -> float:
    """A margin in 0..2.

    Raises:
        argparse.ArgumentTypeError: when it is none.
    """
    return _parse_number(text, 2.0)


def parse_overlap(text: str) -> float:
    """A share in 0..1.

    Raises:
        argparse.ArgumentTypeError: when it is none.
    """
    return _parse_number(text, 1.0)


def _parse_number(text: str, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to {most:g}, got {text[:60]!r}")
    return value


def per_subject(chosen: argparse.Namespace) -> PerSubject | None:
    """What the flags ask for; None without `--per-subject`.

    Raises:
        UsageError: naming a flag that does nothing without another one, or beside it.
    """
    given = {field: getattr(chosen, flag) for flag, field in FIELDS.items() if getattr(chosen, flag) is not None}
    if chosen.per_subject is None:
        unused = next((flag for flag in FIELDS if getattr(chosen, flag) is not None), None)
        if unused is not None:
            raise UsageError(f"{flag_of(unused)} does nothing without --per-subject KIND")
        return None
    if chosen.buckets:
        raise UsageError(
            "--per-subject makes several crops of a picture, --buckets one; crop the subjects first, then sort these"
            " crops with a second run"
        )
    if chosen.frames != "each":
        raise UsageError(
            "--per-subject is for pictures on their own, --frames makes one crop of each frame; choose one"
        )
    if chosen.fit != "crop":
        raise UsageError(
            f"--fit {chosen.fit} is for the whole picture; --per-subject says with --subject-margin how close"
        )
    if chosen.min_area is not None:
        raise UsageError("--min-area is a share of the picture; --per-subject says with --smallest-crop how small")
    if chosen.framing != "keep the most":
        raise UsageError("--framing is for the whole picture; --per-subject says with --subject-framing how close")
    if chosen.keep is not None:
        raise UsageError("--keep is what the one crop of a picture must hold; --per-subject holds its subject")
    if chosen.per_subject == "prompt" and not chosen.subject:
        raise UsageError("--per-subject prompt needs --subject WORDS, which says what to look for")
    from ..jobs.per_subject import PerSubject

    for field in ("framing", "order"):
        if field in given:
            given[field] = given[field].replace("-", " ")
    try:
        return PerSubject(chosen.per_subject, most_enlarged=chosen.most_enlarged, **given)
    except ValueError as error:
        flag = next((flag for flag, field in FIELDS.items() if str(error).startswith(f"{field} ")), "per_subject")
        raise UsageError(f"{flag_of(flag)}: {error}") from None
