"""Reads data sets of pictures with crops that people rated: GAICD, CPC, and any folder shaped like them.

Two shapes are read. In the one that HCIC's and CACNet's authors share, `image_crop.json` maps a picture's name to its
`bbox` (or `bboxes`), a list of x1, y1, x2, y2 in pixels, and its `score` (or `scores`). In GAICD's own,
`annotations/<name>.txt` or `annotations/<part>/<name>.txt` holds a line `y1 x1 y2 x2 rating` for each crop; a rating of
-2 means "not rated". Pictures lie anywhere under `images/` (or `image/`).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev

from ..datasets.find import find_pictures

NOT_RATED = -2.0
PICTURE_FOLDERS = ("images", "image")
SPLIT_FILES = ("data_split.json", "original_data_split.json")

PixelBox = tuple[float, float, float, float]
RatedCrop = tuple[PixelBox, float]


@dataclass(frozen=True)
class RatedPicture:
    """A picture's file, and its crops: x1, y1, x2, y2 in pixels, each with its mean rating (higher is better)."""

    path: Path
    crops: tuple[RatedCrop, ...]


def read_rated_pictures(folder: Path, part: str | None = None) -> list[RatedPicture]:
    """The pictures of a data set with at least one rating, sorted by name.

    Args:
        folder: of the data set.
        part: `train`, `test`, …: a list of that name in `data_split.json`, or a folder of that name under `images/`.
            All parts where None.

    Raises:
        FileNotFoundError: when annotations or a picture are missing; names them.
        ValueError: when a file (and line) cannot be parsed, or the part does not exist; names it.
    """
    crops = (
        _read_json(folder / "image_crop.json") if (folder / "image_crop.json").is_file() else _read_text_files(folder)
    )
    picture_folders = [folder / name for name in PICTURE_FOLDERS if (folder / name).is_dir()]
    files = {path.stem: path for each in picture_folders for path in find_pictures(each)}
    stems = crops if part is None else _find_part(folder, part, files)
    missing = next((stem for stem in sorted(stems) if stem in crops and stem not in files), None)
    if missing is not None:
        raise FileNotFoundError(f"{folder}: rated, but not under {' or '.join(PICTURE_FOLDERS)}/: picture {missing!r}")
    pictures = [RatedPicture(files[stem], tuple(crops[stem])) for stem in sorted(stems) if crops.get(stem)]
    if not pictures:
        raise ValueError(f"{folder} holds no rated crops" + (f" in its part {part!r}" if part else ""))
    return pictures


def rating_scale(pictures: Collection[RatedPicture]) -> tuple[float, float]:
    """Mean and standard deviation of all ratings; a deviation of 0 becomes 1, so that one can divide by it."""
    ratings = [rating for picture in pictures for _, rating in picture.crops]
    return fmean(ratings), pstdev(ratings) or 1.0


def _read_json(path: Path) -> dict[str, list[RatedCrop]]:
    try:
        return {
            Path(name).stem: [
                ((float(x1), float(y1), float(x2), float(y2)), float(rating))
                for (x1, y1, x2, y2), rating in zip(
                    each["bboxes" if "bboxes" in each else "bbox"],
                    each["scores" if "scores" in each else "score"],
                    strict=True,
                )
            ]
            for name, each in json.loads(path.read_text(encoding="utf-8")).items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} does not map names to `bbox` and `score` lists of equal length: {error}") from error


def _read_text_files(folder: Path) -> dict[str, list[RatedCrop]]:
    paths = sorted((folder / "annotations").rglob("*.txt"))
    if not paths:
        raise FileNotFoundError(f"{folder} has neither image_crop.json nor annotations/*.txt")
    return {path.stem: _read_crops(path) for path in paths}


def _read_crops(path: Path) -> list[RatedCrop]:
    crops: list[RatedCrop] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            y1, x1, y2, x2, rating = map(float, line.split())
        except ValueError:
            raise ValueError(f"{path}, line {number}: {line!r} is not `y1 x1 y2 x2 rating`") from None
        if rating != NOT_RATED:
            crops.append(((x1, y1, x2, y2), rating))
    return crops


def _find_part(folder: Path, part: str, files: dict[str, Path]) -> set[str]:
    for name in SPLIT_FILES:
        if (folder / name).is_file():
            split = json.loads((folder / name).read_text(encoding="utf-8"))
            if part not in split:
                raise ValueError(f"{folder / name} has no part {part!r}, only {', '.join(split)}")
            return {Path(each).stem for each in split[part]}
    stems = {stem for stem, path in files.items() if path.parent.name == part}
    if not stems:
        raise ValueError(
            f"{folder} has no part {part!r}: neither {SPLIT_FILES[0]} nor pictures in a folder of that name"
        )
    return stems
