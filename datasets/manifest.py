"""The manifest: what became of every picture, as JSON lines, one line a picture."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .atomic import open_atomic

OK, FAILED, DROPPED = "ok", "failed", "dropped"


@dataclass(frozen=True, slots=True)
class CropRecord:
    """One crop of a picture.

    Attributes:
        file: where it was written, as a POSIX path relative to the output folder; None where no pixels were.
        ratio: the ratio asked for, such as `2:3`.
        bucket: width and height of its bucket, or None.
        box: x, y, width, height in source pixels, after orientation.
        score, terms, kept: why it won, and the share of heat that it keeps.
        crop_coords: top and left of the box in the *resized* picture (SDXL's conditioning).
        original_size: height and width of the picture before any resizing.
        target_size: height and width of the written crop.
    """

    file: str | None
    ratio: str
    bucket: tuple[int, int] | None
    box: tuple[int, int, int, int]
    score: float
    terms: Mapping[str, float]
    kept: float
    crop_coords: tuple[int, int]
    original_size: tuple[int, int]
    target_size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """What became of one picture.

    Attributes:
        source: POSIX path relative to the folder that was read.
        size: width and height after orientation; None where not even that could be read.
        status: `ok`, `failed` or `dropped`; the reason says why it is not ok.
    """

    source: str
    size: tuple[int, int] | None
    status: str
    reason: str | None = None
    crops: tuple[CropRecord, ...] = field(default=())

    def as_failed(self, reason: str) -> PictureRecord:
        return replace(self, status=FAILED, reason=reason, crops=())


def format_line(record: PictureRecord) -> str:
    """One line of JSON without its newline."""
    value = {
        "source": record.source,
        "size": record.size,
        "status": record.status,
        "reason": record.reason,
        "crops": [{name: getattr(crop, name) for name in CropRecord.__slots__} for crop in record.crops],
    }
    line = json.dumps(value, ensure_ascii=False)
    # A file name that is no valid Unicode survives as escapes.
    return line if line.isascii() or _encodable(line) else json.dumps(value)


def parse_line(line: str) -> PictureRecord:
    """The record of one line; fields that are not known are passed over.

    Raises:
        ValueError: when it is no manifest line.
    """
    try:
        value = json.loads(line)
        crops = tuple(_crop(each) for each in value["crops"])
        return PictureRecord(value["source"], _pair(value["size"]), value["status"], value["reason"], crops)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"not a manifest line ({type(error).__name__}: {error})") from error


def write_manifest(path: Path | str, records: Iterable[PictureRecord]) -> None:
    """Writes the manifest whole or not at all; `records` may be a stream."""
    with open_atomic(path) as file:
        for record in records:
            file.write(format_line(record).encode() + b"\n")


def read_manifest(path: Path | str) -> Iterator[PictureRecord]:
    """The records of a manifest, one at a time.

    Raises:
        ValueError: naming the line that is no record.
    """
    with Path(path).open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield parse_line(line)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from None


def _crop(value: Mapping[str, Any]) -> CropRecord:
    x, y, width, height = value["box"]
    return CropRecord(
        file=value["file"],
        ratio=value["ratio"],
        bucket=_pair(value["bucket"]),
        box=(x, y, width, height),
        score=value["score"],
        terms=dict(value["terms"]),
        kept=value["kept"],
        crop_coords=_two(value["crop_coords"]),
        original_size=_two(value["original_size"]),
        target_size=_two(value["target_size"]),
    )


def _pair(value: Any) -> tuple[int, int] | None:
    return None if value is None else _two(value)


def _two(value: Any) -> tuple[int, int]:
    first, second = value
    return first, second


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
