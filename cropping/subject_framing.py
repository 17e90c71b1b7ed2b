"""The region that the crop of one subject is made around: how much of the body it shows, with some air."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .checks import Region, check_number, show
from .framing import FULL_FIGURE, HALF_FIGURE, PORTRAIT
from .regions import clip
from .subject import BODY_WIDTH, Subject

HEAD, WHOLE = "head", "whole"
SUBJECT_FRAMINGS = (HEAD, PORTRAIT, HALF_FIGURE, FULL_FIGURE, WHOLE)
"""`whole` is the subject as it was found."""

# How far a framing reaches below the crown, in heights of the head, and how wide it is, in widths of it; see
# `cropping/framing.py`, by whose measure a crop of this region has the framing.
_REACH: Mapping[str, tuple[float, float]] = MappingProxyType({PORTRAIT: (2.0, 2.0), HALF_FIGURE: (3.2, BODY_WIDTH)})
# Of somebody of whom only the head is known.
_FIGURE = 5.2, BODY_WIDTH

MARGINS: Mapping[str, float] = MappingProxyType(
    {HEAD: 0.15, PORTRAIT: 0.08, HALF_FIGURE: 0.06, FULL_FIGURE: 0.06, WHOLE: 0.06}
)
"""The usual air on each side, as a share of the region's longer side in pixels."""

MOST_MARGIN = 2.0


def frame_subject(subject: Subject, framing: str, margin: float, size: tuple[int, int]) -> Region:
    """The region that the crop of a subject should hold, as far as it lies on the picture.

    >>> frame_subject(Subject(0.4, 0.1, 0.6, 0.3, kind="face"), "head", 0.25, (100, 100))
    (0.35000000000000003, 0.05, 0.65, 0.35)

    Args:
        subject: a framing that is about a body is, for one without a head, the whole of it.
        framing: one of `SUBJECT_FRAMINGS`.
        margin: air on each side, as a share of the region's longer side, 0..`MOST_MARGIN`.
        size: (width, height) of the picture in pixels.

    Raises:
        TypeError: when the margin is no number.
        ValueError: when the framing is none, or the margin out of range.
    """
    if framing not in SUBJECT_FRAMINGS:
        raise ValueError(f"{show(framing)} is no framing of a subject; use one of {', '.join(SUBJECT_FRAMINGS)}")
    x1, y1, x2, y2 = _region(subject, framing)
    air = check_margin(margin) * max((x2 - x1) * size[0], (y2 - y1) * size[1])
    across, down = air / size[0], air / size[1]
    return clip((x1 - across, y1 - down, x2 + across, y2 + down))


def check_margin(margin: float) -> float:
    """The margin, after a check.

    Raises:
        TypeError, ValueError: when it cannot be one.
    """
    if not 0 <= check_number("margin", margin) <= MOST_MARGIN:
        raise ValueError(f"margin must be a share in 0..{MOST_MARGIN:g}, got {margin}")
    return margin


def _region(subject: Subject, framing: str) -> Region:
    head = subject.head_region
    if head is None or framing == WHOLE:
        return subject.body_region
    if framing == HEAD:
        return head
    if framing == FULL_FIGURE:
        return _below(head, *_FIGURE) if subject.kind == "face" else subject.body_region
    x1, y1, x2, y2 = _below(head, *_REACH[framing])
    # Not beyond the body, where it is known: somebody behind a table.
    bottom = y2 if subject.kind == "face" else max(head[3], min(y2, subject.body_region[3]))
    return x1, y1, x2, bottom


def _below(head: Region, high: float, wide: float) -> Region:
    middle, half = (head[0] + head[2]) / 2, wide * (head[2] - head[0]) / 2
    return middle - half, head[1], middle + half, head[1] + high * (head[3] - head[1])
