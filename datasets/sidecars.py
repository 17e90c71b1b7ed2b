"""Sidecar files: what belongs to the pictures of a folder, captions and masks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..images.decode import Picture
from ..images.errors import PictureError
from .atomic import write_atomic
from .caption_index import CAPTION_INDEX_NAMES, CaptionIndex, read_caption_index
from .captions import copy_captions, find_caption_files, read_caption
from .find import MASK_SUFFIX


class Sidecars:
    """Captions and masks of the pictures in and below a folder.

    A caption is the `.txt` or `.caption` beside its picture, else the entry in the nearest file of
    `CAPTION_INDEX_NAMES`, in the picture's folder or one above it, up to this one. A mask is `name-masklabel.png`
    beside its picture, or the picture of the same relative name in the folder of masks.

    Args:
        folder: of the pictures; nothing above it is read.
        masks: folder of masks, in the same tree as the pictures; None for those beside only.
    """

    def __init__(self, folder: Path, masks: Path | None = None) -> None:
        self._folder, self._masks = folder, masks
        self._indexes: dict[Path, CaptionIndex] = {}

    def list_files(self, picture: Path) -> list[Path]:
        """All files that the caption and the mask of a picture come from."""
        captions: list[Path | None] = [*find_caption_files(picture).values()] or [self._find_index(picture)]
        return [file for file in (*captions, self.find_mask(picture)) if file is not None]

    def read_caption(self, picture: Path) -> str:
        """The caption of a picture, stripped; empty when it has none.

        Raises:
            PictureError: when it is there and cannot be read; its path is that of the file with the captions.
        """
        if find_caption_files(picture):
            return read_caption(picture)
        file = self._find_index(picture)
        if file is None:
            return ""
        if file not in self._indexes:
            self._indexes[file] = read_caption_index(file)
        return self._indexes[file].caption(picture.relative_to(file.parent).as_posix())

    def copy_captions(self, picture: Path, crops: Sequence[Path]) -> None:
        """Puts the caption beside each of the crops: the same files where the picture has its own, else a `.txt`.

        Raises:
            PictureError: when a caption cannot be read.
            OSError: when one cannot be written.
        """
        if find_caption_files(picture):
            copy_captions(picture, crops)
        elif caption := self.read_caption(picture):
            for crop in crops:
                write_atomic(crop.with_suffix(".txt"), caption.encode() + b"\n")

    def find_mask(self, picture: Path) -> Path | None:
        """The file of a picture's mask, or None."""
        beside = picture.with_name(picture.stem + MASK_SUFFIX)
        if os.path.isfile(beside):
            return beside
        if self._masks is None:
            return None
        same_name = self._masks / picture.relative_to(self._folder)
        return next((file for file in (same_name.with_suffix(".png"), same_name) if os.path.isfile(file)), None)

    def open_mask(self, picture: Picture) -> Picture | None:
        """The mask of a picture, or None.

        Raises:
            PictureError: when it cannot be read, or is not as large as its picture; its path is the mask's.
        """
        file = self.find_mask(picture.path)
        if file is None:
            return None
        mask = picture.open_beside(file)
        if mask.info.size != picture.info.size:
            sizes = (f"{width}×{height}" for width, height in (mask.info.size, picture.info.size))
            raise PictureError(file, "a mask of {}, but its picture has {}".format(*sizes))
        return mask

    def _find_index(self, picture: Path) -> Path | None:
        folders = [picture.parent]
        while folders[-1] != self._folder and self._folder in folders[-1].parents:
            folders.append(folders[-1].parent)
        files = (folder / name for folder in folders for name in CAPTION_INDEX_NAMES)
        return next((file for file in files if os.path.isfile(file)), None)
