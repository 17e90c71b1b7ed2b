"""The hash by which files are told apart: of pictures, and of what runs have written."""

from __future__ import annotations

from hashlib import blake2b
from typing import BinaryIO

_CHUNK = 1 << 20  # bytes


def new_hash() -> blake2b:
    """A hash of 32 hexadecimal digits, of nothing so far."""
    return blake2b(digest_size=16)


def hash_bytes(content: bytes) -> str:
    """The hash of a file with this content."""
    state = new_hash()
    state.update(content)
    return state.hexdigest()


def hash_stream(stream: BinaryIO) -> str:
    """The hash of all that is left to read."""
    state = new_hash()
    while chunk := stream.read(_CHUNK):
        state.update(chunk)
    return state.hexdigest()
