"""The visible mark that a shard is done: a small file of JSON beside what was written of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..json_values import (
    MalformedValue,
    list_of,
    parse_json,
    read_digest,
    read_field,
    read_number,
    read_relative_path,
    read_text,
    read_whole,
    show_value,
)

SUFFIX = ".done.json"


@dataclass(frozen=True)
class Marker:
    """What is noted of a shard that is done.

    Attributes:
        shard: its name.
        source_size: bytes of the shard that was read.
        files: what was written of it, with the hash of each.
        settings: the identity of the settings, and of a plan where there is one.
        counts: how many pictures, crops and so on.
        problems: the first of its pictures that failed, each with its reason.
    """

    shard: str
    source_size: int
    files: Mapping[str, str]
    settings: Mapping[str, Any]
    counts: Mapping[str, float]
    problems: tuple[str, ...] = ()

    def format(self) -> bytes:
        """As the file holds it: the same bytes for the same values."""
        value = {
            "shard": self.shard,
            "source_size": self.source_size,
            "counts": dict(self.counts),
            "problems": list(self.problems),
            "files": dict(self.files),
            "settings": dict(self.settings),
        }
        return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"

    @classmethod
    def parse(cls, content: bytes) -> Marker:
        """What such a file holds; every type is checked.

        Raises:
            ValueError: when it is none.
        """
        value = parse_json(content)
        return cls(
            shard=read_field(value, "shard", read_relative_path),
            source_size=read_field(value, "source_size", read_whole),
            files=read_field(value, "files", _digests),
            settings=read_field(value, "settings", _mapping),
            counts=read_field(value, "counts", _numbers),
            problems=read_field(value, "problems", list_of(read_text)),
        )


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedValue(f"must be an object, got {show_value(value)}")
    return value


def _numbers(value: Any) -> dict[str, float]:
    return {name: read_field(value, name, read_number) for name in _mapping(value)}


def _digests(value: Any) -> dict[str, str]:
    return {name: read_field(value, name, read_digest) for name in _mapping(value)}
