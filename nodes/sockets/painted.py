"""SALIENT_REGIONS values: regions that a person painted on the canvas, as `web/js/regions.js` keeps them.

The value is part of the workflow, and so is shared with it:

    {"regions": [{"kind": "text", "frame": "crop", "name": "headline", "box": [0.0, 0.0, 0.4, 1.0]}]}

`kind` is `text`, `keep` or `avoid`. `box` has the left, top, right and bottom edge as shares of the frame, which is the
picture (`source`) or, for text, the crop. In its place `pixels` may stand, x, y, width and height on the picture: so
regions were drawn by earlier versions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from comfy_api.latest import io

from ...cropping.box import Box
from ...cropping.checks import Region, Size, check_region
from ...cropping.margin import Margin
from ...cropping.text_region import FRAMES
from ...datasets.corrections import read_box
from ...datasets.json_values import MalformedValue, list_of, read_field, read_number, read_text, show_value
from ...printable import escape
from .constraints import NO_MARGIN, PendingText, Regions

KEEP, AVOID, TEXT = KINDS = "keep", "avoid", "text"

MOST = 100
"""Regions of one node: more than anybody paints, and each is a term of the score of every crop."""

LONGEST_NAME = 100

PaintedType = io.Custom("SALIENT_REGIONS")


@dataclass(frozen=True)
class PaintedRegion:
    """One region.

    Attributes:
        kind: one of `KINDS`.
        place: relative to its frame, or a box in pixels of the picture.
        frame: `source` or `crop`; what is kept or avoided lies in the source.
        name: as a person calls it; may be empty.
    """

    kind: str
    place: Region | Box
    frame: str = FRAMES[0]
    name: str = ""

    def on_pictures(self, size: Size | None, margin: Margin = NO_MARGIN) -> Regions:
        """The region on pictures whose size is not known yet.

        Args:
            size: of the picture that boxes are measured on; None: of whichever picture is cropped.
            margin: around it.
        """
        return Regions(((self.place,),), size, margin)


def painted_input() -> Any:
    """The widget of the painter."""
    return PaintedType.Input(
        "regions",
        optional=True,
        tooltip="Regions painted by hand: room for text, in the picture or in the crop, and what to keep or avoid in"
        " the picture. The button opens the painter, over the picture of the last run if there was one.",
    )


def read_painted(value: Any) -> Sequence[PaintedRegion]:
    """The regions of the widget; none where nothing was painted.

    Raises:
        ValueError: naming the place that is malformed.
    """
    if not value:
        return ()
    try:
        return read_field(value, "regions", _read_regions)
    except ValueError as error:
        raise ValueError(f"regions: {error}; press Clear on the node") from None


def pending_regions(
    painted: Sequence[PaintedRegion], kind: str, size: Size | None, margin: Margin = NO_MARGIN
) -> tuple[Regions, ...]:
    """Those of a kind, see `PaintedRegion.on_pictures`."""
    return tuple(each.on_pictures(size, margin) for each in painted if each.kind == kind)


def pending_texts(painted: Sequence[PaintedRegion], size: Size | None, hard: bool) -> tuple[PendingText, ...]:
    """Those that stay free for text."""
    return tuple(PendingText(each.on_pictures(size), each.frame, hard) for each in painted if each.kind == TEXT)


def name_regions(painted: Sequence[PaintedRegion], size: Size, margin: Margin) -> Mapping[Region, str]:
    """The names of those that have one, by their relative region on a picture of `size`; see `PaintedRegion`."""
    named = [(each, margin if each.kind == KEEP else NO_MARGIN) for each in painted if each.name]
    return {
        region: escape(each.name)
        for each, room in named
        for region in each.on_pictures(size, room).resolve(0, 1, size, "regions")
    }


def _read_regions(value: Any) -> tuple[PaintedRegion, ...]:
    if isinstance(value, list) and len(value) > MOST:
        raise MalformedValue(f"{len(value)} are over the limit of {MOST}")
    return list_of(_read_region)(value)


def _read_region(value: Any) -> PaintedRegion:
    kind = read_field(value, "kind", _one_of(KINDS))
    frame = read_field(value, "frame", _one_of(FRAMES), FRAMES[0])
    if kind != TEXT and frame != FRAMES[0]:
        raise MalformedValue(f"what to {kind} lies in the picture: must be {FRAMES[0]!r}", ".frame")
    is_in_pixels = "pixels" in value
    place = read_field(value, "pixels", read_box) if is_in_pixels else read_field(value, "box", _read_relative)
    return PaintedRegion(kind, place, frame, read_field(value, "name", _read_name, ""))


def _read_relative(value: Any) -> Region:
    edges = list_of(read_number, 4)(value)
    try:
        return check_region("painted", edges)
    except ValueError as error:
        raise MalformedValue(str(error)) from None


def _read_name(value: Any) -> str:
    name = read_text(value).strip()
    if len(name) > LONGEST_NAME:
        raise MalformedValue(f"must have at most {LONGEST_NAME} characters, has {len(name)}")
    return name


def _one_of(choices: Sequence[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in choices:
            raise MalformedValue(f"must be one of {', '.join(choices)}, got {show_value(value)}")
        return value

    return read
