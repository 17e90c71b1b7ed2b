"""Tars that nobody vouches for, read as a stream; and tars of the same bytes wherever they are written.

Nothing is extracted to disk, no link is followed, and no header may ask for more memory than it should have. Unlike
`tarfile`, which takes a damaged header for the end of the archive, the reader says where an archive is torn, so that
pictures are never lost in silence. The format: POSIX.1-1988 (ustar), with the long names of GNU and pax.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ..staged import HashingStream

BLOCK = 512
_CHUNK = 1 << 20
_LONGEST_HEADER = 1 << 20  # bytes of a long name or of pax fields
_HEADERS = {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, b"X"}
_FILES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
_LINKS = {tarfile.LNKTYPE, tarfile.SYMTYPE}
_ENCODING = "utf-8", "surrogateescape"
A_LINK, A_DEVICE, A_SPARSE_FILE = "a link, which is not followed", "a device or a pipe", "a sparse file"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a tar.

    Attributes:
        name: as it is noted in the tar.
        content: None where it could not be read, or is no file.
        problem: why; empty where there is a content.
    """

    name: str
    content: bytes | None
    problem: str = ""


class TornTarError(Exception):
    """A tar that ends, or goes on as none, before its end mark; the text says where."""


def read_members(stream: BinaryIO, limit: int, wanted: Container[str] | None = None) -> Iterator[Member]:
    """The members of a tar, one at a time, in their order. Folders are passed over.

    Args:
        stream: at the beginning of the tar.
        limit: bytes of a member's content; a larger one is passed over, and says so.
        wanted: the names of those that are read; the others are passed over unread, by a stream that can seek.
            None for all.

    Raises:
        TornTarError: after the last member that is whole.
        OSError: when the stream cannot be read.
    """
    name, size, before = "", -1, "its beginning"
    while (header := _read_header(stream, before)) is not None:
        if header.type in _HEADERS:
            content = _read_extension(stream, header, before)
            if header.type == tarfile.GNUTYPE_LONGNAME:
                name = content.partition(b"\0")[0].decode(*_ENCODING)
            elif header.type in (tarfile.XHDTYPE, b"X"):
                fields = _pax_fields(content, before)
                name = fields.get(b"path", name.encode(*_ENCODING)).decode(*_ENCODING)
                size = _pax_size(fields, before)
            continue
        name, size = name or header.name, header.size if size < 0 else size
        before = repr(name)
        if wanted is not None and name not in wanted and header.type in _FILES:
            stream.seek(size + -size % BLOCK, os.SEEK_CUR)
        else:
            yield from _read_member(stream, header, name, size, limit)
        name, size = "", -1
    _refuse_more(stream)


class TarWriter:
    """Writes a tar whose bytes depend on nothing but names and contents.

    >>> import io
    >>> written = io.BytesIO()
    >>> with TarWriter(written) as tar:
    ...     tar.add("a.txt", b"a cat")
    >>> [(each.name, each.content) for each in read_members(io.BytesIO(written.getvalue()), 100)]
    [('a.txt', b'a cat')]

    Args:
        stream: to write into; it stays open.
    """

    def __init__(self, stream: BinaryIO | HashingStream) -> None:
        self._stream = stream

    def __enter__(self) -> TarWriter:
        return self

    def __exit__(self, kind: type | None, *error: object) -> None:
        if kind is None:
            self._stream.write(bytes(2 * BLOCK))  # the mark of the end

    def add(self, name: str, content: bytes) -> None:
        """Appends a file, of nobody and of 1970."""
        header = tarfile.TarInfo(name)
        header.size = len(content)
        self._stream.write(header.tobuf(tarfile.GNU_FORMAT, *_ENCODING))
        self._stream.write(content)
        self._stream.write(bytes(-len(content) % BLOCK))


def _read_header(stream: BinaryIO, before: str) -> tarfile.TarInfo | None:
    """The next header; None at the end mark."""
    block = _read(stream, BLOCK)
    if len(block) < BLOCK:
        where = "in the middle of a header" if block else "without the mark of its end"
        raise TornTarError(f"torn: it ends {where}, after {before}")
    if not any(block):
        return None
    try:
        header = tarfile.TarInfo.frombuf(block, *_ENCODING)
    except tarfile.HeaderError as error:
        raise TornTarError(f"torn: no header of a tar after {before} ({error})") from None
    if header.size < 0:
        raise TornTarError(f"torn: a header after {before} with a size below 0")
    if header.type == tarfile.GNUTYPE_SPARSE:
        _pass_sparse_map(stream, block, before)
    return header


def _read_member(stream: BinaryIO, header: tarfile.TarInfo, name: str, size: int, limit: int) -> Iterator[Member]:
    has_content = header.type in _FILES or header.type not in tarfile.SUPPORTED_TYPES
    sparse = header.type == tarfile.GNUTYPE_SPARSE
    problem = ""
    if header.type in _LINKS:
        problem = A_LINK
    elif sparse:
        problem, has_content = A_SPARSE_FILE, True
    elif header.type not in _FILES and header.type != tarfile.DIRTYPE:
        problem = A_DEVICE
    elif header.type in _FILES and size > limit:
        problem = f"{size:,} bytes, more than there is room for; allow more with --memory"
    if header.type == tarfile.DIRTYPE:
        return
    wanted = size if has_content else 0
    if problem:
        if _skip(stream, wanted) < wanted:
            raise TornTarError(f"torn: it ends in the middle of {name!r}")
        yield Member(name, None, problem)
    else:
        content = _read(stream, wanted)
        if len(content) < wanted:
            raise TornTarError(f"torn: it ends in the middle of {name!r}")
        yield Member(name, content)
    _skip(stream, -wanted % BLOCK)  # where that is torn, the next header is missing


def _read_extension(stream: BinaryIO, header: tarfile.TarInfo, before: str) -> bytes:
    """The content of a header about the next member, or about all."""
    if header.size > _LONGEST_HEADER:
        raise TornTarError(f"torn: a header of {header.size:,} bytes after {before}")
    content = _read(stream, header.size)
    if len(content) < header.size:
        raise TornTarError(f"torn: it ends in the middle of a header, after {before}")
    _skip(stream, -header.size % BLOCK)
    return content


def _pax_fields(content: bytes, before: str) -> dict[bytes, bytes]:
    """The fields of a pax header: records of `length key=value` and a line feed."""
    fields = {}
    while content.strip(b"\0"):
        digits, space, _ = content.partition(b" ")
        length = int(digits) if space and len(digits) < 8 and digits.isdigit() else 0
        record = content[len(digits) + 1 : length]
        key, equals, value = record.partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise TornTarError(f"torn: a pax header after {before} that is none")
        fields[key] = value[:-1]
        content = content[length:]
    return fields


def _pax_size(fields: dict[bytes, bytes], before: str) -> int:
    digits = fields.get(b"size")
    if digits is None:
        return -1
    if not digits.isdigit() or len(digits) > 18:
        raise TornTarError(f"torn: a pax header after {before} with a size that is none")
    return int(digits)


def _pass_sparse_map(stream: BinaryIO, block: bytes, before: str) -> None:
    """Passes over the blocks that say where the holes of a sparse file are (old GNU format)."""
    goes_on = bool(block[482])
    while goes_on:
        block = _read(stream, BLOCK)
        if len(block) < BLOCK:
            raise TornTarError(f"torn: it ends in the middle of a header, after {before}")
        goes_on = bool(block[504])


def _refuse_more(stream: BinaryIO) -> None:
    """Makes sure that nothing but zeros follows the end mark, as where two tars were put together.

    Raises:
        TornTarError: when something does.
    """
    while chunk := stream.read(_CHUNK):
        if any(chunk):
            raise TornTarError("torn: more follows the mark of its end, which is not read; split it, or pack it anew")


def _read(stream: BinaryIO, size: int) -> bytes:
    """So many bytes, or all that are left. Memory follows what is there, not what a header says."""
    chunks = []
    while size > 0 and (chunk := stream.read(min(size, _CHUNK))):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _skip(stream: BinaryIO, size: int) -> int:
    """Passes over so many bytes; returns how many there were."""
    passed = 0
    while passed < size and (chunk := stream.read(min(size - passed, _CHUNK))):
        passed += len(chunk)
    return passed
