"""Folders that attacks take place in: pictures with captions and masks, an output, and what is nobody's business."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from made_pictures import save_picture
from PIL import Image

SECRET = "SECRET WORDS"  # in every text outside
COLOUR = (255, 0, 255)  # of every picture outside

RUNS: dict[str, tuple[str, ...]] = {
    "plain": ("--ratios", "1:1,2:3", "--resolution", "64"),
    "each": ("--ratios", "1:1,3:2", "--each", "--format", "png"),
    "kohya": ("--buckets", "auto:2", "--resolution", "256", "--dataset", "kohya", "--batch-size", "2"),
    "diffusers": ("--buckets", "auto:2", "--resolution", "256", "--dataset", "diffusers", "--duplicates", "skip"),
    "onetrainer": ("--buckets", "auto:2:onetrainer:256", "--resolution", "256", "--dataset", "onetrainer"),
    "comfyui": ("--buckets", "auto:2:square:256", "--resolution", "256", "--dataset", "comfyui", "--format", "webp"),
}
"""Kinds of runs, by the words of the command that differ."""


def crop_words(folder: Path, out: Path, kind: str, *more: str | Path) -> list[str | Path]:
    """The words of a `crop` command."""
    words: list[str | Path] = ["crop", folder, "--out", out, "--cropper", "centre", "--workers", "2"]
    return [*words, *RUNS[kind], *more]


def make_world(folder: Path) -> Path:
    """A copy of the same small world at `folder`: `photos/`, `masks/`, `benchmark/`, and `outside/`."""
    shutil.copytree(_template(), folder, dirs_exist_ok=True)
    return folder


@lru_cache(maxsize=1)
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="world-"))
    photos, outside = folder / "photos", folder / "outside"
    for seed, (name, size) in enumerate(
        {"a.png": (48, 32), "b.jpg": (32, 48), "c.webp": (40, 40), "sub/d.png": (64, 32), "sub/e.jpg": (33, 47)}.items()
    ):
        save_picture(photos / name, size, seed)
    (photos / "broken.jpg").write_bytes(b"no picture")
    (photos / "b.txt").write_text("a caption\n", encoding="utf-8")
    (photos / "c.caption").write_text("another", encoding="utf-8")
    Image.new("L", (48, 32), 200).save(photos / "a-masklabel.png")
    (photos / "sub" / "metadata.jsonl").write_text('{"file_name": "d.png", "text": "from an index"}\n')
    save_picture(folder / "masks" / "sub" / "d.png", (64, 32))
    outside.mkdir()
    (outside / "secret.txt").write_text(SECRET)
    (outside / "id_rsa").write_text(SECRET)
    (outside / "linked.txt").write_text("words with two names")
    (outside / "secret.jsonl").write_text(json.dumps({"file_name": "b.jpg", "text": SECRET}))
    for name in ("secret.png", "b.jpg", "sub/d.png"):
        (outside / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (48, 32), COLOUR).save(outside / name)
    _make_benchmarks(folder / "benchmark")
    return folder


def _make_benchmarks(folder: Path) -> None:
    for name in ("images/a.png", "images/b_1.png"):
        save_picture(folder / name, (120, 80))
    (folder / "masks").mkdir()
    Image.new("L", (120, 80), 255).save(folder / "masks" / "a.png")
    Image.new("L", (120, 80), 255).save(folder / "masks" / "b_1.png")
    low, high = range(4), range(8, 12)
    boxes = [[x * 10 + 5, y * 6 + 3, u * 10 + 5, v * 6 + 3] for x in low for y in low for u in high for v in high]
    rated = {"width": 120, "height": 80, "boxes": boxes[:40], "mos": [sum(each) / 100 for each in boxes[:40]]}
    case = {"image": "a.png", "width": 120, "height": 80, "ratio_h_over_w": 1.0, "pattern": 0}
    case |= {"layout": [0, 0, 60, 40], "truth": [0, 0, 80, 80], "published": [10, 0, 90, 80]}
    looks = {"width": 120, "height": 80, "fixations": [[[5, 45], [90, 45]]], "faces": [[10, 20, 10, 10, 1]]}
    contents: dict[str, object] = {
        "constraints": [case, case | {"person": [10, 10, 50, 70]}],
        "ranking": {"a.png": rated, "b_1.png": rated | {"person": [20, 20, 50, 70]}},
        "boxes": {"a.png": {"width": 120, "crops": [[0, 0, 40, 30], [0, 0, 80, 60]]}},
        "fixations": [{"image": "a.png"} | looks, {"image": "b_1.png"} | looks],
        "heads": {"heads": {"a.png": [[0, 10, 10, 40]], "b_1.png": [[90, 10, 100, 40], [20, 20, 30, 40]]}},
    }
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


def finds_secret(folders: Sequence[Path]) -> str:
    """The first file in folders that holds what lies outside; empty where none does."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            if SECRET.encode() in path.read_bytes():
                return f"{path.name} holds words from outside"
            if path.suffix in (".jpg", ".png", ".webp") and _shows_secret(path):
                return f"{path.name} shows a picture from outside"
    return ""


def _shows_secret(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            pixels = image.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    except OSError:
        return False
    assert isinstance(pixels, tuple)
    return all(abs(found - secret) < 12 for found, secret in zip(pixels, COLOUR, strict=True))
