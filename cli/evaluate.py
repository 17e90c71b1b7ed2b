"""`salient-crop evaluate`: the benchmarks, as tables or as JSON, and the worst pictures of one on a sheet."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..models.runtime.choice import AUTO, FLOAT32
from ..printable import escape
from .options import (
    add_cropper,
    add_device,
    open_cropper,
    open_device,
)
from .progress import Reporter
from .sheets import refuse_sheet, write_sheet
from .status import DONE, UsageError

if TYPE_CHECKING:
    import numpy as np

    from ..models.base import Cropper

Progress = Callable[[int, int], None]
Result = dict[str, Any]

BESIDE_FILE, IN_FOLDER, OPTIONAL, REQUIRED = "beside the file", "in the folder", "optional", "required"


@dataclass(frozen=True)
class Benchmark:
    """A benchmark by its name on the command line.

    Attributes:
        about: one line of help.
        run: (file or folder, folder of the pictures or None, cropper or None, progress) → the JSON result.
        pictures: `BESIDE_FILE`: the file says where they are; `IN_FOLDER`: it is a folder that has them; `OPTIONAL`:
            without `--images`, no cropper is measured; `REQUIRED`: it needs `--images`.
        draw: (folder, JSON result) → the sheet of the worst pictures, uint8 `[H, W, 3]`; None where there is none.
    """

    about: str
    run: Callable[[Path, Path | None, Cropper | None, Progress], Result]
    pictures: str
    draw: Callable[[Path, Result], np.ndarray] | None = None


def _constraints(file: Path, images: Path | None, cropper: Cropper | None, progress: Progress) -> Result:
    from ..evaluation.constraints import evaluate_constraints

    return evaluate_constraints(file, images, cropper, progress=progress)


def _ranking(file: Path, images: Path | None, cropper: Cropper | None, progress: Progress) -> Result:
    from ..evaluation.ranking import evaluate_ranking

    return evaluate_ranking(file, images, cropper, progress=progress)


def _boxes(file: Path, images: Path | None, cropper: Cropper | None, progress: Progress) -> Result:
    from ..evaluation.boxes import evaluate_boxes

    assert images is not None and cropper is not None
    return evaluate_boxes(file, images, cropper, progress=progress)


def _fixations(file: Path, images: Path | None, cropper: Cropper | None, progress: Progress) -> Result:
    from ..evaluation.fixations import evaluate_fixations

    assert cropper is not None
    return evaluate_fixations(file, cropper, progress=progress)


def _heads(folder: Path, images: Path | None, cropper: Cropper | None, progress: Progress) -> Result:
    from ..evaluation.heads import evaluate_heads

    assert cropper is not None
    return evaluate_heads(folder, cropper, progress=progress)


def _layouts(folder: Path, images: Path | None, cropper: Cropper | None, progress: Progress) -> Result:
    from ..evaluation.layouts import evaluate_layouts

    assert cropper is not None
    return evaluate_layouts(folder, cropper, progress=progress)


def _draw_heads(folder: Path, result: Result) -> np.ndarray:
    from ..cropping.box import Box
    from ..evaluation.head_figures import FIGURES
    from ..evaluation.heads import IMAGES
    from ..jobs.heads_sheet import HeadsCell, draw_heads

    def cell(figure: str, crop: Mapping[str, Any]) -> HeadsCell:
        name = crop["photo"]
        return HeadsCell(folder / IMAGES / name, Box(*crop["box"]), crop["heads"], f"{figure}   {crop['ratio']}", name)

    return draw_heads(
        [
            (f"{figure}: {FIGURES[figure]}", [cell(figure, crop) for crop in crops])
            for figure, crops in result["worst"].items()
        ]
    )


BENCHMARKS: Mapping[str, Benchmark] = {
    "constraints": Benchmark(
        "crops of a given ratio that hold a given region, beside people's (IoU)", _constraints, OPTIONAL
    ),
    "ranking": Benchmark("crops ranked as people rated them (Spearman correlation, Acc k/n)", _ranking, OPTIONAL),
    "boxes": Benchmark("free crops beside people's: FCDB, FLMS (IoU)", _boxes, REQUIRED),
    "fixations": Benchmark("where people look, and what the largest crops keep of it", _fixations, BESIDE_FILE),
    "heads": Benchmark("heads that the largest crops of people cut or lose", _heads, IN_FOLDER, _draw_heads),
    "layouts": Benchmark("text regions of crops: calm, and free of heads and subjects", _layouts, IN_FOLDER),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Measures on a benchmark's file or folder, always beside the trivial answers."
    parser.set_defaults(run=run)
    about = "; ".join(f"{name}: {each.about}" for name, each in BENCHMARKS.items())
    parser.add_argument("benchmark", metavar="BENCHMARK", choices=tuple(BENCHMARKS), help=about)
    parser.add_argument(
        "file",
        metavar="FILE|FOLDER",
        type=Path,
        help="the benchmark's JSON file; for heads and layouts a folder with images/, masks/ and heads.json",
    )
    parser.add_argument("--images", metavar="FOLDER", type=Path, help="of the pictures, for a cropper to look at")
    add_cropper(parser, "what judges pictures (default: the bundled one)")
    add_device(parser)
    parser.add_argument(
        "--sheet", metavar="SHEET", type=Path, help="heads: draw the worst pictures here (.png, .jpg or .webp)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else, on the standard output")


def run(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..images.errors import PictureError

    benchmark = BENCHMARKS[chosen.benchmark]
    check_images(chosen, benchmark)
    check_folder(chosen, benchmark)
    check_sheet(chosen, benchmark)
    device = open_device(chosen.device)
    needed = benchmark.pictures in (BESIDE_FILE, IN_FOLDER) or chosen.images is not None
    cropper = open_cropper(chosen.cropper, device, chosen.runtime, chosen.precision) if needed else None

    def progress(done: int, total: int) -> None:
        reporter.progress(done, total, chosen.benchmark)

    try:
        result = benchmark.run(chosen.file, chosen.images, cropper, progress)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from error
    except (ValueError, PictureError) as error:
        raise UsageError(str(error)) from error
    if cropper is not None:
        result["cropper"] = describe_cropper(cropper, device)
    # In ASCII, JSON needs no escapes of ours, which no reader of JSON knows.
    text = json.dumps(result, indent=2) if chosen.json else format_tables(result)
    reporter.result(*text.split("\n"))
    if chosen.sheet is not None:
        draw_worst(chosen, benchmark, result)
    return DONE


def describe_cropper(cropper: Cropper, device: str) -> dict[str, str]:
    """What was measured, as JSON: the cropper, its weights, and what ran its network."""
    runtime = cropper.runtime_on(device)
    return {"name": cropper.name, "weights": cropper.digest, "device": device, "runtime": runtime}


def check_images(chosen: argparse.Namespace, benchmark: Benchmark) -> None:
    """Refuses `--images` and what is said of a cropper where they would do nothing, and the absence of the former where
    it is needed.

    Raises:
        UsageError: naming the flag.
    """
    name = chosen.benchmark
    if benchmark.pictures == REQUIRED and chosen.images is None:
        raise UsageError(f"--images FOLDER is needed: the benchmark {name} looks at pictures")
    if benchmark.pictures == BESIDE_FILE and chosen.images is not None:
        raise UsageError(f"--images does nothing here: the file of the benchmark {name} says where its pictures are")
    if benchmark.pictures == IN_FOLDER and chosen.images is not None:
        raise UsageError(f"--images does nothing here: the folder of the benchmark {name} has its pictures")
    if benchmark.pictures == OPTIONAL and chosen.images is None:
        idle = {"--cropper": chosen.cropper is not None, "--runtime": chosen.runtime != AUTO}
        for flag, given in (idle | {"--precision": chosen.precision != FLOAT32}).items():
            if given:
                raise UsageError(f"{flag} does nothing without --images FOLDER, the pictures for a cropper to look at")


def check_folder(chosen: argparse.Namespace, benchmark: Benchmark) -> None:
    """Refuses anything but a folder for a benchmark that is one.

    Raises:
        UsageError: naming what was given.
    """
    if benchmark.pictures == IN_FOLDER and not chosen.file.is_dir():
        raise UsageError(f"{chosen.file}: there is no such folder; the benchmark {chosen.benchmark} is one, not a file")


def check_sheet(chosen: argparse.Namespace, benchmark: Benchmark) -> None:
    """Refuses `--sheet` where there is nothing to draw, over a picture of the benchmark, and as `refuse_sheet` does.

    Raises:
        UsageError: naming the flag.
    """
    if chosen.sheet is None:
        return
    from ..datasets.find import is_same
    from ..evaluation.heads import IMAGES, MASKS

    if benchmark.draw is None:
        able = ", ".join(name for name, each in BENCHMARKS.items() if each.draw is not None)
        raise UsageError(f"--sheet does nothing here: the benchmark {chosen.benchmark} draws none; {able} does")
    if chosen.sheet.exists() and any(is_same(chosen.sheet.parent, chosen.file / each) for each in (IMAGES, MASKS)):
        raise UsageError(f"--sheet {chosen.sheet}: one of the pictures themselves, so it is not overwritten")
    refuse_sheet(chosen.sheet, "--sheet")


def draw_worst(chosen: argparse.Namespace, benchmark: Benchmark, result: Result) -> None:
    """Draws the worst pictures of a result.

    Raises:
        UsageError: when the sheet cannot be written, or a picture can no longer be read.
    """
    from ..images.errors import PictureError

    assert benchmark.draw is not None
    try:
        pixels = benchmark.draw(chosen.file, result)
    except (OSError, PictureError) as error:
        raise UsageError(str(error)) from error
    write_sheet(chosen.sheet, "--sheet", pixels)


def format_tables(result: Mapping[str, Any]) -> str:
    """The result of a benchmark as text: one table for each subset, then its worst pictures and those left out."""
    about = result["benchmark"]
    tables = (
        _format_table(f"{about}, {escape(name)}: {subset['n']} cases", subset["rows"], subset.get("of", {}))
        for name, subset in result["subsets"].items()
    )
    return "\n\n".join([*tables, *_format_names(result)])


def _format_table(title: str, rows: Mapping[str, Mapping[str, float]], of: Mapping[str, int]) -> str:
    """A line a row, and one with the numbers that the figures are shares of, where they are known."""
    columns = list(dict.fromkeys(key for row in rows.values() for key in row))
    widths = {column: max(10, len(column) + 2) for column in columns}
    margin = max(map(len, rows))
    lines = [title, " " * margin + "".join(f"{column:>{width}}" for column, width in widths.items())]
    for row, values in rows.items():
        cells = (
            f"{values[each]:{widths[each]}.4f}" if each in values else f"{'–':>{widths[each]}}" for each in columns
        )
        lines.append(f"{row:{margin}}" + "".join(cells))
    if of:
        lines.append(f"{'of':{margin}}" + "".join(f"{of[column]:{width}}" for column, width in widths.items()))
    return "\n".join(lines)


def _format_names(result: Mapping[str, Any]) -> Iterator[str]:
    """The worst pictures by each figure, and the pictures that were left out, where there are any."""
    worst = {figure: crops for figure, crops in result.get("worst", {}).items() if crops}
    if worst:
        lines = (
            f"{figure}: " + ", ".join(f"{escape(crop['photo'])} {crop['ratio']}" for crop in crops)
            for figure, crops in worst.items()
        )
        yield "\n".join(["the worst of ours first, by figure", *lines])
    if left_out := result.get("left_out"):
        yield "left out, without a mask of people: " + ", ".join(map(escape, left_out))
