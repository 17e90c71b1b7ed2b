"""Tiny made-up data sets of rated crops: a bright patch on dark noise, and crops rated by how much of it they hold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (96, 72)


def gaicd(folder: Path, count: int = 6) -> Path:
    """Shaped like GAICD: images/train, annotations/train/<name>.txt with `y1 x1 y2 x2 rating`."""
    for number in range(count):
        boxes, ratings = _picture(folder / "images" / "train" / f"p{number}.png", number)
        lines = [f"{y1} {x1} {y2} {x2} {rating:.3f}" for (x1, y1, x2, y2), rating in zip(boxes, ratings, strict=True)]
        notes = folder / "annotations" / "train" / f"p{number}.txt"
        notes.parent.mkdir(parents=True, exist_ok=True)
        notes.write_text("\n".join([*lines, "0 0 10 10 -2"]) + "\n")
    return folder


def cpc(folder: Path, count: int = 6) -> Path:
    """Shaped like CPC as HCIC's authors share it: images/ and image_crop.json."""
    crops = {}
    for number in range(count):
        boxes, ratings = _picture(folder / "images" / f"p{number}.png", number)
        crops[f"p{number}.png"] = {"bboxes": boxes, "scores": ratings}
    (folder / "image_crop.json").write_text(json.dumps(crops))
    return folder


def _picture(path: Path, number: int) -> tuple[list[list[int]], list[float]]:
    random = np.random.default_rng(number)
    pixels = random.integers(0, 60, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    x, y = int(random.integers(8, 60)), int(random.integers(6, 44))
    pixels[y : y + 20, x : x + 26] = 255 - pixels[y : y + 20, x : x + 26]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    boxes, ratings = [], []
    for _ in range(14):
        x1, y1 = int(random.integers(0, 40)), int(random.integers(0, 30))
        x2, y2 = int(random.integers(x1 + 40, SIZE[0] + 1)), int(random.integers(y1 + 30, SIZE[1] + 1))
        held = max(0, min(x2, x + 26) - max(x1, x)) * max(0, min(y2, y + 20) - max(y1, y)) / (26 * 20)
        boxes.append([x1, y1, x2, y2])
        ratings.append(1 + 4 * held)
    return boxes, ratings
