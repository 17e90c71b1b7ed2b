"""A folder of annotations: masks and files of boxes of the same names as the pictures, and files about many pictures.

What a file holds is told by its content. Beside what belongs to one picture (`trip/a.png`, `trip/a.json`,
`trip/a.txt`), the folder itself may hold files for all: COCO's, and JSON lines of ours.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import BinaryIO

from ...images.decode import Picture
from ...images.errors import PictureError, reading
from ..caption_index import CAPTION_INDEX_NAMES
from ..find import EXTENSIONS, LEADS_OUTSIDE, MASK_SUFFIX, is_inside, is_same, leads_outside
from ..json_values import MalformedValue, parse_json
from ..open_folder import open_inside, open_regular
from .boxes import Annotation, LabelledRegion, place_boxes
from .coco import is_coco, read_coco
from .index import AnnotationIndex
from .labelme import is_labelme, read_labelme
from .lines import is_line, read_line, read_lines
from .yolo import CLASS_FILES, read_classes, read_yolo

MAX_OF_ONE, MAX_OF_ALL = 128 << 20, 256 << 20
"""Bytes of a file about one picture (LabelMe may put the picture itself into it), and about many."""

_READ = (".json", ".txt")
UNKNOWN = "neither COCO's nor LabelMe's annotations, nor a line of boxes"


@dataclass(frozen=True)
class PictureAnnotations:
    """What a folder has for one picture.

    Attributes:
        mask: its file, or None.
        boxes: on the picture as it is displayed.
    """

    mask: Path | None
    boxes: tuple[LabelledRegion, ...]


class AnnotationFolder:
    """Annotations of the pictures in and below a folder. May be used by several threads.

    Args:
        path: the folder of the annotations; or one file about many pictures.
        pictures: the folder of the pictures. It may be the same one: then only masks named `photo-masklabel.png` are
            masks, and text files that are no boxes are captions.
        follow_links: also read what links lead to outside the folder.
    """

    def __init__(self, path: Path, pictures: Path, follow_links: bool = False) -> None:
        self.path, self._pictures, self._follow_links = path, pictures, follow_links
        self._is_file = path.is_file()
        self._root = path.parent if self._is_file else path
        self._is_shared = is_same(self._root, pictures)
        self._lock = Lock()
        self._classes: dict[Path, list[str]] = {}

    def read(self, picture: Picture, source: str) -> PictureAnnotations:
        """What there is for a picture.

        Args:
            picture: is open.
            source: its POSIX path relative to the folder of the pictures.

        Raises:
            PictureError: when a file is malformed or cannot be read; its path is that file's.
        """
        boxes: list[LabelledRegion] = []
        for file, annotation in self._annotations(source):
            try:
                boxes += place_boxes(annotation, picture.info)
            except MalformedValue as error:
                raise PictureError(file, str(error)) from None
        return PictureAnnotations(self._find_mask(source), tuple(boxes))

    def open_mask(self, picture: Picture, file: Path) -> Picture:
        """The mask of a picture.

        Raises:
            PictureError: when it cannot be read, or lies behind a link that is not to be followed; its path is the
                mask's.
        """
        self._refuse_link(file)
        mask = picture.open_beside(file)
        if not self._follow_links and not is_inside(file, self._root, mask.identity):
            raise PictureError(file, LEADS_OUTSIDE)
        return mask

    def has(self, source: str) -> bool:
        """Whether there is anything for a picture."""
        return bool(self._own_files(source)) or any(each.names(source) for each in self.indexes)

    def state(self, source: str) -> str:
        """Changes whenever a mask, a file of boxes of its own, or what a file about many has for the picture does."""
        files = self._own_files(source)
        files += [each for file in files if file.suffix == ".txt" and (each := self._find_classes(file)) is not None]
        found = []
        for index in self.indexes:
            try:
                annotation = index.find(source)
                found += [] if annotation is None else [repr(annotation)]
            except PictureError as error:
                found.append(error.reason)
        listed = blake2b("\n".join(found).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return " ".join([*(f"{file.name}:{_stamp(file)}" for file in files), listed])

    @cached_property
    def _read_indexes(self) -> tuple[tuple[AnnotationIndex, ...], tuple[str, ...]]:
        indexes, ignored = [], []
        for file in self._list_index_files():
            index = self._read_index(file)
            if index is None and self._is_file:
                raise PictureError(file, UNKNOWN)
            if index is None:
                ignored.append(f"{file.name}: {UNKNOWN}; left out")
            else:
                indexes.append(index)
        return tuple(indexes), () if self._is_shared else tuple(ignored)

    @property
    def indexes(self) -> Sequence[AnnotationIndex]:
        """The files about many pictures.

        Raises:
            PictureError: when one cannot be read as a whole.
        """
        with self._lock:
            return self._read_indexes[0]

    @property
    def faults(self) -> list[str]:
        """What is wrong with parts of the files of which nobody can say which picture they are about, in words."""
        told = [f"{index.file.name}: {fault}" for index in self.indexes for fault in index.faults]
        with self._lock:
            return [*self._read_indexes[1], *told]

    def _annotations(self, source: str) -> Iterator[tuple[Path, Annotation]]:
        for file in self._own_files(source):
            if file.suffix in _READ:
                annotation = self._read_own(file, source)
                if annotation is not None:
                    yield file, annotation
        for index in self.indexes:
            annotation = index.find(source)
            if annotation is not None:
                yield index.file, annotation

    def _own_files(self, source: str) -> list[Path]:
        """The files that belong to one picture alone, the mask first."""
        if self._is_file:
            return []
        mask = self._find_mask(source)
        place = self._root / PurePosixPath(source).with_suffix("")
        named = (place.with_name(place.name + ending) for ending in _READ)
        own = [each for each in named if os.path.isfile(each) and each not in self._index_paths]
        return own if mask is None else [mask, *own]

    def _find_mask(self, source: str) -> Path | None:
        if self._is_file:
            return None
        same = self._root / source
        stem = PurePosixPath(source).stem
        places = [same.with_name(stem + MASK_SUFFIX)]
        if not self._is_shared:
            places += [same.with_name(stem + ".png"), same]
            places += [same.with_name(stem + ending) for ending in sorted(EXTENSIONS)]
        return next((each for each in places if os.path.isfile(each)), None)

    def _read_own(self, file: Path, source: str) -> Annotation | None:
        """The boxes in a file of one picture; None where it is a caption beside its picture."""
        content = self._read_text(file, MAX_OF_ONE)
        try:
            if file.suffix == ".txt":
                return read_yolo(content, self._read_classes(file))
            return _read_json(file, content, source)
        except MalformedValue as error:
            if self._is_shared and file.suffix == ".txt":
                return None
            raise PictureError(file, str(error)) from None

    def _read_classes(self, file: Path) -> list[str] | None:
        classes = self._find_classes(file)
        if classes is None:
            return None
        with self._lock:
            if classes not in self._classes:
                try:
                    self._classes[classes] = read_classes(classes, self._read_text(classes, MAX_OF_ONE, classes.parent))
                except MalformedValue as error:
                    raise PictureError(classes, str(error)) from None
            return self._classes[classes]

    def _find_classes(self, file: Path) -> Path | None:
        """The nearest file of names of classes, up to the folder that this one lies in."""
        folders = [file.parent]
        while folders[-1] != self._root.parent and self._root.parent in folders[-1].parents:
            folders.append(folders[-1].parent)
        places = (folder / name for folder in folders for name in CLASS_FILES)
        return next((each for each in places if os.path.isfile(each)), None)

    @cached_property
    def _index_paths(self) -> frozenset[Path]:
        return frozenset(self._list_index_files())

    def _list_index_files(self) -> list[Path]:
        if self._is_file:
            return [self.path]
        try:
            names = sorted(os.listdir(self._root))
            stems = {Path(name).stem for name in os.listdir(self._pictures) if Path(name).suffix.lower() in EXTENSIONS}
        except OSError as error:
            raise PictureError(self._root, error.strerror or str(error)) from error
        files = [Path(name) for name in names if not name.startswith(".") and name not in CAPTION_INDEX_NAMES]
        wanted = [
            each for each in files if each.suffix == ".jsonl" or each.suffix == ".json" and each.stem not in stems
        ]
        return [self._root / each for each in wanted if os.path.isfile(self._root / each)]

    def _read_index(self, file: Path) -> AnnotationIndex | None:
        """What a file has for many pictures; nothing of a file of a picture that is not there; None of another one."""
        content = self._read_text(file, MAX_OF_ALL)
        try:
            value = parse_json(content)
        except ValueError as error:
            if file.suffix == ".jsonl" or _begins_with_line(content):
                return read_lines(file, content)
            if self._is_shared:  # some tool's captions
                return None
            raise PictureError(file, f"no JSON: {error}") from None
        try:
            if is_coco(value):
                return read_coco(file, value)
        except MalformedValue as error:
            raise PictureError(file, str(error)) from None
        if is_line(value) or file.suffix == ".jsonl":
            return read_lines(file, content if file.suffix == ".jsonl" else " ".join(content.split("\n")))
        # LabelMe's are of one picture, which is not there.
        return AnnotationIndex(file, ()) if is_labelme(value) and not self._is_file else None

    def _read_text(self, file: Path, most: int, root: Path | None = None) -> str:
        root = root or self._root
        self._refuse_link(file, root)
        with reading(file), self._open(file, root) as opened:
            content = opened.read(most + 1)
        if len(content) > most:
            raise PictureError(file, f"more than {most >> 20} MB")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise PictureError(file, f"no text in UTF-8 (byte {error.start})") from None

    def _open(self, file: Path, root: Path) -> BinaryIO:
        return open_regular(file) if self._follow_links else open_inside(file, root)

    def _refuse_link(self, file: Path, root: Path | None = None) -> None:
        if not self._follow_links and leads_outside(file, root or self._root):
            raise PictureError(file, LEADS_OUTSIDE)


def _read_json(file: Path, content: str, source: str) -> Annotation | None:
    """The boxes of a picture in a JSON file of its own name, whichever format that is."""
    try:
        value = parse_json(content)
    except ValueError as error:
        raise MalformedValue(f"no JSON: {error}") from None
    if is_labelme(value):
        return read_labelme(value)
    if is_coco(value):
        return read_coco(file, value).find(source)
    if is_line(value):
        return read_line(value)
    raise MalformedValue(UNKNOWN)


def _begins_with_line(content: str) -> bool:
    try:
        return is_line(parse_json(content.lstrip().partition("\n")[0]))
    except ValueError:
        return False


def _stamp(file: Path) -> str:
    try:
        status = file.stat()
    except OSError:
        return "-"
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"
