"""Which ICC profiles are used: not those that are made to keep the colour engine busy."""

from __future__ import annotations

import struct

_MOST_ELEMENTS = 64
_HEADER, _ENTRY = 128, struct.Struct(">4sII")
_MOST_TAGS = 100  # that the engine reads


def is_usable(profile: bytes) -> bool:
    """Whether a profile has few enough steps, of those that may be any number.

    Little CMS computes a table of some 36,000 colours, each through all `multiProcessElements` of a tag. These can
    share their bytes, so that a profile of 160 kB takes it 20 seconds. Real ones have less than ten.
    """
    return sum(map(_count_elements, _list_tags(profile))) <= _MOST_ELEMENTS


def _list_tags(profile: bytes) -> list[bytes]:
    """The first bytes of every tag."""
    count = min(int.from_bytes(profile[_HEADER : _HEADER + 4], "big"), _MOST_TAGS)
    table = profile[_HEADER + 4 : _HEADER + 4 + count * _ENTRY.size]
    entries = _ENTRY.iter_unpack(table[: len(table) // _ENTRY.size * _ENTRY.size])
    return [profile[offset : offset + 16] for _, offset, _ in entries]


def _count_elements(tag: bytes) -> int:
    return int.from_bytes(tag[12:16], "big") if tag.startswith(b"mpet") else 0
