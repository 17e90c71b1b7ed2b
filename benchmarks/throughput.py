"""A folder of photographs to crops of one size: `salient-crop crop` beside smartcrop.py and libvips' smartcrop.

python benchmarks/throughput.py PHOTOGRAPHS [--count 200] [--long-side 480]
python benchmarks/throughput.py PHOTOGRAPHS --count 60 --long-side 4000 [--resolution 1024] [--croppers focus,centre]

All read the same JPEGs and write JPEGs of quality 95, 4:4:4, at the same size, on the same cores: salient-crop in one
process with one thread a core, smartcrop.py in one process a core, libvips with its own threads and as many files at
once as there are cores. Times include the start of the programs. Where OpenVINO is installed, salient-crop is run with
it and without. What is not installed of the others (`pip install smartcrop pyvips pyvips-binary`) is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from _folders import Usage, command_line, copy_photographs, run_and_measure

SIZES = {512: (416, 624), 1024: (832, 1248)}
"""What `--ratios 2:3 --resolution N` gives, by N; the other programs are told, and import nothing of ours."""

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--long-side", type=int, default=0, help="resize them to this first (0: as they are)")
    parser.add_argument("--resolution", type=int, choices=SIZES, default=512)
    parser.add_argument(
        "--croppers", default="", help="of salient-crop, separated by commas (default: its own default)"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = copy_photographs(chosen.photographs, chosen.count, Path(scratch, "in"), chosen.long_side)
        contenders = our_commands(folder, chosen.croppers.split(","), chosen.resolution)
        contenders |= peer_commands(folder, chosen.resolution)
        results = {}
        for name, commands in contenders.items():
            out = Path(scratch, "out", name.replace(" ", "-"))
            out.mkdir(parents=True)
            results[name] = run_and_measure(commands(out))
            crops = len(list(out.rglob("*.jpg")))
            if crops != chosen.count:
                raise SystemExit(f"{name} wrote {crops} crops of {chosen.count}")
    print_table(results, chosen.count)


def our_commands(folder: Path, croppers: list[str], resolution: int) -> dict[str, Callable[[Path], list[list[str]]]]:
    """For each cropper, and for each runtime that there is, a function from the output folder to the command line.

    The default cropper is that without a name.
    """

    def command(out: Path, cropper: str, runtime: str) -> list[list[str]]:
        words = ["crop", str(folder), "--out", str(out), "--ratios", "2:3", "--resolution", str(resolution)]
        words += ["--workers", str(CORES), "--device", "cpu", "--runtime", runtime]
        return [command_line(*words, *(["--cropper", cropper] if cropper else []))]

    runtimes = ["openvino"] if importlib.util.find_spec("openvino") else []
    return {
        f"salient-crop {cropper} {runtime}".replace("  ", " "): partial(command, cropper=cropper, runtime=runtime)
        for cropper in croppers
        for runtime in [*runtimes, "torch"]
    }


def peer_commands(folder: Path, resolution: int) -> dict[str, Callable[[Path], list[list[str]]]]:
    """For each other program that is installed, a function from the output folder to its command lines."""

    def command(name: str, out: Path, share: int, shares: int) -> list[str]:
        script = str(Path(__file__).resolve())
        return [sys.executable, script, f"--as-{name}", str(folder), str(out), str(share), str(shares), str(resolution)]

    commands: dict[str, Callable[[Path], list[list[str]]]] = {}
    if importlib.util.find_spec("smartcrop"):
        commands["smartcrop.py"] = lambda out: [command("smartcrop", out, share, CORES) for share in range(CORES)]
    if importlib.util.find_spec("pyvips"):
        commands["libvips smartcrop"] = lambda out: [command("vips", out, 0, 1)]
    return commands


def crop_with_smartcrop(files: list[Path], out: Path, size: tuple[int, int]) -> None:
    """Crops with smartcrop.py as its own command does: analysed at a width of 100 pixels."""
    import smartcrop
    from PIL import Image, ImageOps

    cropper = smartcrop.SmartCrop()
    for file in files:
        picture = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
        box = cropper.crop(picture, width=100, height=int(100 * size[1] / size[0]))["top_crop"]
        edges = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
        crop = picture.resize(size, Image.Resampling.LANCZOS, box=edges)
        crop.save(out / file.name, quality=95, subsampling=0)


def crop_with_vips(files: list[Path], out: Path, size: tuple[int, int]) -> None:
    """Crops with libvips' attention strategy."""
    import pyvips

    def crop_file(file: Path) -> None:
        crop = pyvips.Image.thumbnail(str(file), size[0], height=size[1], crop="attention")
        crop.jpegsave(str(out / file.name), Q=95, subsample_mode="off")

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(crop_file, files))


def print_table(results: dict[str, Usage], count: int) -> None:
    """Speed and memory of each program, and their ratios to those of the first."""
    first = next(iter(results.values()))
    print(f"{count} photographs, {CORES} cores; ratios to the first row")
    print(f"{'':24}{'pictures/s':>12}{'ratio':>8}{'per CPU-s':>11}{'ratio':>8}{'peak MB':>10}{'ratio':>8}")
    for name, each in results.items():
        print(
            f"{name:24}{count / each.seconds:12.1f}{first.seconds / each.seconds:8.2f}"
            f"{count / each.cpu_seconds:11.1f}{first.cpu_seconds / each.cpu_seconds:8.2f}"
            f"{each.megabytes:10.0f}{each.megabytes / first.megabytes:8.2f}"
        )


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1].startswith("--as-"):
        crop_files = {"--as-smartcrop": crop_with_smartcrop, "--as-vips": crop_with_vips}[sys.argv[1]]
        folder, out, share, shares, resolution = sys.argv[2:]
        files = sorted(Path(folder).iterdir())[int(share) :: int(shares)]
        crop_files(files, Path(out), SIZES[int(resolution)])
    else:
        main()
