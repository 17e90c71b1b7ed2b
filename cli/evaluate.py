"""`salient-crop evaluate`: the benchmarks, as tables or as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .options import SubParsers, add_cropper, add_device, open_cropper, open_device
from .progress import Reporter
from .status import DONE, UsageError


@dataclass(frozen=True)
class Benchmark:
    """A benchmark by its name on the command line.

    Attributes:
        about: one line of help.
        run: (arguments, cropper or None, progress) → the JSON result.
        sees: whether it needs a cropper even without `--images`.
    """

    about: str
    run: Callable[[argparse.Namespace, Any, Callable[[int, int], None]], dict[str, Any]]
    sees: bool = False


def _constraints(chosen: argparse.Namespace, cropper: Any, progress: Callable[[int, int], None]) -> dict[str, Any]:
    from ..evaluation.constraints import evaluate_constraints

    return evaluate_constraints(chosen.file, chosen.images, cropper, progress=progress)


def _ranking(chosen: argparse.Namespace, cropper: Any, progress: Callable[[int, int], None]) -> dict[str, Any]:
    from ..evaluation.ranking import evaluate_ranking

    return evaluate_ranking(chosen.file, chosen.images, cropper, progress=progress)


def _boxes(chosen: argparse.Namespace, cropper: Any, progress: Callable[[int, int], None]) -> dict[str, Any]:
    from ..evaluation.boxes import evaluate_boxes

    if chosen.images is None:
        raise ValueError("the benchmark boxes looks at pictures; name their folder with --images")
    return evaluate_boxes(chosen.file, chosen.images, cropper, progress=progress)


def _fixations(chosen: argparse.Namespace, cropper: Any, progress: Callable[[int, int], None]) -> dict[str, Any]:
    from ..evaluation.fixations import evaluate_fixations

    return evaluate_fixations(chosen.file, cropper, progress=progress)


BENCHMARKS: Mapping[str, Benchmark] = {
    "constraints": Benchmark("crops of a given ratio that hold a given region, beside people's (IoU)", _constraints),
    "ranking": Benchmark("crops ranked as people rated them (Spearman correlation, Acc k/n)", _ranking),
    "boxes": Benchmark("free crops beside people's: FCDB, FLMS (IoU)", _boxes, sees=True),
    "fixations": Benchmark("where people look, and what the largest crops keep of it", _fixations, sees=True),
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
    device = open_device(chosen.device)
    needed = benchmark.sees or chosen.images is not None
    cropper = open_cropper(chosen.cropper, device) if needed else None

    def progress(done: int, total: int) -> None:
        reporter.progress(done, total, chosen.benchmark)

    try:
        found = benchmark.run(chosen, cropper, progress)
    except (OSError, ValueError, PictureError) as error:
        raise UsageError(str(error)) from error
    reporter.result(json.dumps(found, indent=2, ensure_ascii=False) if chosen.json else table(found))
    return DONE


def table(found: Mapping[str, Any]) -> str:
    """The result as text, a table a subset."""
    lines = []
    for name, subset in found["subsets"].items():
        columns = list(dict.fromkeys(key for row in subset["rows"].values() for key in row))
        width = max(len(row) for row in subset["rows"])
        lines.append(f"{found['benchmark']}, {name}: {subset['n']} cases")
        lines.append(" " * width + "".join(f"{key:>10}" for key in columns))
        for row, values in subset["rows"].items():
            cells = (f"{values[key]:10.4f}" if key in values else " " * 9 + "–" for key in columns)
            lines.append(f"{row:{width}}" + "".join(cells))
        lines.append("")
    return "\n".join(lines).rstrip()
