"""Sidecar files: what belongs to the pictures of a folder, captions and masks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..images.decode import Picture
from ..images.errors import PictureError, reading
from .caption_index import CAPTION_INDEX_NAMES, CaptionIndex, read_caption_index
from .captions import decode_caption, find_caption_files
from .find import LEADS_OUTSIDE, MASK_SUFFIX, is_inside, leads_outside
from .open_folder import open_inside, open_regular

MAX_CAPTION = 4_000_000  # bytes; a long one has two thousand


class Sidecars:
    """Captions and masks of the pictures in and below a folder.

    A caption is the `.txt` or `.caption` beside its picture, else the entry in the nearest file of
    `CAPTION_INDEX_NAMES`, in the picture's folder or one above it, up to this one. A mask is `name-masklabel.png`
    beside its picture, or the picture of the same relative name in the folder of masks.

    Args:
        folder: of the pictures; nothing above it is read.
        masks: folder of masks, in the same tree as the pictures; None for those beside only.
        follow_links: also read what links lead to outside these folders.
    """

    def __init__(self, folder: Path, masks: Path | None = None, follow_links: bool = False) -> None:
        self._folder, self._masks, self._follow_links = folder, masks, follow_links
        self._indexes: dict[Path, CaptionIndex] = {}

    def list_files(self, picture: Path) -> list[Path]:
        """All files that the caption and the mask of a picture come from."""
        captions: list[Path | None] = [*find_caption_files(picture).values()] or [self._find_index(picture)]
        return [file for file in (*captions, self.find_mask(picture)) if file is not None]

    def read_caption(self, picture: Path) -> str:
        """The caption of a picture, stripped; empty when it has none. Of several files, that of the first extension.

        Raises:
            PictureError: when it is there and cannot be read, or lies behind a link that is not to be followed; its
                path is that of the file with the captions.
        """
        own = next(iter(find_caption_files(picture).values()), None)
        if own is not None:
            return decode_caption(self._read(own))
        file = self._find_index(picture)
        if file is None:
            return ""
        if file not in self._indexes:
            self._refuse_link(file, self._folder)
            self._indexes[file] = read_caption_index(file, self._open)
        return self._indexes[file].caption(picture.relative_to(file.parent).as_posix())

    def read_captions(self, picture: Path) -> dict[str, bytes]:
        """The content of the caption files that belong beside a picture, by their extension.

        They are its own, byte for byte; or, where it has none, a `.txt` with its caption.

        Raises:
            PictureError: see `read_caption`.
        """
        own = {extension: self._read(file) for extension, file in find_caption_files(picture).items()}
        if own:
            return own
        caption = self.read_caption(picture)
        return {".txt": caption.encode() + b"\n"} if caption else {}

    def find_mask(self, picture: Path) -> Path | None:
        """The file of a picture's mask, or None."""
        return next((file for file, _ in self._masks_of(picture) if os.path.isfile(file)), None)

    def open_mask(self, picture: Picture) -> Picture | None:
        """The mask of a picture, or None.

        Raises:
            PictureError: when it cannot be read, lies behind a link that is not to be followed, or is not as large as
                its picture; its path is the mask's.
        """
        found = next((each for each in self._masks_of(picture.path) if os.path.isfile(each[0])), None)
        if found is None:
            return None
        file, folder = found
        self._refuse_link(file, folder)
        mask = picture.open_beside(file)
        if not self._follow_links and not is_inside(file, folder, mask.identity):
            raise PictureError(file, LEADS_OUTSIDE)
        if mask.info.size != picture.info.size:
            sizes = (f"{width}×{height}" for width, height in (mask.info.size, picture.info.size))
            raise PictureError(file, "a mask of {}, but its picture has {}".format(*sizes))
        return mask

    def _masks_of(self, picture: Path) -> Iterator[tuple[Path, Path]]:
        """Where the mask of a picture may lie, and the folder that it has to lie in."""
        yield picture.with_name(picture.stem + MASK_SUFFIX), self._folder
        if self._masks is not None:
            same_name = self._masks / picture.relative_to(self._folder)
            yield same_name.with_suffix(".png"), self._masks
            yield same_name, self._masks

    def _read(self, file: Path) -> bytes:
        self._refuse_link(file, self._folder)
        with reading(file), self._open(file) as opened:
            content = opened.read(MAX_CAPTION + 1)
        if len(content) > MAX_CAPTION:
            raise PictureError(file, f"a caption of more than {MAX_CAPTION // 10**6} MB")
        return content

    def _open(self, file: Path) -> BinaryIO:
        return open_regular(file) if self._follow_links else open_inside(file, self._folder)

    def _refuse_link(self, file: Path, folder: Path) -> None:
        if not self._follow_links and leads_outside(file, folder):
            raise PictureError(file, LEADS_OUTSIDE)

    def _find_index(self, picture: Path) -> Path | None:
        folders = [picture.parent]
        while folders[-1] != self._folder and self._folder in folders[-1].parents:
            folders.append(folders[-1].parent)
        files = (folder / name for folder in folders for name in CAPTION_INDEX_NAMES)
        return next((file for file in files if os.path.isfile(file)), None)
