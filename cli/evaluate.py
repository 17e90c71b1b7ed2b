"""`salient-crop evaluate`: the benchmarks, as tables or as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import SubParsers, add_cropper, add_device, open_cropper, open_device
from .progress import Reporter
from .status import DONE, UsageError

if TYPE_CHECKING:
    from ..models.base import Cropper

Progress = Callable[[int, int], None]
Result = dict[str, Any]

BESIDE_FILE, OPTIONAL, REQUIRED = "beside the file", "optional", "required"


@dataclass(frozen=True)
class Benchmark:
    """A benchmark by its name on the command line.

    Attributes:
        about: one line of help.
        run: (file, folder of the pictures or None, cropper or None, progress) → the JSON result.
        pictures: `BESIDE_FILE`: the file says where they are; `OPTIONAL`: without `--images`, no cropper is measured;
            `REQUIRED`: it needs `--images`.
    """

    about: str
    run: Callable[[Path, Path | None, Cropper | None, Progress], Result]
    pictures: str


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


BENCHMARKS: Mapping[str, Benchmark] = {
    "constraints": Benchmark(
        "crops of a given ratio that hold a given region, beside people's (IoU)", _constraints, OPTIONAL
    ),
    "ranking": Benchmark("crops ranked as people rated them (Spearman correlation, Acc k/n)", _ranking, OPTIONAL),
    "boxes": Benchmark("free crops beside people's: FCDB, FLMS (IoU)", _boxes, REQUIRED),
    "fixations": Benchmark("where people look, and what the largest crops keep of it", _fixations, BESIDE_FILE),
}


def add_parser(commands: SubParsers) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure on a benchmark, beside the trivial answers",
        description="Measures on a benchmark file, always beside the trivial answers.",
    )
    parser.set_defaults(run=run)
    about = "; ".join(f"{name}: {each.about}" for name, each in BENCHMARKS.items())
    parser.add_argument("benchmark", metavar="BENCHMARK", choices=tuple(BENCHMARKS), help=about)
    parser.add_argument("file", metavar="FILE", type=Path, help="the benchmark's JSON file")
    parser.add_argument("--images", metavar="FOLDER", type=Path, help="of the pictures, for a cropper to look at")
    add_cropper(parser, "what judges pictures (default: the bundled one)")
    add_device(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else, on the standard output")


def run(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..images.errors import PictureError

    benchmark = BENCHMARKS[chosen.benchmark]
    check_images(chosen, benchmark)
    device = open_device(chosen.device)
    needed = benchmark.pictures == BESIDE_FILE or chosen.images is not None
    cropper = open_cropper(chosen.cropper, device) if needed else None

    def progress(done: int, total: int) -> None:
        reporter.progress(done, total, chosen.benchmark)

    try:
        result = benchmark.run(chosen.file, chosen.images, cropper, progress)
    except (OSError, ValueError, PictureError) as error:
        raise UsageError(str(error)) from error
    reporter.result(json.dumps(result, indent=2, ensure_ascii=False) if chosen.json else format_tables(result))
    return DONE


def check_images(chosen: argparse.Namespace, benchmark: Benchmark) -> None:
    """Refuses `--images` and `--cropper` where they would do nothing, and their absence where they are needed.

    Raises:
        UsageError: naming the flag.
    """
    name = chosen.benchmark
    if benchmark.pictures == REQUIRED and chosen.images is None:
        raise UsageError(f"--images FOLDER is needed: the benchmark {name} looks at pictures")
    if benchmark.pictures == BESIDE_FILE and chosen.images is not None:
        raise UsageError(f"--images does nothing here: the file of the benchmark {name} says where its pictures are")
    if benchmark.pictures == OPTIONAL and chosen.images is None and chosen.cropper is not None:
        raise UsageError("--cropper does nothing without --images FOLDER, which names the pictures for it to look at")


def format_tables(result: Mapping[str, Any]) -> str:
    """The result of a benchmark as text, one table for each subset."""
    return "\n\n".join(
        _format_table(f"{result['benchmark']}, {name}: {subset['n']} cases", subset["rows"])
        for name, subset in result["subsets"].items()
    )


def _format_table(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    columns = list(dict.fromkeys(key for row in rows.values() for key in row))
    width = max(map(len, rows))
    lines = [title, " " * width + "".join(f"{column:>10}" for column in columns)]
    for row, values in rows.items():
        cells = (f"{values[column]:10.4f}" if column in values else f"{'–':>10}" for column in columns)
        lines.append(f"{row:{width}}" + "".join(cells))
    return "\n".join(lines)
