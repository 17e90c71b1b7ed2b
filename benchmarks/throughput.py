"""A folder of photographs to crops of one size: `salient-crop crop` beside smartcrop.py and libvips' smartcrop.

python benchmarks/throughput.py PHOTOGRAPHS [--count 200] [--long-side 480] [--rounds 5]
python benchmarks/throughput.py PHOTOGRAPHS --count 60 --long-side 4000 [--resolution 1024] [--croppers focus,centre]

All read the same JPEGs and write JPEGs of quality 95, 4:4:4, at the same size, on the same cores: salient-crop as it
chooses, which is one process a core for a hundred photographs or more and one thread a core for fewer, smartcrop.py in
one process a core, libvips with its own threads and as many files at once as there are cores. Each is also run on one
photograph: that is its start, and a second figure leaves it out, as a folder of thousands does. Where OpenVINO is
installed, salient-crop is run with it and without, and with `--bfloat16` once more with it in that precision, for
processors that compute with such numbers. What is not installed of the others (`pip install smartcrop pyvips
pyvips-binary`) is left out. With `--rounds` all of them are run in turns so often, and medians count: of figures, and
of their ratios within a round, as the same machine may be half as fast again an hour later.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from _folders import Usage, command_line, copy_photographs, run_and_measure

SIZES = {512: (416, 624), 1024: (832, 1248)}
"""What `--ratios 2:3 --resolution N` gives, by N; the other programs are told, and import nothing of ours."""

Commands = Callable[[Path, Path], list[list[str]]]

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--long-side", type=int, default=0, help="resize them to this first (0: as they are)")
    parser.add_argument("--resolution", type=int, choices=SIZES, default=512)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument(
        "--croppers", default="", help="of salient-crop, separated by commas (default: its own default)"
    )
    parser.add_argument("--bfloat16", action="store_true", help="salient-crop with OpenVINO in that precision, too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = copy_photographs(chosen.photographs, chosen.count, Path(scratch, "in"), chosen.long_side)
        one = Path(scratch, "one")
        one.mkdir()
        shutil.copy(min(folder.iterdir()), one)
        print(f"{chosen.count} photographs, {CORES} cores; ratios to the first row")
        print(f"{'':32}{'whole run':>16}{'start':>9}{'after the start':>20}{'peak MB':>10}")
        programs, out = contenders(chosen), Path(scratch, "out")
        speeds: dict[str, list[Speed]] = defaultdict(list)
        for turn in range(chosen.rounds):
            for name, commands in programs.items():
                if turn == 0:  # reads files for the first time, and converts networks, which later runs find
                    measure(name, commands, one, out)
                start, whole = (measure(name, commands, each, out) for each in (one, folder))
                speeds[name].append(Speed.of(start, whole, chosen.count))
        first = next(iter(speeds.values()))
        for name, found in speeds.items():
            print_row(name, found, first)


@dataclass(frozen=True)
class Speed:
    """What a program did: photographs a second of the whole run, and after its start; the start in seconds; seconds of
    processor time for a photograph after the start; megabytes at its peak.
    """

    whole: float
    start: float
    after: float
    cpu: float
    megabytes: float

    @classmethod
    def of(cls, start: Usage, whole: Usage, count: int) -> Speed:
        """From what it used for one photograph, and for `count`."""
        more, seconds, cpu = count - 1, whole.seconds - start.seconds, whole.cpu_seconds - start.cpu_seconds
        return cls(count / whole.seconds, start.seconds, more / seconds, cpu / more, whole.megabytes)


def measure(name: str, commands: Commands, folder: Path, out: Path) -> Usage:
    """Crops a folder into a new one, which is removed, and exits where a photograph has no crop."""
    out.mkdir()
    used = run_and_measure(commands(folder, out))
    crops, count = len(list(out.rglob("*.jpg"))), len(list(folder.iterdir()))
    if crops != count:
        raise SystemExit(f"{name} wrote {crops} crops of {count}")
    shutil.rmtree(out)
    return used


def print_row(name: str, speeds: Sequence[Speed], first: Sequence[Speed]) -> None:
    """A program's figures, with their ratios to those of the first, by round: the medians."""

    def typical(figure: str) -> float:
        return median(getattr(each, figure) for each in speeds)

    def ratio(figure: str) -> float:
        return median(getattr(each, figure) / getattr(base, figure) for each, base in zip(speeds, first, strict=True))

    print(
        f"{name:32}{typical('whole'):8.1f}/s {ratio('whole'):5.2f}{typical('start'):8.2f}s"
        f"{typical('after'):9.1f}/s {ratio('after'):5.2f}{1000 * typical('cpu'):5.0f} ms CPU"
        f"{typical('megabytes'):6.0f}"
    )


def contenders(chosen: argparse.Namespace) -> dict[str, Commands]:
    """By name, a function from the folder of photographs and that of crops to the command lines; peers come first."""
    croppers = chosen.croppers.split(",")
    return peer_commands(chosen.resolution) | our_commands(croppers, chosen.resolution, chosen.bfloat16)


def our_commands(croppers: list[str], resolution: int, less_precise: bool) -> dict[str, Commands]:
    """For each cropper, by each runtime that there is. The default cropper is that without a name."""

    def command(folder: Path, out: Path, cropper: str, flags: Sequence[str]) -> list[list[str]]:
        words = ["crop", str(folder), "--out", str(out), "--ratios", "2:3", "--resolution", str(resolution)]
        words += ["--workers", str(CORES), "--device", "cpu", *flags]
        return [command_line(*words, *(["--cropper", cropper] if cropper else []))]

    runtimes = {}
    if importlib.util.find_spec("openvino"):
        runtimes["openvino"] = ["--runtime", "openvino"]
        if less_precise:
            runtimes["openvino bfloat16"] = ["--runtime", "openvino", "--precision", "bfloat16"]
    runtimes["torch"] = ["--runtime", "torch"]
    return {
        f"salient-crop {cropper} {runtime}".replace("  ", " "): partial(command, cropper=cropper, flags=flags)
        for cropper in croppers
        for runtime, flags in runtimes.items()
    }


def peer_commands(resolution: int) -> dict[str, Commands]:
    """The other programs that are installed."""

    def command(name: str, folder: Path, out: Path, share: int, shares: int) -> list[str]:
        script = str(Path(__file__).resolve())
        return [sys.executable, script, f"--as-{name}", str(folder), str(out), str(share), str(shares), str(resolution)]

    commands: dict[str, Commands] = {}
    if importlib.util.find_spec("pyvips"):
        commands["libvips smartcrop"] = lambda *folders: [command("vips", *folders, 0, 1)]
    if importlib.util.find_spec("smartcrop"):
        commands["smartcrop.py"] = lambda *folders: [
            command("smartcrop", *folders, share, CORES) for share in range(CORES)
        ]
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


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1].startswith("--as-"):
        crop_files = {"--as-smartcrop": crop_with_smartcrop, "--as-vips": crop_with_vips}[sys.argv[1]]
        folder, out, share, shares, resolution = sys.argv[2:]
        files = sorted(Path(folder).iterdir())[int(share) :: int(shares)]
        crop_files(files, Path(out), SIZES[int(resolution)])
    else:
        main()
