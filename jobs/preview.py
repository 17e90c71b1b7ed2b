"""From a manifest to the tiles of its contact sheet."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..datasets.manifest import OK, CropRecord, PictureRecord
from ..images.decode import Picture
from ..images.errors import PictureError
from .analyse import ANALYSIS_SIDE
from .contact_sheet import CropTile, PictureTile, thumbnail_size
from .executors.batches import Analyser
from .executors.threads import run_stage
from .progress import DRAWING, Progress, StepCounter
from .warnings import HEAD_CUT, summarise_warnings


def collect_tiles(
    records: Sequence[PictureRecord], folder: Path, analyser: Analyser | None, workers: int, progress: Progress
) -> list[PictureTile]:
    """One tile a record, in order.

    Args:
        records: of a manifest.
        folder: that their pictures are in.
        analyser: to find the heat again; None leaves it out.
        workers: how many pictures are worked on at once.
        progress: called after every picture.
    """
    tiles: list[PictureTile] = []
    counter = StepCounter(progress, len(records))

    def draw(record: PictureRecord) -> tuple[PictureRecord, PictureTile]:
        return record, picture_tile(record, folder, analyser)

    def finish(result: tuple[PictureRecord, PictureTile]) -> None:
        tiles.append(result[1])
        counter.step(DRAWING, result[0])

    run_stage(draw, records, workers, finish)
    return tiles


def picture_tile(record: PictureRecord, folder: Path, analyser: Analyser | None) -> PictureTile:
    """The tile of one record; a picture that failed, or can no longer be read, is shown by its reason."""
    if record.status != OK:
        return PictureTile(record.source, f"{record.status}: {record.reason}")
    try:
        picture = Picture(folder / record.source)
        size = picture.info.size
        heat = None
        if analyser is not None:
            heat = analyser.analyse(picture.small(ANALYSIS_SIDE)).heatmap.float().cpu().numpy()
        pixels = picture.crop((0, 0, *size), thumbnail_size(size))
        crops = tuple(_crop_tile(picture, crop) for crop in record.crops)
        return PictureTile(record.source, f"{size[0]} × {size[1]}", pixels, heat, crops)
    except PictureError as error:
        return PictureTile(record.source, error.reason)


def sample_records(records: Iterator[PictureRecord], count: int) -> tuple[list[PictureRecord], int]:
    """At most `count` records, evenly spread over all of them, and how many there are."""
    kept: list[PictureRecord] = []
    every, total = 1, 0
    for record in records:
        if total % every == 0:
            if len(kept) == count:
                kept, every = kept[::2], every * 2
            if total % every == 0:
                kept.append(record)
        total += 1
    return kept, total


def most_doubtful(records: Iterator[PictureRecord], count: int) -> tuple[list[PictureRecord], int]:
    """The `count` pictures whose crops are least sure, the most doubtful first, and how many there are.

    A crop that cuts off a head comes before all others; then those of low confidence. A picture is as doubtful as the
    most doubtful of its crops; those without a crop, or of unknown confidence, come last.
    """
    total = 0

    def counted() -> Iterator[PictureRecord]:
        nonlocal total
        for record in records:
            total += 1
            yield record

    return heapq.nsmallest(count, counted(), key=_assurance), total


def _assurance(record: PictureRecord) -> float:
    """How sure a picture's least sure crop is: below 0 where it cuts off a head, 2 where nothing is known."""
    return min(map(_assurance_of, record.crops), default=2.0)


def _assurance_of(crop: CropRecord) -> float:
    sure = 2.0 if crop.confidence is None else crop.confidence
    return sure - 3 if any(each.code == HEAD_CUT for each in crop.warnings) else sure


def _crop_tile(picture: Picture, crop: CropRecord) -> CropTile:
    x, y, width, height = crop.box
    full_width, full_height = picture.info.size
    region = (x / full_width, y / full_height, (x + width) / full_width, (y + height) / full_height)
    size = f"{crop.target_size[1]} × {crop.target_size[0]}"
    return CropTile(
        pixels=picture.crop(crop.box, thumbnail_size((width, height))),
        region=region,
        title=f"{crop.ratio}   {size}",
        note=_describe(crop),
        warning=summarise_warnings(crop.warnings),
    )


def _describe(crop: CropRecord) -> str:
    sure = "" if crop.confidence is None else f"   sure {crop.confidence:.0%}"
    return f"keeps {crop.kept:.0%}{sure}"
