"""JSON that somebody else has written: values that no record should hold, in the places of those that it does."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

DEEP = "[" * 5000 + "]" * 5000

TEXTS = [
    *(
        "",
        ".",
        "..",
        "/",
        "a.png",
        "sub",
        "gone.png",
        "no picture.png",
        "a.png/b.png",
        "../secret/s.png",
        "a/../../s.png",
    ),
    *("sub/../../secret/s.png", "\\..\\secret\\s.png", "C:\\s.png", "~/s.png", "link.png", "linked/s.png", "x" * 300),
    *("x" * 20_000, "\0", "a\0.png", "\n", "\x1b]0;x\x07", "\u202e", "\ud800", "\udcff", "\u2028", "%s", "{0}", "1:0"),
    *(
        "0:0",
        "1e99999999",
        "9" * 400 + ":1",
        "nan",
        "../manifest.jsonl",
        "manifest.run.json",
        "/dev/zero",
        "/etc/passwd",
    ),
]
NUMBERS = [
    *(0, -1, 1, 2, 7, 48, 10**6, 2**31, 2**53, -(2**53), 2**63, 10**30, 10**308, 10**400, 1.5, -0.0, 1e-320, 1e308),
    *(float("nan"), float("inf"), float("-inf")),
]
OTHERS = [None, True, False, [], {}, [[]], [None], {"a": {}}, [1, 2], [0, 0, 1, 1], [-5, -5, 3, 3], [9**9, 0, 9, 9]]
# What JSON can say and Python's own writer does not.
RAW = [
    DEEP,
    '{"a":' * 3000 + "1" + "}" * 3000,
    "9" * 5000,
    "-" + "9" * 4000,
    "1e400",
    '"\\ud800"',
    "NaN",
    "[" * 900 + "]" * 900,
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield (*path, key)
            yield from places(value[key], (*path, key))


def crafted(records: Sequence[Any], chance: random.Random) -> str:
    """A line with one to three places of a record replaced, left out or doubled."""
    record = deepcopy(chance.choice(records))
    raw = {}
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        found = list(places(record)) or [("source",)] * isinstance(record, dict)
        if not found:
            break
        *keys, last = chance.choice(found)
        target = record
        for key in keys:
            target = target[key]
        match chance.randrange(8):
            case 0:
                del target[last]
            case 1 if isinstance(target, list):
                target *= chance.choice((2, 30))
            case 2:
                raw[f"raw {len(raw)}"] = chance.choice(RAW)
                target[last] = f"raw {len(raw) - 1}"
            case 3 | 4:
                target[last] = deepcopy(chance.choice(TEXTS))
            case 5 | 6:
                target[last] = chance.choice(NUMBERS)
            case _:
                target[last] = deepcopy(chance.choice(OTHERS))
    line = json.dumps(record)
    for name, text in raw.items():
        line = line.replace(f'"{name}"', text)
    return line
