"""A data folder laid out like the real one, with four tiny pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three pictures of a crowd with fixations, and one of a single person; labels in `labels/`."""
    rng = np.random.default_rng(5)
    for folder in ("gaze/images", "people/images", "people/masks", "labels/masks"):
        (tmp_path / folder).mkdir(parents=True)
    entries = []
    for number in range(3):
        name = f"crowd_{number}.jpg"
        Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(tmp_path / "gaze" / "images" / name)
        faces = [[10, 10, 12, 14, 1, 0, 0, 0]]
        entries.append({"image": name, "width": 64, "height": 48, "fixations": [[[16, 17], [50, 30]]], "faces": faces})
    (tmp_path / "gaze" / "fixations.json").write_text(json.dumps(entries))
    Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(tmp_path / "people" / "images" / "p.jpg")
    mask = np.zeros((48, 64), np.uint8)
    mask[8:40, 20:40] = 255
    Image.fromarray(mask).save(tmp_path / "people" / "masks" / "p.png")
    (tmp_path / "labels" / "heads.json").write_text(
        json.dumps({"p.jpg": [[0.3, 0.1, 0.6, 0.5, 0.9], [0, 0, 0.1, 0.1, 0.6]]})
    )
    return tmp_path


@pytest.fixture
def with_animals(data: Path) -> Path:
    """`data` with two pets, the head of one of them known, and a photograph of FLMS without any label."""
    rng = np.random.default_rng(6)
    for folder in ("pets/images", "pets/masks", "flms/images"):
        (data / folder).mkdir(parents=True)
    for path in ("pets/images/cat.jpg", "pets/images/dog.jpg", "flms/images/f.jpg"):
        Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(data / path)
    mask = np.zeros((48, 64), np.uint8)
    mask[20:40, 8:50] = 255
    for name in ("cat", "dog"):
        Image.fromarray(mask).save(data / "pets" / "masks" / f"{name}.png")
    sizes = {"width": 64, "height": 48}
    heads = {"cat.jpg": {**sizes, "head": [8, 12, 40, 36]}, "dog.jpg": {**sizes, "head": None}}
    (data / "pets" / "heads.json").write_text(json.dumps(heads))
    return data


@pytest.fixture
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training at a few thousand pixels a picture."""
    monkeypatch.setattr("salient_crop.training.focus.batches.PART_SIZES", ((64, 64), (96, 64)))
    monkeypatch.setattr("salient_crop.training.focus.bundle.FIRST_AREA", 64 * 64)
    monkeypatch.setattr("salient_crop.training.focus.bundle.SECOND_AREA", 64 * 96)
    monkeypatch.setattr("salient_crop.training.focus.bundle.THIRD_AREA", 64 * 96)
