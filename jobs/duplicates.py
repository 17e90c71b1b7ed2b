"""Which pictures of a folder are there twice, found in parallel before anything is measured."""

from __future__ import annotations

from collections.abc import Callable

from ..datasets.deduplicate import NEAR, Duplicate, find_duplicates, hash_file, perceptual_hash
from ..datasets.find import leads_outside
from ..images.decode import Picture
from ..images.errors import PictureError
from .executors.threads import map_in_order
from .folder import FolderRun, list_sources

_SEEN = 64  # short side of the thumbnails that perceptual hashes are made of


def find_folder_duplicates(run: FolderRun, progress: Callable[[int, int, str], None]) -> list[Duplicate]:
    """The pictures of the folder that repeat another one, in order of their names.

    Of a group the one with the most pixels is kept, the first of those. What cannot be read is no duplicate.

    Args:
        progress: called after each picture with how many are done, how many there are, and its name.

    Raises:
        RunError: when the folder has no pictures.
    """
    sources = list_sources(run)
    contents: dict[str, str] = {}
    sights: dict[str, int] = {}
    pixels: dict[str, int] = {}
    looked = map_in_order(lambda source: _look(run, source), sources, run.workers)
    for done, (source, found) in enumerate(zip(sources, looked, strict=True), 1):
        if found is not None:
            contents[source], sights[source], pixels[source] = found
        progress(done, len(sources), source)
    largest_first = sorted(contents, key=lambda source: -pixels[source])
    return sorted(find_duplicates(largest_first, contents, sights, NEAR), key=lambda each: each.name)


def describe_duplicate(duplicate: Duplicate) -> str:
    return f"{'the same file as' if duplicate.exact else 'nearly the same picture as'} {duplicate.of}"


def _look(run: FolderRun, source: str) -> tuple[str, int, int] | None:
    path = run.folder / source
    try:
        if not run.follow_links and leads_outside(path, run.folder):
            return None
        picture = Picture(path)
        width, height = picture.info.size
        return hash_file(path), perceptual_hash(picture.small(_SEEN)), width * height
    except PictureError:
        return None
