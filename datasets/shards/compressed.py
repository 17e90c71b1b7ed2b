"""Tars that gzip has compressed, read as a stream: never more of them in memory than is asked for."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from .names import is_compressed
from .tar import TornTarError


def tar_stream(name: str, stream: BinaryIO) -> BinaryIO:
    """The tar of that name in a stream, which is decompressed where the name says that it is compressed."""
    return cast(BinaryIO, GunzipStream(stream)) if is_compressed(name) else stream


class GunzipStream:
    """The content of a compressed stream, from its beginning to its end. Enough of a file for `read_members`.

    Args:
        stream: to read from; it stays open.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._opened = gzip.GzipFile(fileobj=stream, mode="rb")

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end.

        Raises:
            TornTarError: when it is damaged, or ends too early.
            OSError: when the stream cannot be read.
        """
        with _named_damage():
            return self._opened.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes on from another place, forwards by reading all up to it.

        Raises:
            TornTarError, OSError: see `read`.
        """
        with _named_damage():
            return self._opened.seek(offset, whence)


@contextmanager
def _named_damage() -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise TornTarError("torn: its compression ends too early") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise TornTarError(f"torn: its compression is damaged ({error})") from None
