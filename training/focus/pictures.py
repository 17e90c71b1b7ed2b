"""What is known of each training picture, read from a folder laid out as `data/`:

    gaze/fixations.json, gaze/images/     fixations of several viewers, and face boxes in crowds
    people/images/, people/masks/         single people and their masks
    photos/ (optional)                    any other photographs, at any depth

and from the teachers' labels beside it (see `label.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Any

Region = tuple[float, float, float, float]  # x1, y1, x2, y2 in 0..1

TRUSTED_MASK, TAUGHT_MASK = 1.0, 0.4
CERTAIN = 0.75  # of a teacher; heads of which it is less sure are neither asked for nor punished


@dataclass(frozen=True)
class Picture:
    """One training picture.

    Attributes:
        path: of the photograph.
        group: "osie", "crowd", "scene", "people" or "photo".
        fixations: relative (x, y) of every fixation of every viewer.
        mask: where the subject's mask is, if the teacher has made one.
        mask_weight: how far it is to be trusted.
        heads: boxes of whole heads; None when nobody looked for them.
        doubts: boxes of what may be heads.
    """

    path: Path
    group: str
    fixations: tuple[tuple[float, float], ...]
    mask: Path
    mask_weight: float
    heads: tuple[Region, ...] | None = None
    doubts: tuple[Region, ...] = ()

    @property
    def held_out(self) -> bool:
        return is_held_out(self.path.name)


def is_held_out(name: str) -> bool:
    """A tenth, by the file's name alone, so that it is the same tenth everywhere."""
    return int(sha1(name.encode()).hexdigest()[:8], 16) % 10 == 0


def read_pictures(data: Path, labels: Path, photos: Path | None = None) -> list[Picture]:
    """Every picture under `data`, and under `photos` where given."""
    taught = Taught.read(labels)
    return [*_gaze(data / "gaze", taught), *_people(data / "people", taught), *_photos(photos, taught)]


@dataclass(frozen=True)
class Taught:
    """The teachers' labels by picture."""

    masks: Path
    heads: dict[str, list[list[float]]]

    @classmethod
    def read(cls, labels: Path) -> Taught:
        file = labels / "heads.json"
        return cls(labels / "masks", json.loads(file.read_text()) if file.is_file() else {})

    def mask(self, path: Path) -> Path:
        return self.masks / f"{path.stem}.png"

    def head_fields(self, path: Path) -> dict[str, Any]:
        """`heads` and `doubts` of a picture."""
        if path.name not in self.heads:
            return {"heads": None}
        found = self.heads[path.name]
        sure = tuple(tuple(box[:4]) for box in found if box[4] >= CERTAIN)
        return {"heads": sure, "doubts": tuple(tuple(box[:4]) for box in found if box[4] < CERTAIN)}


def _gaze(folder: Path, taught: Taught) -> Iterator[Picture]:
    for entry in json.loads((folder / "fixations.json").read_text()):
        path, width, height = folder / "images" / entry["image"], entry["width"], entry["height"]
        points = [(x / width, y / height) for viewer in entry["fixations"] for x, y in viewer]
        labelled = tuple(
            (x / width, y / height, (x + across) / width, (y + down) / height)
            for x, y, across, down, *_ in entry.get("faces", ())
        )
        yield Picture(
            path,
            entry["image"].split("_")[0],
            tuple((x, y) for x, y in points if 0 <= x < 1 and 0 <= y < 1),
            taught.mask(path),
            TAUGHT_MASK,
            # The labelled boxes of the crowds hold the whole head, hair and back of it included: no teacher is needed.
            **({"heads": labelled} if labelled else taught.head_fields(path)),
        )


def _people(folder: Path, taught: Taught) -> Iterator[Picture]:
    by_hand = json.loads(Path(__file__).with_name("heads_by_hand.json").read_text())
    for path in sorted((folder / "images").iterdir()):
        fields = taught.head_fields(path)
        if path.name in by_hand:
            fields["heads"] = tuple(tuple(box) for box in by_hand[path.name])
        yield Picture(path, "people", (), folder / "masks" / f"{path.stem}.png", TRUSTED_MASK, **fields)


def _photos(folder: Path | None, taught: Taught) -> Iterator[Picture]:
    for path in sorted(folder.rglob("*")) if folder else ():
        if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
            yield Picture(path, "photo", (), taught.mask(path), TAUGHT_MASK, **taught.head_fields(path))
