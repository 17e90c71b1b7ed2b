"""Pictures that crops in shards were cut from, found again in the shards that their run has read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from ..hashing import hash_bytes
from .addresses import open_file
from .compressed import tar_stream
from .names import TAR, join, kind_of
from .table import TableError, TableReader
from .tar import TornTarError, read_members
from .written import WrittenError, WrittenTable


def split_source(source: str) -> tuple[str, str]:
    """The shard in the name of a picture's record, and the picture's name in it.

    >>> split_source("train/00000.tar.gz/a/cat.jpg")
    ('train/00000.tar.gz', 'a/cat.jpg')

    Raises:
        ValueError: when it names no shard.
    """
    parts = PurePosixPath(source).parts
    place = next((place for place, part in enumerate(parts, 1) if kind_of(part)), 0)
    if not place:
        raise ValueError(f"{source} names no shard")
    return "/".join(parts[:place]), "/".join(parts[place:])


def read_pictures(root: str, shard: str, digests: Mapping[str, str], limit: int) -> Iterator[tuple[str, bytes]]:
    """The bytes of a shard's pictures, each after its name, of those that are there as they were.

    Args:
        root: folder or address of the shards.
        shard: its name.
        digests: of the pictures, by the names that their records have.
        limit: bytes that what is read at once may take.

    Raises:
        WrittenError: when the shard cannot be read.
    """
    sources = {split_source(each)[1]: each for each in digests}
    try:
        for name, content in (_in_tar if kind_of(shard) == TAR else _in_table)(root, shard, sources, limit):
            if digests[sources[name]] == hash_bytes(content):
                yield sources[name], content
    except (OSError, TableError, TornTarError) as error:
        raise WrittenError(str(getattr(error, "strerror", None) or error)) from error


def _in_tar(root: str, shard: str, names: Collection[str], limit: int) -> Iterator[tuple[str, bytes]]:
    wanted = {spelt for name in names for spelt in (name, f"./{name}")}
    with open_file(join(root, shard)) as opened:
        for member in read_members(tar_stream(shard, opened), limit, wanted):
            if member.content is not None and member.name in wanted:
                yield member.name.removeprefix("./"), member.content


def _in_table(root: str, shard: str, names: Collection[str], limit: int) -> Iterator[tuple[str, bytes]]:
    by_place = {int(name): name for name in names if name.isascii() and name.isdigit()}
    with open_file(join(root, shard)) as opened:
        column = TableReader(opened, None, limit).column
    with WrittenTable(root, shard, limit) as table:
        for place, values in table.rows_at(sorted(by_place), (column,)):
            content = values[column]
            content = content.get("bytes") if isinstance(content, dict) else content
            if isinstance(content, bytes):
                yield by_place[place], content
