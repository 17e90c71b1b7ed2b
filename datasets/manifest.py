"""The manifest: what became of every picture, as JSON lines, one line a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..cropping.correction import Correction
from ..cropping.crop import SUBJECT_KINDS, CropSubject, CropWarning
from ..cropping.framing import FRAMINGS
from ..cropping.ratio import Ratio
from .atomic import open_atomic
from .corrections import format_correction, read_box, read_correction
from .face_record import FaceRecord, format_face, read_face
from .json_values import (
    MalformedValue,
    format_json,
    list_of,
    optional,
    parse_json,
    read_digest,
    read_field,
    read_number,
    read_positive,
    read_relative_path,
    read_text,
    read_whole,
    show_value,
)
from .open_folder import open_folder, open_regular

OK, FAILED, DROPPED = "ok", "failed", "dropped"
_STATUSES = (OK, FAILED, DROPPED)
_LONGEST_LINE = 1 << 26  # bytes; a crop takes less than a kilobyte


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
        warnings: what the crop costs, for a person to look at.
        confidence: how far it is ahead of the centred crop and of its rivals, 0..1; None where that is not known.
        correction: what a person decided about it; None where nobody did. A crop that was dropped stays listed, so
            that it can be taken back, and has no file.
        ratio_error: by what share the written crop is wider (> 0) or taller (< 0) than the ratio: whole pixels, or
            sides that are multiples of several.
        added: the share of its area that is canvas beside the picture, 0..1; `box` says at which sides.
        framing: how much of its main person it shows, one of `FRAMINGS`; None where it shows none, or by a run that
            noted none.
        subject: whom it is of, where each subject of a picture has its own crop; None where it is of the picture.
        face: of a face square, which may be turned: `box` is then the box around it. A line without a face has no such
            field.
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
    warnings: tuple[CropWarning, ...] = ()
    confidence: float | None = None
    correction: Correction | None = None

    @property
    def is_dropped(self) -> bool:
        """Whether a person left it out."""
        return self.correction is not None and self.correction.is_drop

    ratio_error: float = 0.0
    added: float = 0.0
    framing: str | None = None
    subject: CropSubject | None = None
    face: FaceRecord | None = None


_CROP_FIELDS = tuple(each.name for each in fields(CropRecord))


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """What became of one picture.

    Attributes:
        source: POSIX path relative to the folder that was read.
        size: width and height after orientation; None where not even that could be read.
        status: `ok`, `failed` or `dropped`; the reason says why it is not ok, or which of its subjects have no crop.
        digest: a hash of the file, see `hash_file`: by it corrections find their picture again; None where the picture
            could not be read, or by a run that noted none.
    """

    source: str
    size: tuple[int, int] | None
    status: str
    reason: str | None = None
    crops: tuple[CropRecord, ...] = field(default=())
    digest: str | None = None

    def as_failed(self, reason: str) -> PictureRecord:
        """The record of the same picture, failed and without crops."""
        return replace(self, status=FAILED, reason=reason, crops=())


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line of a manifest that is none.

    Attributes:
        number: of the line, from 1.
        reason: names the field that is missing or malformed.
    """

    number: int
    reason: str


def format_line(record: PictureRecord) -> str:
    """One line of JSON without its newline."""
    value = {
        "source": record.source,
        "size": record.size,
        "status": record.status,
        "reason": record.reason,
        "digest": record.digest,
        "crops": [_crop_fields(crop) for crop in record.crops],
    }
    return format_json(value)


def parse_line(line: str) -> PictureRecord:
    """The record of one line. Every type is checked: a manifest may come from anybody. Other fields are ignored.

    >>> parse_line('{"source": "a.jpg", "size": [0, 9], "status": "ok", "reason": null, "crops": []}')
    Traceback (most recent call last):
    salient_crop.datasets.json_values.MalformedValue: size[0]: must be a whole number of at least 1, got 0

    Raises:
        ValueError: naming the field that is missing or malformed.
    """
    try:
        value = parse_json(line)
    except ValueError as error:
        raise ValueError(f"not a manifest line ({error})") from None
    if not isinstance(value, dict):
        raise ValueError(f"not a manifest line (must be a JSON object, got {show_value(value)})")
    return _picture(value)


def write_manifest(path: Path | str, records: Iterable[PictureRecord]) -> None:
    """Writes the manifest whole or not at all; `records` may be a stream."""
    with open_atomic(path) as file:
        for record in records:
            file.write(format_line(record).encode() + b"\n")


def read_manifest(path: Path | str) -> Iterator[PictureRecord]:
    """The records of a manifest that a run has written, one at a time.

    Raises:
        OSError: when it cannot be read, or is a link.
        ValueError: naming the file, the line and the field that is missing or malformed.
    """
    path = Path(path)
    with open_folder(path.parent) as folder:
        file = folder.read(path.name)
    for record in _read_lines(file):
        if isinstance(record, BrokenLine):
            raise ValueError(f"{path}, line {record.number}: {record.reason}")
        yield record


def read_lines(path: Path | str) -> Iterator[PictureRecord | BrokenLine]:
    """The records of a manifest, one at a time, and in their places the lines that are none.

    Raises:
        OSError: when it cannot be read.
    """
    return _read_lines(open_regular(Path(path)))


def _read_lines(opened: BinaryIO) -> Iterator[PictureRecord | BrokenLine]:
    with opened as file:
        for number, line in enumerate(_short_lines(file), 1):
            if line is None:
                yield BrokenLine(number, f"not a manifest line (over {_LONGEST_LINE:,} bytes long)")
                continue
            try:
                yield parse_line(line.decode("utf-8-sig"))
            except UnicodeDecodeError:
                yield BrokenLine(number, "not a manifest line (no text in UTF-8)")
            except ValueError as error:
                yield BrokenLine(number, str(error))


def _short_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a file; None for one that no picture needs, and that may fill the memory."""
    while line := file.readline(_LONGEST_LINE):
        if len(line) < _LONGEST_LINE or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(_LONGEST_LINE)
        yield None


def _crop_fields(crop: CropRecord) -> dict[str, Any]:
    warnings = [{"code": each.code, "words": each.words, "region": each.region} for each in crop.warnings]
    correction = None if crop.correction is None else format_correction(crop.correction)
    values = {name: getattr(crop, name) for name in _CROP_FIELDS}
    if crop.face is None:
        del values["face"]
    else:
        values["face"] = format_face(crop.face)
    return {
        **values,
        "warnings": warnings,
        "correction": correction,
        "subject": None if crop.subject is None else format_subject(crop.subject),
    }


def format_subject(subject: CropSubject) -> dict[str, Any]:
    """Whom a crop is of, as the manifest and a node's box have it."""
    return {
        "kind": subject.kind,
        "label": subject.label,
        "box": subject.box.as_list(),
        "confidence": subject.confidence,
    }


def _picture(value: Mapping[str, Any]) -> PictureRecord:
    return PictureRecord(
        source=read_field(value, "source", read_relative_path),
        size=read_field(value, "size", optional(_size)),
        status=read_field(value, "status", _status),
        reason=read_field(value, "reason", optional(read_text)),
        crops=read_field(value, "crops", list_of(_crop)),
        digest=read_field(value, "digest", optional(read_digest), default=None),
    )


def _crop(value: Any) -> CropRecord:
    return CropRecord(
        file=read_field(value, "file", optional(read_relative_path)),
        ratio=read_field(value, "ratio", _ratio),
        bucket=read_field(value, "bucket", optional(_size)),
        box=read_field(value, "box", _box),
        score=read_field(value, "score", read_number),
        terms=read_field(value, "terms", _terms),
        kept=read_field(value, "kept", read_number),
        crop_coords=read_field(value, "crop_coords", _pair),
        original_size=read_field(value, "original_size", _size),
        target_size=read_field(value, "target_size", _size),
        warnings=read_field(value, "warnings", list_of(_warning), default=()),
        confidence=read_field(value, "confidence", optional(read_number), default=None),
        correction=read_field(value, "correction", optional(read_correction), default=None),
        ratio_error=read_field(value, "ratio_error", read_number, default=0.0),
        added=read_field(value, "added", read_number, default=0.0),
        framing=read_field(value, "framing", optional(_framing), default=None),
        subject=read_field(value, "subject", optional(_subject), default=None),
        face=read_field(value, "face", optional(read_face), default=None),
    )


def _subject(value: Any) -> CropSubject:
    return CropSubject(
        kind=read_field(value, "kind", _subject_kind),
        box=read_field(value, "box", read_box),
        label=read_field(value, "label", read_text),
        confidence=read_field(value, "confidence", _share),
    )


def _subject_kind(value: Any) -> str:
    if value not in SUBJECT_KINDS:
        raise MalformedValue(f"must be one of {', '.join(SUBJECT_KINDS)}, got {show_value(value)}")
    return value


def _share(value: Any) -> float:
    if not 0 <= read_number(value) <= 1:
        raise MalformedValue(f"must lie in 0..1, got {show_value(value)}")
    return value


def _warning(value: Any) -> CropWarning:
    return CropWarning(
        code=read_field(value, "code", read_text),
        words=read_field(value, "words", read_text),
        region=read_field(value, "region", optional(_region)),
    )


def _status(value: Any) -> str:
    if value not in _STATUSES:
        raise MalformedValue(f"must be one of {', '.join(_STATUSES)}, got {show_value(value)}")
    return value


def _framing(value: Any) -> str:
    if value not in FRAMINGS:
        raise MalformedValue(f"must be one of {', '.join(FRAMINGS)}, got {show_value(value)}")
    return value


def _ratio(value: Any) -> str:
    try:
        Ratio.parse(read_text(value))
    except ValueError as error:
        raise error if isinstance(error, MalformedValue) else MalformedValue(str(error)) from None
    return value


def _terms(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise MalformedValue(f"must be an object, got {show_value(value)}")
    return {name: read_field(value, name, read_number) for name in value}


def _box(value: Any) -> tuple[int, int, int, int]:
    box = read_box(value)
    return box.x, box.y, box.width, box.height


_size: Callable[[Any], Any] = list_of(read_positive, 2)
_pair: Callable[[Any], Any] = list_of(read_whole, 2)
_region: Callable[[Any], Any] = list_of(read_number, 4)
