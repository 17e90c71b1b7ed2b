"""The training pictures and their labels, read from a folder laid out as follows:

    gaze/fixations.json, gaze/images/     fixations of several viewers, and face boxes in crowds
    people/images/, people/masks/         people and their masks
    pets/ (optional)                      images/ of one animal each, masks/, and heads.json: the heads of some
    flms/images/ (optional)               photographs with animals among them

and from any folder of other photographs, at any depth; with our own labels of heads, and the teachers' (see
`label.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Any

from ...cropping.checks import Region
from .teachers import holds_centre

HUMAN_MASK_WEIGHT, TEACHER_MASK_WEIGHT = 1.0, 0.4  # in the loss, by who made the mask
MIN_CONFIDENCE = 0.75  # of a teacher's head; less confident ones are ignored, neither positive nor negative examples
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
GROUPS = ("osie", "crowd", "scene", "people", "pets", "flms", "photo")
HEADS_BY_HAND = Path(__file__).with_name("heads_by_hand.json")


@dataclass(frozen=True)
class LabelledPicture:
    """One training picture.

    Attributes:
        path: of the photograph.
        group: one of `GROUPS`: the folder, or in `gaze/` the data set.
        fixations: relative (x, y) of all fixations of all viewers.
        mask: file of the subject's mask; it may not exist.
        mask_weight: of the mask in the loss.
        heads: boxes of people's whole heads; None when nobody looked for heads.
        uncertain_heads: boxes of what may be heads.
        animal_heads: boxes of animals' whole heads, beside those of `heads`.
    """

    path: Path
    group: str
    fixations: tuple[tuple[float, float], ...]
    mask: Path
    mask_weight: float
    heads: tuple[Region, ...] | None = None
    uncertain_heads: tuple[Region, ...] = ()
    animal_heads: tuple[Region, ...] = ()

    @property
    def all_heads(self) -> tuple[Region, ...]:
        """The heads of people, then of animals."""
        return (*(self.heads or ()), *self.animal_heads)

    @property
    def held_out(self) -> bool:
        """Whether it is kept for validation."""
        return is_held_out(self.path.name)


def is_held_out(name: str) -> bool:
    """Whether a file is kept for validation: a tenth of all, by the hash of the name, so the same tenth everywhere."""
    return int(sha1(name.encode()).hexdigest()[:8], 16) % 10 == 0


def read_pictures(data: Path, labels: Path, photos: Path | None = None) -> list[LabelledPicture]:
    """All pictures under `data`, and under `photos` where given, with the labels of `labels`."""
    teacher, hand = TeacherLabels.read(labels), HandLabels.read()
    return [
        *_read_gaze(data / "gaze", teacher, hand),
        *_read_people(data / "people", teacher, hand),
        *_read_pets(data / "pets"),
        *_read_photos(data / "flms" / "images", "flms", teacher, hand),
        *(_read_photos(photos, "photo", teacher, hand) if photos else ()),
    ]


@dataclass(frozen=True)
class HandLabels:
    """Boxes of whole heads, hats and buns included, that we drew ourselves: picture's stem → relative boxes.

    Attributes:
        people: heads of people, all those of a photograph of `people/`.
        animals: heads of animals, all those of a picture of `gaze/` or `flms/`.
    """

    people: Mapping[str, tuple[Region, ...]]
    animals: Mapping[str, tuple[Region, ...]]

    @classmethod
    def read(cls) -> HandLabels:
        """Reads our file, whose numbers are hundredths of width and height."""
        stored = json.loads(HEADS_BY_HAND.read_text())
        return cls(*(_from_hundredths(stored[kind]) for kind in ("people", "animals")))


def _from_hundredths(boxes: Mapping[str, list[list[int]]]) -> dict[str, tuple[Region, ...]]:
    return {
        stem: tuple((x1 / 100, y1 / 100, x2 / 100, y2 / 100) for x1, y1, x2, y2 in each) for stem, each in boxes.items()
    }


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

    def head_fields(self, path: Path, animals: Sequence[Region] = ()) -> dict[str, Any]:
        """The fields `heads`, `uncertain_heads` and `animal_heads` of a picture.

        Args:
            path: of the picture.
            animals: heads of its animals; what the teacher took for a person there is left out.
        """
        if path.name not in self.heads:
            return {"heads": None, "animal_heads": tuple(animals)}
        boxes = [box for box in self.heads[path.name] if not any(holds_centre(animal, box) for animal in animals)]
        certain = tuple(tuple(box[:4]) for box in boxes if box[4] >= MIN_CONFIDENCE)
        doubtful = tuple(tuple(box[:4]) for box in boxes if box[4] < MIN_CONFIDENCE)
        return {"heads": certain, "uncertain_heads": doubtful, "animal_heads": tuple(animals)}


def _read_gaze(folder: Path, teacher: TeacherLabels, hand: HandLabels) -> Iterator[LabelledPicture]:
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
            **({"heads": heads} if heads else teacher.head_fields(path, hand.animals.get(path.stem, ()))),
        )


def _read_people(folder: Path, teacher: TeacherLabels, hand: HandLabels) -> Iterator[LabelledPicture]:
    for path in sorted((folder / "images").iterdir()):
        by_hand = hand.people.get(path.stem)
        fields = teacher.head_fields(path) if by_hand is None else {"heads": by_hand}
        yield LabelledPicture(path, "people", (), folder / "masks" / f"{path.stem}.png", HUMAN_MASK_WEIGHT, **fields)


def _read_pets(folder: Path) -> Iterator[LabelledPicture]:
    if not folder.is_dir():
        return
    for name, entry in json.loads((folder / "heads.json").read_text()).items():
        path, fields = folder / "images" / name, {}
        if entry["head"]:
            x1, y1, x2, y2 = entry["head"]
            width, height = entry["width"], entry["height"]
            fields = {"heads": (), "animal_heads": ((x1 / width, y1 / height, x2 / width, y2 / height),)}
        yield LabelledPicture(path, "pets", (), folder / "masks" / f"{path.stem}.png", HUMAN_MASK_WEIGHT, **fields)


def _read_photos(folder: Path, group: str, teacher: TeacherLabels, hand: HandLabels) -> Iterator[LabelledPicture]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in IMAGE_SUFFIXES:
            fields = teacher.head_fields(path, hand.animals.get(path.stem, ()))
            yield LabelledPicture(path, group, (), teacher.mask(path), TEACHER_MASK_WEIGHT, **fields)
