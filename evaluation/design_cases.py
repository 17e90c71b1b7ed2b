"""The cases of "Image Cropping under Design Constraints" (Nishiyasu, Shimoda, Sato 2023): a picture, a ratio, a text
region that the crop must hold, and the crop that a person made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..cropping.box import Box
from ..cropping.ratio import Ratio
from ..cropping.subject import Subject
from ..images.header import read_header
from .cases import parse_each, read_json, read_numbers, read_picture_path, read_size

SHAPE = "{image, width, height, ratio_h_over_w, layout, truth}"
AUTHORS_SHAPE = "{image_name, aspect_ratio, blank_space, blank_aspect_bbox}"
LONGEST_RATIO = 100
Edges = tuple[float, float, float, float]  # x1, y1, x2, y2


@dataclass(frozen=True)
class DesignCase:
    """One case.

    Attributes:
        name: of the photograph's file.
        size: its (width, height) in pixels.
        ratio: of the crop.
        region: that the crop must hold, relative to the picture.
        truth: the crop that a person made, in pixels.
        published: the crop of the authors' method in pixels, if known.
        person: the box of the only person in pixels, if there is one.
    """

    name: str
    size: tuple[int, int]
    ratio: Ratio
    region: Edges
    truth: Edges
    published: Edges | None = None
    person: Edges | None = None

    def subjects(self) -> tuple[Subject, ...]:
        """The person as the only subject, or none."""
        if self.person is None:
            return ()
        (width, height), (x1, y1, x2, y2) = self.size, self.person
        return (Subject(x1 / width, y1 / height, x2 / width, y2 / height, kind="person"),)


def read_cases(file: Path, images: Path | None = None) -> list[DesignCase]:
    """The cases of a file of either shape: a list of `SHAPE`, or the authors' own object of `AUTHORS_SHAPE`.

    Args:
        file: JSON.
        images: folder of the photographs. The authors' file leaves out their sizes, which are read from them.

    Raises:
        OSError, PictureError: when a file cannot be opened.
        ValueError: when the file or an entry cannot be parsed, or `images` is needed and None.
    """
    content = read_json(file)
    if isinstance(content, list):
        return parse_each(file, enumerate(content), _parse_case, SHAPE)
    if images is None:
        raise ValueError(f"{file} does not say how large the pictures are; name their folder with --images")
    return parse_each(file, content.items(), lambda _, entry: _parse_authors_case(entry, images), AUTHORS_SHAPE)


def _parse_case(_: int, entry: Mapping[str, Any]) -> DesignCase:
    size = read_size(entry)
    return DesignCase(
        name=_read_name(entry["image"]),
        size=size,
        ratio=_parse_ratio(entry["ratio_h_over_w"]),
        region=_relative(entry["layout"], size),
        truth=_parse_edges(entry["truth"]),
        published=_parse_edges(entry["published"]) if entry.get("published") else None,
        person=_parse_edges(entry["person"]) if entry.get("person") else None,
    )


def _parse_authors_case(entry: Mapping[str, Any], images: Path) -> DesignCase:
    name = _read_name(entry["image_name"])
    size = read_header(images / name).size
    region, truth = _relative(entry["blank_space"], size), _parse_edges(entry["blank_aspect_bbox"])
    return DesignCase(name, size, _parse_ratio(entry["aspect_ratio"]), region, truth)


def _read_name(name: Any) -> str:
    """The name of a picture, which must lie in its folder."""
    return read_picture_path(Path(), name).as_posix()


def _parse_ratio(height_over_width: float | str) -> Ratio:
    """The ratio of whole pixels that the file's decimal number was computed from."""
    number = float(height_over_width)  # a fraction of "1e99999999" would take for ever
    if not 1 / LONGEST_RATIO <= number <= LONGEST_RATIO:
        raise ValueError(f"the ratio must lie between 1:{LONGEST_RATIO} and {LONGEST_RATIO}:1, got {number}")
    share = Fraction(str(number)).limit_denominator(10_000)
    return Ratio(share.denominator, share.numerator)


def _parse_edges(values: Sequence[float]) -> Edges:
    ((x1, y1, x2, y2),) = read_numbers([values], 4).tolist()
    if not (x1 < x2 and y1 < y2):
        raise ValueError(f"{[x1, y1, x2, y2]} is no box x1, y1, x2, y2")
    return x1, y1, x2, y2


def _relative(values: Sequence[float], size: tuple[int, int]) -> Edges:
    x1, y1, x2, y2 = _parse_edges(values)
    return Box(int(x1), int(y1), int(x2 - x1), int(y2 - y1)).relative(size)
