"""Annotations of many pictures by the names that a file has for them."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...images.errors import PictureError
from ...printable import escape
from .boxes import Annotation, unite

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file has for one picture.

    Attributes:
        name: of the picture, as the file has it.
        annotation: of the picture; None where it is malformed.
        fault: what is wrong with it, or empty.
    """

    name: str
    annotation: Annotation | None
    fault: str = ""


class AnnotationIndex:
    """The annotations of one file.

    A picture is found by its path relative to the folder of the pictures. The file may name it with further folders
    before it, since data sets are moved: `/home/me/trip/a.jpg` stands for `trip/a.jpg` and for `a.jpg`.

    Args:
        file: that they come from.
        entries: of the file; several of one name are united.
        faults: what is wrong with parts of the file of which nobody can say which picture they are about.
    """

    def __init__(self, file: Path, entries: Iterable[Entry], faults: Iterable[str] = ()) -> None:
        self.file, self.faults = file, tuple(faults)
        self._by_last: dict[str, dict[Parts, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        for entry in entries:
            parts = _parts(entry.name)
            if parts:
                self._by_last[parts[-1]][parts].append(entry)

    def find(self, source: str) -> Annotation | None:
        """The annotation of a picture; None where the file does not name it.

        Args:
            source: POSIX path relative to the folder of the pictures.

        Raises:
            PictureError: when it is malformed, or several pictures of the file may be the one; names the file.
        """
        entries = self._entries(source)
        faulty = next((each for each in entries if each.fault), None)
        if faulty is not None:
            raise PictureError(self.file, faulty.fault)
        found = [each.annotation for each in entries if each.annotation is not None]
        if not found:
            return None
        if len({each.size for each in found}) > 1:
            raise PictureError(self.file, f"measures {escape(entries[0].name)} on several sizes")
        return unite(found)

    def names(self, source: str) -> bool:
        """Whether the file names a picture."""
        wanted = _parts(source)
        return any(parts[-len(wanted) :] == wanted for parts in self._by_last.get(wanted[-1], ()))

    def _entries(self, source: str) -> list[Entry]:
        wanted = _parts(source)
        named = self._by_last.get(wanted[-1], {})
        if wanted in named:
            return named[wanted]
        longer = [parts for parts in named if parts[-len(wanted) :] == wanted]
        if len(longer) > 1:
            names = " and ".join(escape(named[parts][0].name) for parts in longer[:2])
            raise PictureError(self.file, f"names several pictures that may be this one: {names}")
        return named[longer[0]] if longer else []


def _parts(name: str) -> Parts:
    """The folders and the name of a path of either system, composed as most systems compose letters."""
    text = unicodedata.normalize("NFC", name.replace("\\", "/"))
    return tuple(part for part in text.split("/") if part not in ("", "."))
