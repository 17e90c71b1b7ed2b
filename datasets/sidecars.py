"""What belongs to the pictures of a folder: captions beside them or in one file for all, and masks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ..images.decode import Picture
from ..images.errors import PictureError, reading
from .atomic import open_atomic
from .captions import copy_captions, find_caption_files, read_caption
from .find import MASK_SUFFIX

# Files with the captions of a whole folder, the first that is there: Hugging Face's ImageFolder, and what sd-scripts'
# tools write, the last step first.
CAPTIONS_OF_ALL = ("metadata.jsonl", "meta_lat.json", "meta_clean.json", "meta_cap_dd.json", "meta_cap.json")
_NAMES, _CAPTIONS = ("file_name", "image_path"), ("text", "caption", "prompt")


class Sidecars:
    """Captions and masks of the pictures in and below a folder.

    A caption is the `.txt` or `.caption` beside its picture, else what the nearest file of `CAPTIONS_OF_ALL` says, in
    the picture's folder or one above it, up to this one. A mask is `name-masklabel.png` beside its picture, or the
    picture of the same relative name in the folder of masks.

    Args:
        folder: of the pictures; nothing above it is read.
        masks: folder of masks, in the same tree as the pictures; None for those beside only.
    """

    def __init__(self, folder: Path, masks: Path | None = None) -> None:
        self._folder, self._masks = folder, masks
        self._told: dict[Path, Mapping[str, str]] = {}

    def list_files(self, picture: Path) -> list[Path]:
        """All files that the caption and the mask of a picture come from."""
        beside: list[Path | None] = list(find_caption_files(picture).values()) or [self._file_of_all(picture)]
        return [each for each in (*beside, self.find_mask(picture)) if each is not None]

    def read_caption(self, picture: Path) -> str:
        """The caption of a picture, stripped; empty when it has none.

        Raises:
            PictureError: when it is there and cannot be read; its path is that of the file with the captions.
        """
        if find_caption_files(picture):
            return read_caption(picture)
        file = self._file_of_all(picture)
        if file is None:
            return ""
        if file not in self._told:
            self._told[file] = _captions_in(file)
        place = PurePosixPath(picture.relative_to(file.parent).as_posix())
        names = (str(place), str(place.with_suffix("")), place.name, place.stem)
        return next((self._told[file][name] for name in names if name in self._told[file]), "")

    def copy_captions(self, picture: Path, crops: Sequence[Path]) -> None:
        """Puts the caption beside each of the crops: the same files where it has its own, else a `.txt`.

        Raises:
            PictureError: when a caption cannot be read.
            OSError: when one cannot be written.
        """
        if find_caption_files(picture):
            copy_captions(picture, crops)
        elif caption := self.read_caption(picture):
            for crop in crops:
                with open_atomic(crop.with_suffix(".txt")) as file:
                    file.write(caption.encode() + b"\n")

    def find_mask(self, picture: Path) -> Path | None:
        """The file of a picture's mask, or None."""
        beside = picture.with_name(picture.stem + MASK_SUFFIX)
        if beside.is_file():
            return beside
        if self._masks is None:
            return None
        same = self._masks / picture.relative_to(self._folder)
        return next((each for each in (same.with_suffix(".png"), same) if each.is_file()), None)

    def open_mask(self, picture: Picture) -> Picture | None:
        """The mask of a picture, or None.

        Raises:
            PictureError: when it cannot be read, or is not as large as its picture; its path is the mask's.
        """
        file = self.find_mask(picture.path)
        if file is None:
            return None
        mask = Picture(file)
        if mask.info.size != picture.info.size:
            sizes = (f"{width}×{height}" for width, height in (mask.info.size, picture.info.size))
            raise PictureError(file, "a mask of {}, but its picture has {}".format(*sizes))
        return mask

    def _file_of_all(self, picture: Path) -> Path | None:
        folders = [picture.parent]
        while folders[-1] != self._folder and self._folder in folders[-1].parents:
            folders.append(folders[-1].parent)
        files = (folder / name for folder in folders for name in CAPTIONS_OF_ALL)
        return next((file for file in files if file.is_file()), None)


def _captions_in(file: Path) -> dict[str, str]:
    """Captions by what the file calls their pictures: a path relative to it; sd-scripts leaves the extension out."""
    with reading(file):
        text = file.read_bytes().decode("utf-8-sig")
        entries: Iterable[tuple[str, Any]]
        if file.suffix == ".jsonl":
            entries = [_named(json.loads(line)) for line in text.splitlines() if line.strip()]
        else:
            entries = json.loads(text).items()
        return {_relative(name, file.parent): _caption(entry) for name, entry in entries if name}


def _named(entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return next((str(entry[name]) for name in _NAMES if name in entry), ""), entry


def _caption(entry: dict[str, Any]) -> str:
    """sd-scripts puts tags after the caption, so we do."""
    parts = [next((entry[name] for name in _CAPTIONS if entry.get(name)), ""), entry.get("tags") or ""]
    return ", ".join(str(part).strip() for part in parts if str(part).strip())


def _relative(name: str, folder: Path) -> str:
    """A path below the folder; of one elsewhere, its name (data sets are moved)."""
    path = PurePosixPath(name.replace("\\", "/"))
    home = PurePosixPath(folder.as_posix())
    if path.is_relative_to(home):
        return str(path.relative_to(home))
    return path.name if path.is_absolute() or ":" in path.parts[0] else str(path)
