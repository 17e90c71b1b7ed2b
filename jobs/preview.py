"""From a manifest to the tiles of its contact sheet."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

import numpy as np

from ..cropping.checks import Size
from ..datasets.find import LEADS_OUTSIDE, is_inside, leads_outside
from ..datasets.manifest import FAILED, OK, BrokenLine, CropRecord, PictureRecord, read_lines
from ..images.colour import RGB, WHITE
from ..images.decode import Picture
from ..images.errors import PictureError
from ..images.fill import Fill
from ..images.reader import PictureReader
from .analyse import ANALYSIS_SIDE
from .contact_sheet import MOST_CROPS, CropTile, PictureTile, thumbnail_size
from .executors.batches import Analyser
from .executors.threads import run_stage
from .guides import GuideReader
from .progress import DRAWING, Progress, StepCounter
from .stages import PICTURE_ERRORS, analysing, describe_error
from .steer import NO_GUIDANCE
from .warnings import HEAD_CUT, summarise_warnings

T = TypeVar("T")


class Ground(NamedTuple):
    """What crops are drawn on.

    Attributes:
        background: under transparent pixels; None for transparency, which a sheet shows white.
        fill: of canvas that was added, see `fill_canvas`; None for the background.
    """

    background: RGB | None = WHITE
    fill: Fill = None


ON_WHITE = Ground()

UNKNOWN = 2.0
"""How sure a crop is of which nothing is known, or that a person has looked at: it is not doubtful."""


def list_records(manifest: Path) -> Iterator[PictureRecord]:
    """The records of a manifest. A line that is none is the record of a picture that failed, named by its number.

    Raises:
        OSError: when it cannot be read.
        ValueError: when none of its lines is a record; names the file and the first of them.
    """
    first: BrokenLine | None = None
    is_manifest = False
    for line in read_lines(manifest):
        if isinstance(line, BrokenLine):
            first = first or line
            yield PictureRecord(f"line {line.number}", None, FAILED, line.reason)
        else:
            is_manifest = True
            yield line
    if first is not None and not is_manifest:
        raise ValueError(f"{manifest}, line {first.number}: {first.reason}")


def collect_tiles(
    records: Sequence[PictureRecord],
    folder: Path,
    analyser: Analyser | None,
    workers: int,
    progress: Progress,
    follow_links: bool = False,
    guides: GuideReader | None = None,
    ground: Ground = ON_WHITE,
) -> list[PictureTile]:
    """One tile a record, in order.

    Args:
        records: of a manifest.
        folder: that their pictures are in.
        analyser: to find the heat again; None leaves it out.
        workers: how many pictures are worked on at once.
        progress: called after every picture.
        follow_links: also show pictures that links lead to outside the folder.
        guides: what the user said matters in them, which is part of the heat.
        ground: that their crops lie on.
    """
    tiles: list[PictureTile] = []
    counter = StepCounter(progress, len(records))

    def draw(record: PictureRecord) -> tuple[PictureRecord, PictureTile]:
        return record, picture_tile(record, folder, analyser, follow_links, reader, guides, ground)

    def finish(result: tuple[PictureRecord, PictureTile]) -> None:
        tiles.append(result[1])
        counter.step(DRAWING, result[0])

    with PictureReader() as reader:
        run_stage(draw, records, workers, finish, reader.abandon)
    return tiles


def picture_tile(
    record: PictureRecord,
    folder: Path,
    analyser: Analyser | None,
    follow_links: bool = False,
    reader: PictureReader | None = None,
    guides: GuideReader | None = None,
    ground: Ground = ON_WHITE,
) -> PictureTile:
    """The tile of one record; a picture that failed, or cannot be shown, is shown by its reason.

    Args:
        record, folder, analyser, follow_links, guides, ground: see `collect_tiles`.
        reader: opens the picture; None for one of its own.
    """
    if record.status != OK:
        return PictureTile(record.source, f"{record.status}: {record.reason or 'no reason is told'}")
    try:
        return _draw_picture(record, folder, analyser, follow_links, reader or PictureReader(), guides, ground)
    except PictureError as error:
        return PictureTile(record.source, error.reason)
    except PICTURE_ERRORS as error:
        return PictureTile(record.source, f"could not be shown: {describe_error(error)}")


def choose_records(
    records: Iterator[T], assurance: Callable[[T], float], doubtful: int | None, count: int, seed: int | None
) -> tuple[list[T], int]:
    """The records that a sheet shows, and how many there are.

    Args:
        records: all of them.
        assurance: how sure each is, see `assurance_of`.
        doubtful: how many of the least sure, see `most_doubtful`; None for a sample.
        count, seed: of the sample, see `sample_records`.
    """
    return most_doubtful(records, doubtful, assurance) if doubtful else sample_records(records, count, seed)


_SPARE = 16  # times as many as are shown: the more, the more even their distances


def sample_records(records: Iterator[T], count: int, seed: int | None = None) -> tuple[list[T], int]:
    """`count` records in their order, or all where there are fewer, and how many there are.

    No more than `_SPARE` times as many are in memory.

    Args:
        records: all of them.
        count: at least 1.
        seed: of a random choice, in which each is as likely as any other; None for those that are evenly spread.
    """
    if seed is not None:
        return _draw_records(records, count, Random(seed))
    kept: list[T] = []
    every, total = 1, 0
    for record in records:
        if total % every == 0:
            if len(kept) == _SPARE * count:
                kept, every = kept[::2], every * 2
            if total % every == 0:
                kept.append(record)
        total += 1
    shown = min(count, len(kept))
    return [kept[place * len(kept) // shown] for place in range(shown)], total


def _draw_records(records: Iterator[T], count: int, random: Random) -> tuple[list[T], int]:
    """So many of the records at random (Vitter's algorithm R), in their order, and how many there are."""
    kept: list[tuple[int, T]] = []
    total = 0
    for record in records:
        if total < count:
            kept.append((total, record))
        elif (place := random.randrange(total + 1)) < count:
            kept[place] = total, record
        total += 1
    return [record for _, record in sorted(kept, key=lambda each: each[0])], total


def most_doubtful(records: Iterator[T], count: int, assurance: Callable[[T], float]) -> tuple[list[T], int]:
    """The `count` records that are least sure, the most doubtful first, and how many there are.

    Args:
        records: all of them.
        count: at least 1.
        assurance: how sure each is, see `assurance_of`.
    """
    total = 0

    def counted() -> Iterator[T]:
        nonlocal total
        for record in records:
            total += 1
            yield record

    return heapq.nsmallest(count, counted(), key=assurance), total


def assurance_of(record: PictureRecord) -> float:
    """How sure a picture's least sure crop is; see `crop_assurance`."""
    unseen = (each for each in record.crops if each.correction is None)  # somebody has looked at the others
    return min((crop_assurance(each.confidence, [x.code for x in each.warnings]) for each in unseen), default=UNKNOWN)


def crop_assurance(confidence: float | None, codes: Iterable[str]) -> float:
    """How sure a crop is: its confidence, below 0 where it cuts off a head, and `UNKNOWN` where it is not known.

    Args:
        confidence: of the crop.
        codes: of its warnings.
    """
    sure = UNKNOWN if confidence is None else confidence
    return sure - 3 if HEAD_CUT in codes else sure


def _draw_picture(
    record: PictureRecord,
    folder: Path,
    analyser: Analyser | None,
    follow_links: bool,
    reader: PictureReader,
    guides: GuideReader | None,
    ground: Ground,
) -> PictureTile:
    path = folder / record.source
    if not follow_links and leads_outside(path, folder):
        raise PictureError(path, f"{LEADS_OUTSIDE}; --follow-links shows it")
    with reader.open(path) as picture:
        if not follow_links and not is_inside(path, folder, picture.identity):
            raise PictureError(path, LEADS_OUTSIDE)
        size = picture.info.size
        heat = None
        if analyser is not None:
            thumbnail = picture.small(ANALYSIS_SIDE)
            guidance = NO_GUIDANCE if guides is None else guides.read(picture, record.source)
            with analysing(picture):
                heat = guidance.steer(analyser.analyse(thumbnail)).heatmap.float().cpu().numpy()
        pixels = picture.crop((0, 0, *size), thumbnail_size(size))
        kept = [crop for crop in record.crops if not crop.is_dropped]
        crops = tuple(_crop_tile(picture, crop, ground) for crop in kept[:MOST_CROPS])
    note = f"{size[0]} × {size[1]}"
    if more := len(kept) - len(crops):
        note = f"{note}, {more} more crops"
    return PictureTile(record.source, note, pixels, heat, crops)


def _crop_tile(picture: Picture, crop: CropRecord, ground: Ground) -> CropTile:
    shown = thumbnail_size((crop.box[2], crop.box[3]))
    pixels = picture.crop(crop.box, shown, ground.background or WHITE, ground.fill)
    return crop_tile(pixels, crop, picture.info.size)


def crop_tile(pixels: np.ndarray, crop: CropRecord, size: Size) -> CropTile:
    """The tile of a crop.

    Args:
        pixels: of the crop, uint8 `[h, w, 3]`.
        crop: as its record has it.
        size: width and height of its picture.
    """
    x, y, width, height = crop.box
    region = (x / size[0], y / size[1], (x + width) / size[0], (y + height) / size[1])
    return CropTile(
        pixels=pixels,
        region=region,
        title=f"{crop.ratio}   {crop.target_size[1]} × {crop.target_size[0]}",
        note=_describe(crop),
        warning=summarise_warnings(crop.warnings),
    )


def _describe(crop: CropRecord) -> str:
    sure = "" if crop.confidence is None else f"   sure {crop.confidence:.0%}"
    return f"certain {crop.score:.0%}" if crop.face else f"keeps {crop.kept:.0%}{sure}"
