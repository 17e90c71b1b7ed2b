"""Which pictures a run is about: those of a folder, or pictures and patterns that were named one by one."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..datasets.find import EXTENSIONS, is_picture_name, leads_outside

WILDCARDS = "*?["


@dataclass(frozen=True)
class Sources:
    """The pictures of a run.

    Attributes:
        folder: that their names are relative to.
        names: relative POSIX paths, sorted, each once; None for all pictures in the folder and below it.
    """

    folder: Path
    names: tuple[str, ...] | None = None


def resolve_sources(words: Sequence[str | os.PathLike[str]], exclude: Sequence[Path] = ()) -> Sources:
    """The pictures that a user named: one folder, or any number of pictures and patterns.

    Pictures are named relative to the deepest folder that holds them all. A pattern stands for the pictures that match
    it (`**` for any folders), and counts as lying in the folder before its first wildcard, so that the names do not
    depend on what matches. As in a folder, pictures are known by their extensions, and masks beside pictures and names
    that begin with a dot are left out.

    Args:
        words: paths and patterns. An existing file is never read as a pattern.
        exclude: folders whose pictures match no pattern that begins above them, such as the folder of the crops.

    Raises:
        ValueError: naming the word that is missing, matches nothing, is no picture, or is one folder of several words.
    """
    if not words:
        raise ValueError("name a folder, pictures or a pattern")
    texts = [os.fspath(word) for word in words]
    first, *others = texts
    if not others and (os.path.isdir(first) or not (_is_pattern(first) or os.path.lexists(first))):
        return Sources(Path(first))  # whether it can be listed is for the run to say
    homes: list[str] = []
    files: dict[str, None] = {}
    for text in texts:
        home, found = _matches(text, exclude) if _is_pattern(text) else (os.path.dirname(text), _named(text))
        homes.append(os.path.abspath(home))
        files.update(dict.fromkeys(map(os.path.abspath, found)))
    if not files:
        raise ValueError(f"{', '.join(texts)}: only masks, which belong to pictures, and no picture")
    folder = _common_folder(homes)
    return Sources(folder, tuple(sorted(Path(file).relative_to(folder).as_posix() for file in files)))


def list_neighbours(folder: Path, names: Sequence[str]) -> list[str]:
    """The named pictures, and all that lie in the same folders: relative POSIX paths, sorted."""
    found = set(names)
    for parent in {Path(name).parent for name in names}:
        try:
            with os.scandir(folder / parent) as entries:
                files = [entry.name for entry in entries if not entry.name.startswith(".") and not entry.is_dir()]
        except OSError:  # reading its pictures will say why
            continue
        found |= {(parent / file).as_posix() for file in files if is_picture_name(Path(file))}
    return sorted(found)


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in WILDCARDS) and not os.path.lexists(text)


def _named(text: str) -> list[str]:
    """The file of that name; nothing for a mask, which a shell may have listed with its picture."""
    if os.path.isdir(text):
        raise ValueError(f"{text}: a folder among other words; name one folder alone, or pictures and patterns only")
    if not os.path.lexists(text):
        raise ValueError(f"{text}: there is no such file or folder")
    if Path(text).suffix.lower() not in EXTENSIONS:
        raise ValueError(
            f"{text}: not the name of a picture; put a pattern such as '*' in quotation marks, then only the pictures"
            " that match it are taken"
        )
    return [text] if is_picture_name(Path(text)) else []


def _matches(pattern: str, exclude: Sequence[Path]) -> tuple[str, list[str]]:
    """The folder before the first wildcard, and the pictures that match."""
    home = _fixed_folder(pattern)
    below = [each for each in exclude if _lies_below(each, home)]
    pictures = (each for each in glob.iglob(pattern, recursive=True) if is_picture_name(Path(each)))
    found = [each for each in pictures if not os.path.isdir(each) and all(leads_outside(Path(each), f) for f in below)]
    if not found:
        raise ValueError(f"{pattern}: no picture matches")
    return home, found


def _lies_below(folder: Path, home: str) -> bool:
    return not leads_outside(folder, Path(home)) and os.path.realpath(folder) != os.path.realpath(home)


def _fixed_folder(pattern: str) -> str:
    first = min(pattern.index(sign) for sign in WILDCARDS if sign in pattern)
    return os.path.dirname(pattern[:first])


def _common_folder(folders: Sequence[str]) -> Path:
    try:
        return Path(os.path.commonpath(folders))
    except ValueError as error:  # several drives of Windows
        raise ValueError(f"the pictures have no folder in common ({error}); crop them in several runs") from None
