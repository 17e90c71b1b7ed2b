"""Crops with their captions and masks, in the same folders as their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..captions import add_words, decode_caption, write_captions
from ..folder_writer import FolderWriter
from ..sidecars import Sidecars
from .base import NO_WORDS, DatasetFormat, Size


class Plain(DatasetFormat):
    """No trainer in particular: caption files are copied byte for byte, and the folder may hold other pictures."""

    name = "plain"
    summary = "crops and captions in the folders of their sources, nothing else"
    reads_subfolders = True
    reads_all_pictures = False

    def recropped_size(self, size: Size, resolution: int) -> Size | None:
        return None

    def write_captions(
        self,
        out: FolderWriter,
        crop_paths: Sequence[str],
        picture: Path,
        sidecars: Sidecars,
        words: Mapping[str, str] = NO_WORDS,
    ) -> None:
        contents = sidecars.read_captions(picture)
        for crop_path in crop_paths:
            own = _with_words(contents, words[crop_path]) if crop_path in words else contents
            write_captions(out, crop_path, own)


def _with_words(contents: Mapping[str, bytes], words: str) -> dict[str, bytes]:
    """The content of caption files with a few words more; a `.txt` of them alone where there is none."""
    found = contents or {".txt": b""}
    return {extension: add_words(decode_caption(each), words).encode() + b"\n" for extension, each in found.items()}
