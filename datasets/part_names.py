"""The names of files that are not whole yet."""

from __future__ import annotations

import re
import secrets

_PART = re.compile(r"\.salient-crop-[0-9a-f]{16}\.part")


def new_part_name() -> str:
    """A name that no file has, and by which what a kill left half written is known."""
    return f".salient-crop-{secrets.token_hex(8)}.part"


def is_part_name(name: str) -> bool:
    """Whether a file of that name was being written when a run was killed."""
    return _PART.fullmatch(name) is not None
