"""A folder of small pictures, and runs over it by each engine, whose files are to be the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from made_pictures import save_picture
from PIL import Image

import salient_crop
from salient_crop.jobs.progress import Progress
from salient_crop.jobs.run import Outcome

PICTURES = 30
ASKED = {"cropper": "centre", "device": "cpu", "runtime": "torch"}
SORTED = {"buckets": "64x64,64x96", "batch_size": 4, "duplicates": "skip", "dataset": "kohya"}
WAYS: dict[str, dict[str, Any]] = {
    "plain": {"name": "{name}_{ratio}", "save_heatmaps": True},
    "each": {"each": True, "resolution": 64, "format": "webp"},
    "dry": {"dry_run": True},
    "sorted": SORTED,
}


def make_photos(folder: Path) -> Path:
    """Small pictures in two folders with captions and masks, one twice and one that is none."""
    for number in range(PICTURES):
        path = save_picture(folder / f"{number % 2}" / f"{number:02}.png", (60 + number, 80 - number), seed=number)
        path.with_suffix(".txt").write_text(f"picture {number}")
    Image.fromarray(np.full((80, 60), 200, np.uint8)).save(folder / "0" / "00-masklabel.png")
    (folder / "twice.png").write_bytes((folder / "0" / "02.png").read_bytes())
    (folder / "bad.png").write_bytes(b"no picture")
    return folder


def crop(photos: Path | str, out: Path | str, engine: str, progress: Progress | None = None, **more: Any) -> Outcome:
    """Crops them, two at a time where several processes do."""
    ratios = None if "buckets" in more else "1:1,2:3"
    workers = 1 if engine == "threads" else 2
    asked = {"engine": engine, "workers": workers, "progress": progress, **ASKED, **more}
    return salient_crop.crop_folder(photos, out, ratios, **asked)


def tree(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by their paths in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
