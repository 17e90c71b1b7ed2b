"""Which pictures of a folder repeat another one, found in parallel before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..datasets.deduplicate import MAX_DISTANCE, Duplicate, find_duplicates, hash_file, perceptual_hash
from ..datasets.manifest import OK, PictureRecord
from ..images.errors import PictureError
from .corrections import NO_CORRECTIONS
from .picture_tasks import PictureEngine, PictureTask, Workplace
from .progress import COMPARING, StepCounter
from .run import FolderRun
from .stages import open_source

HASHED_SIDE = 64
"""Short side in pixels of the thumbnails that perceptual hashes are made of."""


def find_folder_duplicates(
    run: FolderRun, engine: PictureEngine, sources: Sequence[str], counter: StepCounter
) -> list[Duplicate]:
    """The pictures of the folder that repeat another one, in order of their names.

    Of a group the picture with the most pixels is kept, the first of those. What cannot be read is no duplicate.

    Args:
        run: gives the folder and the number of workers.
        engine: works on the pictures.
        sources: the pictures, relative to the folder.
        counter: gets one step a picture.
    """
    hashes: dict[str, _Hashes] = {}

    def finish(task: PictureTask[_Hashes | None], found: _Hashes | None) -> None:
        if found is not None:
            hashes[task.source] = found
        counter.step(COMPARING, PictureRecord(task.source, None, OK))

    engine(run, NO_CORRECTIONS, (HashTask(source=each) for each in sources), finish)
    largest_first = sorted((each for each in sources if each in hashes), key=lambda source: -hashes[source].pixels)
    contents = {source: each.content for source, each in hashes.items()}
    appearances = {source: each.appearance for source, each in hashes.items()}
    return sorted(find_duplicates(largest_first, contents, appearances, MAX_DISTANCE), key=lambda each: each.name)


def describe_duplicate(duplicate: Duplicate) -> str:
    return f"{'the same file as' if duplicate.exact else 'nearly the same picture as'} {duplicate.kept}"


@dataclass(frozen=True, slots=True)
class _Hashes:
    """`hash_file` and `perceptual_hash` of a picture, and its number of pixels."""

    content: str
    appearance: int
    pixels: int


@dataclass(frozen=True, kw_only=True)
class HashTask(PictureTask["_Hashes | None"]):
    """A picture to be compared with others."""

    def do(self, here: Workplace) -> _Hashes | None:
        return _hash_source(here.run, self.source)

    def as_failed(self, reason: str, done: _Hashes | None = None) -> None:
        return None


def _hash_source(run: FolderRun, source: str) -> _Hashes | None:
    try:
        with open_source(run, source) as picture:
            width, height = picture.info.size
            return _Hashes(hash_file(picture.path), perceptual_hash(picture.small(HASHED_SIDE)), width * height)
    except PictureError:
        return None
