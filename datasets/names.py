"""Names for the crops: one each, on every file system."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath


def name_crops(sources: Sequence[str]) -> list[str]:
    """A name without extension for the crops of every source, by their relative POSIX paths, in order.

    A picture keeps its name. Pictures that would then share one (`a.jpg`, `a.png`, and on some systems `A.jpg`) carry
    their old extension in it: `a_jpg`, `a_png`. Depends on nothing but the list of names.
    """
    stems = [str(PurePosixPath(source).with_suffix("")) for source in sources]
    shared = {name for name, count in Counter(map(_folded, stems)).items() if count > 1}
    taken = {_folded(stem) for stem in stems}
    names = []
    for source, stem in zip(sources, stems, strict=True):
        if _folded(stem) in shared:
            stem = _first_free(_alternatives(stem, PurePosixPath(source).suffix[1:]), taken)
            taken.add(_folded(stem))
        names.append(stem)
    return names


def _folded(name: str) -> str:
    """Names that are one to a file system that ignores case or composes letters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _alternatives(stem: str, extension: str) -> Iterable[str]:
    yield f"{stem}_{extension}"
    number = 2
    while True:
        yield f"{stem}_{extension}_{number}"
        number += 1


def _first_free(names: Iterable[str], taken: set[str]) -> str:
    return next(name for name in names if _folded(name) not in taken)
