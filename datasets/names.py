"""Names for the crops: one each, on every file system."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import PurePosixPath


def name_crops(sources: Sequence[str]) -> list[str]:
    """A name without extension for the crops of every source, by their relative POSIX paths, in order.

    A picture keeps its name. Pictures that would then share one (`a.jpg`, `a.png`, and on some file systems `A.jpg`)
    carry their old extension in it. Depends on nothing but the list of names.

    >>> name_crops(["a.jpg", "a.png", "deep/b.jpg"])
    ['a_jpg', 'a_png', 'deep/b']
    """
    stems = [str(PurePosixPath(source).with_suffix("")) for source in sources]
    shared = {name for name, number in Counter(map(_fold, stems)).items() if number > 1}
    taken = {_fold(stem) for stem in stems}
    names = []
    for source, stem in zip(sources, stems, strict=True):
        if _fold(stem) in shared:
            stem = _take_first_free(_with_extension(stem, PurePosixPath(source).suffix[1:]), taken)
        names.append(stem)
    return names


def name_repeats(names: Sequence[str], times: Sequence[int]) -> list[list[str]]:
    """The names of the crops of pictures that are used several times: `name`, `name~2`, `name~3` and so on.

    A number whose name belongs to another picture is left out.

    Args:
        names: one for each picture, as `name_crops` gives them.
        times: how often each picture is used; 0 gives no name.

    >>> name_repeats(["a", "b", "b~2"], [0, 3, 1])
    [[], ['b', 'b~3', 'b~4'], ['b~2']]
    """
    taken = {_fold(name) for name in names}
    repeats = []
    for name, number in zip(names, times, strict=True):
        numbered = (f"{name}~{repeat}" for repeat in count(2))
        repeats.append([name, *(_take_first_free(numbered, taken) for _ in range(number - 1))][:number])
    return repeats


def _fold(name: str) -> str:
    """The same text for all names that are one to a file system that ignores case or composes letters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _with_extension(stem: str, extension: str) -> Iterator[str]:
    yield f"{stem}_{extension}"
    yield from (f"{stem}_{extension}_{number}" for number in count(2))


def _take_first_free(names: Iterator[str], taken: set[str]) -> str:
    name = next(name for name in names if _fold(name) not in taken)
    taken.add(_fold(name))
    return name
