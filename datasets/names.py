"""Names for the crops: one each, on every file system."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from itertools import count
from pathlib import PurePosixPath

_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³")}
_FORBIDDEN = frozenset('<>:"\\|?*') | set(map(chr, range(32)))


def name_crops(sources: Sequence[str]) -> list[str]:
    """A name without extension for the crops of every source, by their relative POSIX paths, in order.

    A picture keeps its name. Pictures that would then share one (`a.jpg`, `a.png`, and on some file systems `A.jpg`)
    carry their old extension in it. Depends on nothing but the list of names.

    >>> name_crops(["a.jpg", "a.png", "deep/b.jpg"])
    ['a_jpg', 'a_png', 'deep/b']
    """
    stems = [str(PurePosixPath(source).with_suffix("")) for source in sources]
    shared = {name for name, number in Counter(map(fold_name, stems)).items() if number > 1}
    taken = {fold_name(stem) for stem in stems}
    names = []
    for source, stem in zip(sources, stems, strict=True):
        if fold_name(stem) in shared:
            stem = _take_first_free(_with_extension(stem, PurePosixPath(source).suffix[1:]), taken)
        names.append(stem)
    return names


def name_repeats(
    names: Sequence[str], times: Sequence[int], claim: Callable[[str], bool] = lambda name: True
) -> list[list[str]]:
    """The names of the crops of pictures that are used several times: `name`, `name~2`, `name~3` and so on.

    A number whose name belongs to another picture is left out.

    Args:
        names: one for each picture, as `name_crops` gives them.
        times: how often each picture is used; 0 gives no name.
        claim: see `PathPlan.claim`; a number that it refuses is left out, too.

    >>> name_repeats(["a", "b", "b~2"], [0, 3, 1])
    [[], ['b', 'b~3', 'b~4'], ['b~2']]
    """
    taken = {fold_name(name) for name in names}
    repeats = []
    for name, number in zip(names, times, strict=True):
        numbered = (each for repeat in count(2) if fold_name(each := f"{name}~{repeat}") not in taken and claim(each))
        repeats.append([name, *(_take_first_free(numbered, taken) for _ in range(number - 1))][:number])
    return repeats


class PathPlan:
    """All paths that a run may write to, each of them for one thing, on every file system.

    Two paths clash where they are one to a file system that ignores case, or one is a folder of the other. Where
    files of two pictures would clash, the one moves whose crop would lie where a mask or caption, or a folder, belongs.

    Args:
        names: of the crops of each picture, as `name_crops` gives them.
        crops_of: the paths of the crops of a name.
        beside_of: the paths of the masks and captions that these may have.
        reserved: paths that belong to no picture, such as that of the manifest.

    Attributes:
        names: the names, with a number at those that had to move.

    >>> def crop(name): return [f"{name}.png"]
    >>> def mask(name): return [f"masks/{name}.png"]
    >>> PathPlan(["photo", "masks/photo"], crop, mask, []).names
    ['photo', 'masks/photo_2']
    """

    def __init__(
        self,
        names: Sequence[str],
        crops_of: Callable[[str], Sequence[str]],
        beside_of: Callable[[str], Sequence[str]],
        reserved: Iterable[str],
    ) -> None:
        self._crops_of, self._beside_of = crops_of, beside_of
        self._claims = Counter(map(fold_name, reserved))
        self._folders: set[str] = set()
        fixed = set(self._claims)
        for name in names:
            self._add(name)
        taken = {fold_name(name) for name in names}
        self.names = []
        for name in names:
            if self._clashes(name, fixed):
                numbered = (f"{name}_{number}" for number in count(2))
                name = next(each for each in numbered if fold_name(each) not in taken and self.claim(each))
            self.names.append(name)

    def claim(self, name: str) -> bool:
        """Takes a name, if all that may be written for it is free."""
        paths = self._paths(name)
        if any(path in self._claims or path in self._folders for path in paths):
            return False
        self._add(name)
        return True

    def _clashes(self, name: str, fixed: Set[str]) -> bool:
        """Whether one of the names that all are given at first has to move."""
        paths = self._paths(name)
        crops = map(fold_name, self._crops_of(name))
        is_fixed = any(path in fixed or path in self._folders for path in paths)
        return is_fixed or any(self._claims[path] > 1 for path in crops)

    def _add(self, name: str) -> None:
        paths = self._paths(name)
        self._claims.update(paths)
        self._folders.update(str(parent) for path in paths for parent in PurePosixPath(path).parents)

    def _paths(self, name: str) -> list[str]:
        return [fold_name(path) for path in (*self._crops_of(name), *self._beside_of(name))]


def fold_name(name: str) -> str:
    """The same text for all names that are one to a file system that ignores case or composes letters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def find_windows_problem(path: str) -> str:
    """Why Windows can hold no file of a relative POSIX path; empty where it can.

    >>> find_windows_problem("trip/con.jpg"), find_windows_problem("trip/conifer.jpg")
    ("'con.jpg' is the name of a device", '')
    """
    for part in path.split("/"):
        if part.split(".")[0].rstrip().upper() in _DEVICES:
            return f"{part!r} is the name of a device"
        if part.endswith((".", " ")):
            return f"{part!r} ends in a dot or a space"
        if not _FORBIDDEN.isdisjoint(part):
            return f'{part!r} has one of the signs < > : " \\ | ? * or a control character'
    return ""


def _with_extension(stem: str, extension: str) -> Iterator[str]:
    yield f"{stem}_{extension}"
    yield from (f"{stem}_{extension}_{number}" for number in count(2))


def _take_first_free(names: Iterator[str], taken: set[str]) -> str:
    name = next(name for name in names if fold_name(name) not in taken)
    taken.add(fold_name(name))
    return name
