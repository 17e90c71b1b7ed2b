"""From shards of crops to the tiles of a contact sheet: which of a million crops to show, and these alone."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from ..datasets.manifest import FAILED, OK
from ..datasets.shards.addresses import find_matches, is_address
from ..datasets.shards.arrow import NoArrowError, import_arrow
from ..datasets.shards.marker import SUFFIX, Marker
from ..datasets.shards.names import ShardSources, beside, crops_file, join, names_shards, resolve_shards
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
"""Grey level of what is drawn in place of the picture that a crop was cut from, which shards of crops do not hold."""


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
    rows: Sequence[CropRow], shards: ShardSources, progress: Callable[[int, str], None]
) -> list[PictureTile]:
    """One tile a row, in order. Of each crop only a thumbnail stays in memory.

    Args:
        rows: of crops, from `list_rows`.
        shards: that they are in.
        progress: called after each crop with how many there are so far and the name of the last one.
    """
    tiles: dict[CropRow, PictureTile] = {}
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
                    tiles[crop.row] = _tile(crop, reader)
                    progress(len(tiles), crop.row.name)
            except WrittenError as error:
                reason = f"{shard}: {error}"
            tiles.update({row: PictureTile(row.name, reason) for row in wanted if row not in tiles})
    return [tiles[row] for row in rows]


def _tile(crop: WrittenCrop, reader: PictureReader) -> PictureTile:
    """The crop beside a plate as large as its picture, on which its box is drawn."""
    size, name = crop.record.size, crop.row.name
    assert size is not None
    try:
        with reader.open(Path(name), crop.content) as opened:
            own = opened.info.size
            pixels = opened.crop((0, 0, *own), thumbnail_size(own), WHITE)
    except PictureError as error:
        return PictureTile(name, error.reason)
    except PICTURE_ERRORS as error:
        return PictureTile(name, f"could not be shown: {describe_error(error)}")
    width, height = thumbnail_size(size)
    plate = np.full((height, width, 3), PLATE, np.uint8)
    tile = crop_tile(pixels, crop.record.crops[0], size)
    return PictureTile(name, f"{size[0]} × {size[1]}", plate, None, (tile,))


def _marked_shard(root: str, file: str) -> str | None:
    """The shard of crops that a mark says is done; None where it marks something else, such as what was measured."""
    content = open_output(root).read(file)
    try:
        marker = Marker.parse(content or b"")
    except ValueError:
        raise ValueError(f"{join(root, file)}: not what a run notes of a shard") from None
    return crops_file(marker.shard) if beside(marker.shard, SUFFIX) == file else None
