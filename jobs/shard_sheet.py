"""From shards of crops to the tiles of a contact sheet: which of a million crops to show, and these alone."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from ..datasets.manifest import FAILED, OK, PictureRecord
from ..datasets.shards.addresses import find_matches, is_address
from ..datasets.shards.arrow import NoArrowError, import_arrow
from ..datasets.shards.marker import SUFFIX, Marker
from ..datasets.shards.names import ShardSources, beside, crops_file, join, names_shards, resolve_shards
from ..datasets.shards.originals import read_pictures, split_source
from ..datasets.shards.output import open_output
from ..datasets.shards.written import CropRow, WrittenCrop, WrittenError, read_crops, read_rows
from ..images.budget import default_memory
from ..images.colour import WHITE
from ..images.errors import PictureError
from ..images.reader import PictureReader
from .contact_sheet import PictureTile, thumbnail_size
from .preview import UNKNOWN, crop_assurance, crop_tile
from .shards import RECORD
from .stages import PICTURE_ERRORS, describe_error

PLATE = 214
"""Grey level of what is drawn in place of a picture, which shards of crops do not hold."""


def is_shard_output(word: str | PathLike[str]) -> bool:
    """Whether a word names shards, or a folder or address that a run over shards has written into.

    Raises:
        OSError: when an address cannot be read.
    """
    text = fspath(word)
    if names_shards([text]) or is_address(text):
        return True
    return os.path.isfile(os.path.join(text, RECORD))


def find_written(word: str | PathLike[str]) -> ShardSources:
    """The shards of crops that are named, or all that are done in the folder or at the address of a run.

    Raises:
        ValueError: when there are none, or pyarrow is missing.
        OSError: when they cannot be listed.
    """
    try:
        import_arrow()
    except NoArrowError as error:
        raise ValueError(str(error)) from None
    text = fspath(word)
    if names_shards([text]):
        return resolve_shards([text])
    root = text if is_address(text) else os.path.abspath(text).replace(os.sep, "/")
    prefix = root.rstrip("/") + "/"
    found = find_matches(f"{prefix if is_address(root) else glob.escape(prefix)}**/*{SUFFIX}")
    markers = (each.replace(os.sep, "/").removeprefix(prefix) for each in found)
    names = [name for each in markers if (name := _marked_shard(root, each)) is not None]
    if not names:
        raise ValueError(f"{text}: no shard in it is done, as a run over shards marks them (NAME{SUFFIX})")
    return ShardSources(root, tuple(sorted(names)))


def list_rows(shards: ShardSources, progress: Callable[[int, str], None]) -> Iterator[CropRow]:
    """A row for every crop of the shards, and for every picture without one; a shard that cannot be read is one row.

    Args:
        shards: of crops.
        progress: called after each with its place and its name.
    """
    limit = default_memory() // 2
    for place, shard in enumerate(shards.names, 1):
        try:
            yield from read_rows(shards.root, shard, limit)
        except WrittenError as error:
            yield CropRow(shard, -1, shard, FAILED, str(error))
        progress(place, shard)


def row_assurance(row: CropRow) -> float:
    """How sure the crop of a row is; see `crop_assurance`."""
    return crop_assurance(row.confidence, row.codes) if row.status == OK else UNKNOWN


def collect_shard_tiles(
    rows: Sequence[CropRow], shards: ShardSources, progress: Callable[[int, str], None], source: str | None = None
) -> list[PictureTile]:
    """One tile a row, in order. Of each crop and picture only a thumbnail stays in memory.

    Args:
        rows: of crops, from `list_rows`.
        shards: that they are in.
        progress: called after each crop with how many there are so far and the name of the last one.
        source: folder or address of the shards that the crops were cut from; None draws a plate for each picture.
    """
    tiles: dict[CropRow, PictureTile] = {}
    records: dict[CropRow, PictureRecord] = {}
    by_shard: dict[str, list[CropRow]] = {}
    for row in rows:
        if row.status == OK:
            by_shard.setdefault(row.shard, []).append(row)
        else:
            tiles[row] = PictureTile(row.name, f"{row.status}: {row.reason or 'no reason is told'}")
    with PictureReader() as reader:
        for shard, wanted in by_shard.items():
            reason = "it is not in its shard"
            try:
                for crop in read_crops(shards.root, wanted, default_memory() // 2):
                    tiles[crop.row], records[crop.row] = _tile(crop, reader), crop.record
                    progress(len(tiles), crop.row.name)
            except WrittenError as error:
                reason = f"{shard}: {error}"
            tiles.update({row: PictureTile(row.name, reason) for row in wanted if row not in tiles})
        if source is not None:
            tiles |= _with_pictures({row: tiles[row] for row in records if tiles[row].crops}, records, source, reader)
    return [tiles[row] for row in rows]


def _tile(crop: WrittenCrop, reader: PictureReader) -> PictureTile:
    """The crop beside a plate as large as its picture, on which its box is drawn."""
    size, name = crop.record.size, crop.row.name
    assert size is not None
    try:
        pixels = _thumbnail(name, crop.content, reader)
    except PictureError as error:
        return PictureTile(name, error.reason)
    except PICTURE_ERRORS as error:
        return PictureTile(name, f"could not be shown: {describe_error(error)}")
    width, height = thumbnail_size(size)
    plate = np.full((height, width, 3), PLATE, np.uint8)
    tile = crop_tile(pixels, crop.record.crops[0], size)
    return PictureTile(name, f"{size[0]} × {size[1]}", plate, None, (tile,))


def _with_pictures(
    tiles: Mapping[CropRow, PictureTile], records: Mapping[CropRow, PictureRecord], source: str, reader: PictureReader
) -> dict[CropRow, PictureTile]:
    """The tiles with their pictures, as far as these are in their shards as they were."""
    found = {row: replace(tile, note=f"{tile.note}, not in {source} as it was") for row, tile in tiles.items()}
    rows_of: dict[str, list[CropRow]] = {}
    by_shard: dict[str, dict[str, str]] = {}
    for row in tiles:
        record = records[row]
        rows_of.setdefault(record.source, []).append(row)
        with suppress(ValueError):
            by_shard.setdefault(split_source(record.source)[0], {})[record.source] = record.digest or ""
    for shard, digests in by_shard.items():
        with suppress(WrittenError):
            for name, content in read_pictures(source, shard, digests, default_memory() // 2):
                with suppress(PictureError, *PICTURE_ERRORS):
                    pixels = _thumbnail(name, content, reader)
                    found |= {row: replace(tiles[row], pixels=pixels) for row in rows_of[name]}
    return found


def _thumbnail(name: str, content: bytes, reader: PictureReader) -> np.ndarray:
    """A picture as it is shown, uint8 `[h, w, 3]`."""
    with reader.open(Path(name), content) as opened:
        size = opened.info.size
        return opened.crop((0, 0, *size), thumbnail_size(size), WHITE)


def _marked_shard(root: str, file: str) -> str | None:
    """The shard of crops that a mark says is done; None where it marks something else, such as what was measured."""
    content = open_output(root).read(file)
    try:
        marker = Marker.parse(content or b"")
    except ValueError:
        raise ValueError(f"{join(root, file)}: not what a run notes of a shard") from None
    return crops_file(marker.shard) if beside(marker.shard, SUFFIX) == file else None
