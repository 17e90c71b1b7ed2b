"""What decoding takes of memory, beside what `images/cost.py` estimates from the header, for each format and mode.

python benchmarks/decoding.py [--megapixels 16] [--only tiff]

Each picture is drawn, then in a process of its own reduced to a thumbnail, cropped and encoded; an endless budget notes
what it is asked for. A ratio above 1 is an estimate that is too low. Needs Linux, which tells the peak of a process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, features

SIDE = 512  # short side of thumbnails in pixels

LZW = ("L", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "I", "F")
# Mode, extension, options of Pillow's `save`.
KINDS = (
    *[(mode, "jpg", {"quality": 90}) for mode in ("L", "RGB", "CMYK")],
    ("RGB", "jpg", {"quality": 90, "progressive": True}),
    ("CMYK", "jpg", {"quality": 90, "progressive": True}),
    *[(mode, "png", {"compress_level": 1}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")],
    ("P", "png", {"compress_level": 1, "transparency": 0}),
    ("RGB", "png", {"compress_level": 1, "transparency": (0, 0, 0)}),
    *[(mode, "webp", {"quality": 80, "method": 0}) for mode in ("RGB", "RGBA")],
    ("RGBA", "webp", {"lossless": True, "quality": 0, "method": 0}),
    *[(mode, "avif", {"quality": 60, "speed": 10}) for mode in ("L", "RGB", "RGBA")],
    ("RGBA", "avif", {"quality": 60, "speed": 10, "subsampling": "4:4:4"}),
    *[(mode, "tiff", {}) for mode in ("1", "L", "RGB", "I;16", "F")],
    *[(mode, "tiff", {"compression": "tiff_lzw"}) for mode in LZW],
    ("RGB", "tiff", {"compression": "jpeg"}),
    ("YCbCr", "tiff", {"compression": "jpeg"}),
    *[(mode, "bmp", {}) for mode in ("1", "L", "P", "RGB")],
    ("P", "gif", {}),
)
TURNED = (("RGB", "jpg", {"quality": 90}), ("RGBA", "png", {"compress_level": 1}), ("RGB", "tiff", {}))
# How crops are made: as a share of the sides, and encoded as.
CROPS = ((1.0, "jpg"), (1.0, "png"), (1.0, "webp"), (0.7, "jpg"), (0.25, "jpg"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=16)
    parser.add_argument("--only", default="", help="formats with this in their extension")
    parser.add_argument("--inside", nargs=3, metavar=("FILE", "SHARE", "FORMAT"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        file, share, kind = chosen.inside
        print(json.dumps(measure(Path(file), float(share), kind)))
        return
    print(f"{'':44}{'peak':>8}{'B/px':>7}{'estimate':>10}{'ratio':>7}")
    with tempfile.TemporaryDirectory() as scratch:
        for name, file in draw_pictures(Path(scratch), int(chosen.megapixels * 1e6), chosen.only):
            for share, kind in CROPS:
                print_line(f"{name} to {share:g} {kind}", file, share, kind)
            file.unlink()


def draw_pictures(folder: Path, pixels: int, only: str) -> Iterator[tuple[str, Path]]:
    """A picture of each kind, noisy so that it compresses badly, and its name."""
    height = int((pixels / 1.5) ** 0.5)
    noise = np.random.default_rng(0).integers(0, 256, (height, int(height * 1.5), 4), np.uint8)
    turned = Image.Exif()
    turned[0x0112] = 6
    kinds = [*KINDS, *[(mode, extension, {**options, "exif": turned}) for mode, extension, options in TURNED]]
    for mode, extension, options in kinds:
        if only not in extension or (extension == "avif" and not features.check("avif")):
            continue
        words = " ".join("turned" if name == "exif" else f"{value}" for name, value in options.items())
        file = folder / f"a.{extension}"
        draw(noise, mode).save(file, **options)
        yield f"{extension} {mode} {words}", file


def draw(noise: np.ndarray, mode: str) -> Image.Image:
    if mode in ("RGB", "RGBA", "CMYK"):
        return Image.fromarray(np.ascontiguousarray(noise[..., : len(mode)]), mode)
    if mode in ("I;16", "I", "F"):
        return Image.fromarray(noise[..., 0].astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]))
    if mode == "LAB":
        return Image.frombytes("LAB", noise.shape[1::-1], noise[..., :3].tobytes())
    picture = Image.fromarray(noise[..., 0])
    if mode == "P":
        picture.putpalette(list(range(256)) * 3)
    return picture if mode in ("L", "P") else picture.convert(mode)


def print_line(name: str, file: Path, share: float, kind: str) -> None:
    command = [sys.executable, __file__, "--inside", str(file), str(share), kind]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    peak, estimate = found["peak"], found["estimate"]
    print(f"{name:44}{peak / 1e6:8.0f}{peak / found['pixels']:7.1f}{estimate / 1e6:10.0f}{peak / estimate:7.2f}")


def measure(file: Path, share: float, kind: str) -> dict[str, int]:
    """The peak of memory of one picture's way, the most that it asked for, and its number of pixels."""
    from salient_crop.images.decode import Picture, Terms
    from salient_crop.images.encode import encode

    warnings.simplefilter("ignore")
    noted = Noted()
    before = resident_memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    picture = Picture(file, terms=Terms(noted, Picture, kind))
    width, height = picture.info.size
    picture.small(SIDE)
    target = max(1, int(width * share)), max(1, int(height * share))
    encode(picture.crop((0, 0, width, height), target), kind)
    return {"peak": resident_memory("VmHWM") - before, "estimate": noted.most, "pixels": width * height}


class Noted:
    """A share that gives what it is asked for, and notes the most."""

    most = 0

    def cover(self, owner: object, need: int) -> None:
        self.most = max(self.most, need)


def resident_memory(name: str) -> int:
    """Bytes, by the name that the kernel gives them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


if __name__ == "__main__":
    main()
