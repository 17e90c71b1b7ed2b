"""Which shards a run is about: files, brace ranges and patterns, on disk or by address."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import PurePosixPath

from .addresses import exists, find_matches, is_address

TAR, PARQUET = ".tar", ".parquet"
COMPRESSED = (".tar.gz", ".tgz")
KINDS = (TAR, *COMPRESSED, PARQUET)
MAX_SHARDS = 1_000_000  # that one run may name
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d{1,18})\.\.(\d{1,18})", re.ASCII)
_SIGNS = "*?[{"


@dataclass(frozen=True)
class ShardSources:
    """The shards of a run.

    Attributes:
        root: the folder or address that their names are relative to.
        names: relative POSIX paths, sorted, each once.
    """

    root: str
    names: tuple[str, ...]

    def address(self, name: str) -> str:
        """Where a shard lies."""
        return join(self.root, name)


def names_shards(words: Sequence[str | os.PathLike[str]]) -> bool:
    """Whether what was named are shards, rather than pictures and folders: by the ends of their names, and never a
    folder that is there.

    >>> names_shards(["photos/{00000..00099}.tar"]), names_shards(["photos", "s3://bucket/photos"])
    (True, False)
    """
    return any(_is_shard(os.fspath(word)) for word in words)


def resolve_shards(words: Sequence[str | os.PathLike[str]], exclude: str = "") -> ShardSources:
    """The shards that a user named: files, brace ranges such as `{00000..00099}.tar`, lists such as `{a,b}.tar`, and
    patterns, each on disk or by an address such as `s3://bucket/photos/*.tar`.

    Shards are named relative to the deepest folder that holds them all; what has braces or wildcards counts as lying in
    the folder before the first of them. That a named file is there is not asked: a shard that is missing fails alone.

    Args:
        words: to be resolved.
        exclude: a folder or address, such as that of the crops: what lies in it matches no pattern that begins above
            it.

    Raises:
        ValueError: naming the word that is no shard, matches nothing, or is a range that cannot be; or when the shards
            have no folder in common.
        OSError: when an address cannot be listed.
    """
    homes: list[str] = []
    found: dict[str, None] = {}
    for word in [os.fspath(each) for each in words]:
        if not _is_shard(word):
            raise ValueError(f"{word}: no shard ({' or '.join(KINDS)}), as the others are; crop it in another run")
        homes.append(_home(word))
        for each in expand_braces(word) if not exists(word) else [word]:
            matches = _matches(each, exclude) if _is_pattern(each) else [each]
            if not matches:
                raise ValueError(f"{each}: no shard matches")
            found.update(dict.fromkeys(map(_whole, matches)))
            if len(found) > MAX_SHARDS:
                raise ValueError(f"{word}: more than {MAX_SHARDS:,} shards; crop them in several runs")
    root = _common_root(homes)
    prefix = root.rstrip("/") + "/"
    return ShardSources(root, tuple(sorted(path.removeprefix(prefix) for path in found)))


def expand_braces(text: str) -> Iterator[str]:
    """Every name that ranges and lists in braces stand for, as a shell would write them.

    >>> list(expand_braces("{a,b}/{08..10}.tar"))
    ['a/08.tar', 'a/09.tar', 'a/10.tar', 'b/08.tar', 'b/09.tar', 'b/10.tar']

    Raises:
        ValueError: when a range is none, or there are more than `MAX_SHARDS` names.
    """
    pieces = _BRACES.split(text)  # text, what is in braces, text, …
    choices = [_choices(text, each) if place % 2 else [each] for place, each in enumerate(pieces)]
    number = 1
    for each in choices:
        number *= len(each)
    if number > MAX_SHARDS:
        raise ValueError(f"{text}: stands for more than {MAX_SHARDS:,} shards; crop them in several runs")
    return map("".join, product(*choices))


def join(root: str, name: str) -> str:
    """The path or address of what lies in a folder."""
    return f"{root.rstrip('/')}/{name}" if root not in ("", ".") else name


def kind_of(name: str) -> str:
    """`TAR`, be it compressed, or `PARQUET`; empty for what is no shard."""
    ending = _ending(name)
    return TAR if ending in COMPRESSED else ending


def is_compressed(name: str) -> bool:
    """Whether it is a tar that is compressed."""
    return _ending(name) in COMPRESSED


def beside(name: str, suffix: str) -> str:
    """The name of what belongs to a shard.

    >>> beside("train/00000.tar.gz", ".parquet")
    'train/00000.parquet'
    """
    return name[: len(name) - len(_ending(name))] + suffix


def crops_file(name: str) -> str:
    """The name of the shard of its crops: its own, but that no tar of crops is compressed, as pictures are already."""
    return beside(name, TAR) if is_compressed(name) else name


def _ending(name: str) -> str:
    """The one of `KINDS` that a name ends in, in small letters; empty where it has none, or nothing before it."""
    file = PurePosixPath(name).name.lower()
    return next((each for each in KINDS if file.endswith(each) and file != each), "")


def _choices(text: str, inside: str) -> Sequence[str]:
    if "," in inside:
        return inside.split(",")
    found = _RANGE.fullmatch(inside)
    if found is None:
        raise ValueError(f"{text}: {{{inside}}} is no range; write it as {{00000..00099}}, or a list as {{a,b}}")
    first, last = int(found[1]), int(found[2])
    if first > last or last - first >= MAX_SHARDS:
        raise ValueError(f"{text}: {{{inside}}} must rise, over at most {MAX_SHARDS:,} numbers")
    width = len(found[1]) if found[1].startswith("0") or len(found[1]) == len(found[2]) else 0
    return [str(each).zfill(width) for each in range(first, last + 1)]


def _is_shard(text: str) -> bool:
    return bool(kind_of(text)) and (is_address(text) or not os.path.isdir(text))


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[") and not exists(text)


def _matches(pattern: str, exclude: str) -> list[str]:
    """The shards that match a pattern, but for those in a folder that lies below its beginning."""
    found = [path for path in find_matches(pattern) if _is_shard(path)]
    below = _whole(exclude).rstrip("/") + "/" if exclude else ""
    if not below or f"{_home(pattern)}/".startswith(below):
        return found
    return [path for path in found if not _whole(path).startswith(below)]


def _whole(path: str) -> str:
    return path if is_address(path) else os.path.abspath(path).replace(os.sep, "/")


def _home(word: str) -> str:
    """The folder before the first sign that stands for others."""
    if not exists(word):
        word = word[: min((word.index(sign) for sign in _SIGNS if sign in word), default=len(word))]
    folder, slash, _ = word.rpartition("/") if is_address(word) else word.replace(os.sep, "/").rpartition("/")
    return _whole(folder or (slash or "."))


def _common_root(homes: Sequence[str]) -> str:
    first, *others = [each.split("/") for each in homes]
    common = 0
    while all(common < len(each) and each[common] == first[common] for each in (first, *others)):
        common += 1
        if common == len(first):
            break
    root = "/".join(first[:common])
    bare = root.partition("://")[2] if is_address(homes[0]) else root or "/"
    if not bare or len(set(map(is_address, homes))) > 1:
        raise ValueError("the shards have no folder in common; crop them in several runs")
    return root or "/"
