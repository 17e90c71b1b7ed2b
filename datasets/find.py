"""Which files of a folder are pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

EXTENSIONS = frozenset(
    [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".avif", ".heic", ".heif"]
    + [".tif", ".tiff", ".bmp", ".dib", ".gif"]
)

# Formats that are not read here, and the endings that go with pictures.
_OTHER_FORMATS = frozenset(
    [".jp2", ".j2k", ".jpx", ".jxl", ".jxr", ".psd", ".tga", ".exr", ".hdr", ".svg", ".eps"]
    + [".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw"]
)
_BESIDE = frozenset([".txt", ".caption", ".json", ".xml", ".npz", ".safetensors", ".yaml", ".csv", ".md"])
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")

MASK_SUFFIX = "-masklabel.png"  # beside its picture, as OneTrainer names it; no picture itself

LEADS_OUTSIDE = "a link that leads out of the folder"
"""Why a file is not read that is, or lies behind, such a link."""


def find_pictures(folder: Path | str, exclude: Sequence[Path | str] = (), follow_links: bool = False) -> list[Path]:
    """All pictures in `folder` and the folders below it, by their extension, ordered by their relative POSIX path.

    Names that begin with a dot are not listed (thumbnails, `._` files), nor are masks beside their pictures. What only
    looks like a picture is listed, so that reading it can say what is wrong with it; and so is a folder below whose
    pictures nobody can list.

    Args:
        exclude: folders not to look into, such as the one the crops are written to.
        follow_links: also look into linked folders, each real folder once.

    Raises:
        NotADirectoryError, FileNotFoundError, PermissionError: when `folder` itself cannot be listed.
    """
    root = Path(folder)
    os.scandir(root).close()  # os.walk would answer a missing folder with silence
    excluded = {os.path.realpath(each) for each in exclude}
    closed: list[Path] = []
    found = [path for path in _walk(root, excluded, follow_links, closed) if is_picture_name(path)]
    found += [path for path in closed if os.path.realpath(path) not in excluded]
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def find_misnamed(folder: Path | str, exclude: Sequence[Path | str] = (), follow_links: bool = False) -> list[Path]:
    """The files that `find_pictures` passes over though they look like pictures: those in formats that are not read
    here, and those whose name hides what they are (`photo.jpg_large`, `photo.jpg.1`, or no extension at all).

    Args:
        folder, exclude, follow_links: see `find_pictures`.
    """
    excluded = {os.path.realpath(each) for each in exclude}
    return sorted(path for path in _walk(Path(folder), excluded, follow_links, []) if _looks_like_picture(path))


def _looks_like_picture(path: Path) -> bool:
    """Whether a file is probably a picture, though not by its extension."""
    suffix = path.suffix.lower()
    if suffix in EXTENSIONS or suffix in _BESIDE:
        return False
    if suffix in _OTHER_FORMATS:
        return True
    if suffix:
        return any(f"{each}{sign}" in path.name.lower() for each in EXTENSIONS for sign in "._-~ ")
    if not path.is_file():  # a pipe would wait for a writer
        return False
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(_BEGINNINGS)
    except OSError:
        return False


def natural_key(path: str) -> list[tuple[int, int | str]]:
    """A key that sorts paths as people count: frame2 before frame10.

    >>> sorted(["f10.png", "f2.png", "a/f1.png", "f02.png"], key=natural_key)
    ['a/f1.png', 'f02.png', 'f2.png', 'f10.png']
    """
    parts = re.split(r"([0-9]+)", path)
    key: list[tuple[int, int | str]] = [(0, int(part)) if part[:1].isdecimal() else (1, part) for part in parts if part]
    return [*key, (2, path)]  # for two names of one number


def is_picture_name(path: Path) -> bool:
    """Whether a file is a picture by its extension, and no mask beside one."""
    return path.suffix.lower() in EXTENSIONS and not path.name.endswith(MASK_SUFFIX)


def leads_outside(path: Path, folder: Path) -> bool:
    """True when `path` is, or lies behind, a link to somewhere outside `folder`."""
    real, root = os.path.realpath(path), os.path.realpath(folder)
    try:
        return os.path.commonpath([real, root]) != root
    except ValueError:  # on another drive
        return True


def is_inside(path: Path, folder: Path, identity: tuple[int, int] | None) -> bool:
    """Whether a file that has been opened lies in `folder`: a link may have taken its place since that was looked for.

    Args:
        identity: of the open file, see `Structure`.
    """
    if leads_outside(path, folder):
        return False
    status = os.lstat(os.path.realpath(path))
    return identity is None or identity == (status.st_dev, status.st_ino)


def is_same(first: Path, second: Path) -> bool:
    """Whether two paths lead to one file or folder, which need not exist."""
    return os.path.realpath(first) == os.path.realpath(second)


def _walk(root: Path, excluded: set[str], follow_links: bool, closed: list[Path]) -> Iterator[Path]:
    """Every file below `root`; adds the folders that cannot be listed to `closed`."""
    seen = set(excluded)

    def note(error: OSError) -> None:
        closed.append(Path(error.filename))

    for folder, subfolders, files in os.walk(root, onerror=note, followlinks=follow_links):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        yield from (Path(folder, name) for name in files if not name.startswith("."))
