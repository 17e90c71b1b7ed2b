"""A folder of small pictures and shards of them, and runs by each engine, whose files are to be the same."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from made_pictures import save_picture
from PIL import Image

import salient_crop
from salient_crop.datasets.shards.tar import TarWriter
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


SHARDS, IN_SHARD = 5, 12


def make_shards(folder: Path) -> Path:
    """Tars of small pictures with captions, in each one that is none."""
    for shard in range(SHARDS):
        written = io.BytesIO()
        with TarWriter(written) as tar:
            for number in range(IN_SHARD):
                save_picture(folder / "made.png", (60 + number, 40 + 5 * shard), seed=number)
                tar.add(f"{number:02}.png", (folder / "made.png").read_bytes())
                tar.add(f"{number:02}.txt", f"{shard}, {number}".encode())
            tar.add("bad.png", b"no picture")
        (folder / f"{shard}.tar").write_bytes(written.getvalue())
    return folder
