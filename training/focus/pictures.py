"""The training pictures and their labels, read from a folder laid out as follows:

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

from ...cropping.checks import Region

HUMAN_MASK_WEIGHT, TEACHER_MASK_WEIGHT = 1.0, 0.4  # in the loss, by who made the mask
MIN_CONFIDENCE = 0.75  # of a teacher's head; less confident ones are ignored, neither positive nor negative examples
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
HEADS_BY_HAND = Path(__file__).with_name("heads_by_hand.json")


@dataclass(frozen=True)
class LabelledPicture:
    """One training picture.

    Attributes:
        path: of the photograph.
        group: "osie", "crowd", "scene", "people" or "photo".
        fixations: relative (x, y) of all fixations of all viewers.
        mask: file of the subject's mask; it may not exist.
        mask_weight: of the mask in the loss.
        heads: boxes of whole heads; None when nobody looked for heads.
        uncertain_heads: boxes of what may be heads.
    """

    path: Path
    group: str
    fixations: tuple[tuple[float, float], ...]
    mask: Path
    mask_weight: float
    heads: tuple[Region, ...] | None = None
    uncertain_heads: tuple[Region, ...] = ()

    @property
    def held_out(self) -> bool:
        """Whether it is kept for validation."""
        return is_held_out(self.path.name)


def is_held_out(name: str) -> bool:
    """Whether a file is kept for validation: a tenth of all, by the hash of the name, so the same tenth everywhere."""
    return int(sha1(name.encode()).hexdigest()[:8], 16) % 10 == 0


def read_pictures(data: Path, labels: Path, photos: Path | None = None) -> list[LabelledPicture]:
    """All pictures under `data`, and under `photos` where given, with the labels of `labels`."""
    teacher = TeacherLabels.read(labels)
    return [
        *_read_gaze(data / "gaze", teacher),
        *_read_people(data / "people", teacher),
        *_read_photos(photos, teacher),
    ]


@dataclass(frozen=True)
class TeacherLabels:
    """The labels that other networks gave to the pictures.

    Attributes:
        masks: folder of masks.
        heads: file name → `[x1, y1, x2, y2, confidence]` of each head, relative.
    """

    masks: Path
    heads: dict[str, list[list[float]]]

    @classmethod
    def read(cls, labels: Path) -> TeacherLabels:
        """Reads the folder that `label.py` wrote. Labels may be missing."""
        file = labels / "heads.json"
        return cls(labels / "masks", json.loads(file.read_text()) if file.is_file() else {})

    def mask(self, path: Path) -> Path:
        """The file of a picture's mask."""
        return self.masks / f"{path.stem}.png"

    def head_fields(self, path: Path) -> dict[str, Any]:
        """The fields `heads` and `uncertain_heads` of a picture."""
        if path.name not in self.heads:
            return {"heads": None}
        boxes = self.heads[path.name]
        certain = tuple(tuple(box[:4]) for box in boxes if box[4] >= MIN_CONFIDENCE)
        return {"heads": certain, "uncertain_heads": tuple(tuple(box[:4]) for box in boxes if box[4] < MIN_CONFIDENCE)}


def _read_gaze(folder: Path, teacher: TeacherLabels) -> Iterator[LabelledPicture]:
    for entry in json.loads((folder / "fixations.json").read_text()):
        path, width, height = folder / "images" / entry["image"], entry["width"], entry["height"]
        points = [(x / width, y / height) for viewer in entry["fixations"] for x, y in viewer]
        # The face boxes of the crowds hold the whole head with its hair, and backs of heads too: no teacher is needed.
        heads = tuple(
            (x / width, y / height, (x + across) / width, (y + down) / height)
            for x, y, across, down, *_ in entry.get("faces", ())
        )
        yield LabelledPicture(
            path,
            entry["image"].split("_")[0],
            tuple((x, y) for x, y in points if 0 <= x < 1 and 0 <= y < 1),
            teacher.mask(path),
            TEACHER_MASK_WEIGHT,
            **({"heads": heads} if heads else teacher.head_fields(path)),
        )


def _read_people(folder: Path, teacher: TeacherLabels) -> Iterator[LabelledPicture]:
    by_hand = json.loads(HEADS_BY_HAND.read_text())
    for path in sorted((folder / "images").iterdir()):
        fields = teacher.head_fields(path)
        if path.name in by_hand:
            fields["heads"] = tuple(tuple(box) for box in by_hand[path.name])
        yield LabelledPicture(path, "people", (), folder / "masks" / f"{path.stem}.png", HUMAN_MASK_WEIGHT, **fields)


def _read_photos(folder: Path | None, teacher: TeacherLabels) -> Iterator[LabelledPicture]:
    for path in sorted(folder.rglob("*")) if folder else ():
        if path.suffix.lower() in IMAGE_SUFFIXES:
            yield LabelledPicture(
                path, "photo", (), teacher.mask(path), TEACHER_MASK_WEIGHT, **teacher.head_fields(path)
            )
