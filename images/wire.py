"""Messages between this process and one that decodes: words in JSON, and bytes.

Never pickled objects: a picture may have taken over the decoder, and must not come further.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

Words = Mapping[str, Any]

_LENGTH = struct.Struct(">I")
_MOST_WORDS = 1 << 20  # bytes


class BrokenMessageError(Exception):
    """The other side has ended, or what it sent is no message."""


def send(file: IO[bytes], words: Words, payload: bytes | memoryview = b"") -> None:
    """Sends one message."""
    head = json.dumps({**words, "bytes": len(payload)}).encode()
    file.write(_LENGTH.pack(len(head)) + head)
    file.write(payload)
    file.flush()


def receive(file: IO[bytes], most: int | None = None) -> tuple[dict[str, Any], bytearray]:
    """Waits for one message.

    Args:
        file: to read from.
        most: bytes beside the words; None for any number.

    Raises:
        BrokenMessageError: when there is none any more, or it is none.
    """
    (length,) = _LENGTH.unpack(_read(file, _LENGTH.size))
    if length > _MOST_WORDS:
        raise BrokenMessageError(f"{length} bytes of words")
    try:
        words = json.loads(_read(file, length))
        count = words["bytes"]
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenMessageError("no words") from error
    if not isinstance(count, int) or count < 0 or (most is not None and count > most):
        raise BrokenMessageError(f"{count} bytes where at most {most} belong")
    return words, _read(file, count)


def _read(file: IO[bytes], count: int) -> bytearray:
    data = bytearray(count)
    view = memoryview(data)
    while view:
        read = file.readinto(view)  # type: ignore[attr-defined]
        if not read:
            raise BrokenMessageError("the other side has ended")
        view = view[read:]
    return data
