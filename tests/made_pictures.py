"""Small pictures drawn from a seed, and what a folder holds."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from salient_crop.datasets.ledger import LEDGER


def save_picture(path: Path, size: tuple[int, int] = (120, 80), seed: int = 0) -> Path:
    """Saves a smooth picture in the format that the extension names; its folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder but the list of what runs have written, by their relative POSIX path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != LEDGER)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def bury(file: Path, folder: Path) -> None:
    """Writes a file of that content so far below `folder / "deep"` that no system takes its path (not on Windows)."""
    (folder / "deep").mkdir()
    descriptor = os.open(folder / "deep", os.O_RDONLY)
    for _ in range(25):
        os.mkdir("n" * 200, dir_fd=descriptor)
        above, descriptor = descriptor, os.open("n" * 200, os.O_RDONLY, dir_fd=descriptor)
        os.close(above)
    with os.fdopen(os.open(file.name, os.O_WRONLY | os.O_CREAT, dir_fd=descriptor), "wb") as copy:
        copy.write(file.read_bytes())
    os.close(descriptor)
