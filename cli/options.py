"""Options that several sub-commands share, and the parsers of their values.

A parser raises `argparse.ArgumentTypeError`. argparse then prints one line that names the flag, and exits with
status 2.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cropping.checks import show
from ..jobs.defaults import KEEP_MOST
from ..models.runtime.choice import AUTO, FLOAT32, PRECISIONS, RUNTIMES, SWITCH
from .status import UsageError

if TYPE_CHECKING:
    from ..cropping.margin import Margin
    from ..cropping.model_sizes import Shape
    from ..images.colour import RGB
    from ..images.fill import Fill
    from ..jobs.guides import LabelRule
    from ..models.base import Cropper

FRAMES = ("source", "crop")
MAX_COUNT = 1_000_000
MAX_RESOLUTION = 16_384  # pixels


# Options


def add_cropper(parser: argparse.ArgumentParser, help: str = "see `salient-crop croppers`") -> None:
    parser.add_argument("--cropper", metavar="NAME|FILE", help=help)


def add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: a GPU where there is one"
    )
    parser.add_argument(
        "--runtime",
        choices=RUNTIMES,
        default=AUTO,
        help="what runs the network on a CPU (default: OpenVINO where it is installed, see `salient-crop croppers`)",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=FLOAT32,
        help="of the network on a CPU (default float32); bfloat16 is faster where the processor computes with it, and"
        " moves one box in four",
    )


def add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers", metavar="N", type=parse_positive, help="pictures at once (default: one for every core)"
    )


def add_memory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--memory",
        metavar="SIZE",
        type=parse_memory,
        help="that all pictures at once may take while they are decoded, such as 4GB (default: half of what there is);"
        " what needs more fails, and says how much",
    )


def add_ratios(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--ratios",
        type=parse_ratio_list,
        default=default,
        help="width:height, by commas, or a model (sdxl, flux, qwen-image, wan, wan-480p, wan-5b): its size nearest to"
        f" the picture, in exact pixels (default {default})",
    )


def add_framing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--framing",
        metavar="keep-the-most|as-people-crop",
        type=parse_framing,
        default=KEEP_MOST,
        help="how close crops go: the larger the better, for data sets (default), or as close as people go, and where"
        " they would place the crop",
    )


def add_layout_frame(parser: argparse.ArgumentParser, help: str) -> None:
    parser.add_argument("--layout-frame", choices=FRAMES, help=f"{help} (default source)")


def flag_of(name: str) -> str:
    """The flag whose value argparse keeps under a name.

    >>> flag_of("batch_size")
    '--batch-size'
    """
    return "--" + name.replace("_", "-")


# Values


def name_flag(message: str, chosen: argparse.Namespace) -> str:
    """A complaint that names an argument of the library, `batch_size: …`, with the flag instead of it."""
    name, colon, rest = message.partition(": ")
    return f"{flag_of(name)}: {rest}" if colon and name in vars(chosen) else message


def parse_out(text: str) -> Path | str:
    """A folder, or an address such as `s3://bucket/crops` as it is.

    Raises:
        argparse.ArgumentTypeError: when it is empty.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("names no folder")
    return text if "://" in text else Path(text)


def parse_ratio_list(text: str) -> tuple[Shape, ...]:
    """`2:3,sdxl` as ratios and models, each once.

    Raises:
        argparse.ArgumentTypeError: when one is malformed, or there is none.
    """
    from ..cropping.model_sizes import parse_shapes

    return _parse(lambda: parse_shapes(text))


def parse_regions(text: str) -> list[tuple[float, float, float, float]]:
    """`left third; 0.7,0.3,0.9,0.6` as relative regions, see `parse_text_regions`.

    Raises:
        argparse.ArgumentTypeError: when one is malformed, or there is none.
    """
    from ..cropping.text_names import parse_text_regions

    regions = _parse(lambda: parse_text_regions(text))
    if not regions:
        raise argparse.ArgumentTypeError("name a layout, such as 'left third'")
    return regions


def parse_framing(text: str) -> str:
    """A framing by its words, with spaces or hyphens between.

    Raises:
        argparse.ArgumentTypeError: when it is none.
    """
    from ..jobs.defaults import parse_framing as parse

    return _parse(lambda: parse(text))


def parse_background(text: str) -> RGB | None:
    """A colour by name or as #rrggbb; None for `keep`, which keeps transparency.

    Raises:
        argparse.ArgumentTypeError: when it is no colour.
    """
    from ..images.colour import parse_colour

    return _parse(lambda: parse_colour(text))


def parse_fill(text: str) -> Fill:
    """A colour by name or as #rrggbb, or another way to fill canvas.

    Raises:
        argparse.ArgumentTypeError: when it is neither.
    """
    from ..images.fill import parse_fill

    return _parse(lambda: parse_fill(text))


def parse_memory(text: str) -> int:
    """Bytes of memory, from a number with a unit.

    Raises:
        argparse.ArgumentTypeError: when it is none.
    """
    from ..images.budget import parse_memory as parse

    return _parse(lambda: parse(text))


def parse_positive(text: str) -> int:
    """A whole number from 1 to a million."""
    number = _parse_number(int, text, "a whole number")
    if number < 1:
        raise argparse.ArgumentTypeError(f"{show(text)} is less than 1")
    if number > MAX_COUNT:
        raise argparse.ArgumentTypeError(f"{show(text)} is more than {MAX_COUNT}")
    return number


def parse_seed(text: str) -> int:
    """A whole number from 0."""
    number = _parse_number(int, text, "a whole number")
    if not 0 <= number < 2**64:
        raise argparse.ArgumentTypeError(f"{show(text)} does not lie in 0..2^64")
    return number


def parse_port(text: str) -> int:
    """A whole number from 0, for any free port, to 65535."""
    number = _parse_number(int, text, "a whole number")
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError(f"{show(text)} does not lie in 0..65535")
    return number


def parse_resolution(text: str) -> int:
    """A whole number of at least 8 pixels, the step of the sides of resized crops, and no more than a bucket's side."""
    number = _parse_number(int, text, "a whole number")
    if number < 8:
        raise argparse.ArgumentTypeError(f"{show(text)} is less than 8 pixels")
    if number > MAX_RESOLUTION:
        raise argparse.ArgumentTypeError(f"{show(text)} is more than {MAX_RESOLUTION} pixels")
    return number


def parse_quality(text: str) -> int:
    """A whole number from 1 to 100."""
    number = _parse_number(int, text, "a whole number")
    if not 1 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{show(text)} does not lie in 1..100")
    return number


def parse_name(text: str) -> str:
    """A pattern of names, see `NamePattern`.

    Raises:
        argparse.ArgumentTypeError: when it is none.
    """
    from ..datasets.name_pattern import NamePattern

    _parse(lambda: NamePattern.parse(text))
    return text


def parse_share(text: str) -> float:
    """A number above 0, at most 1."""
    number = _parse_number(float, text, "a number")
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{show(text)} does not lie in (0, 1]")
    return number


def parse_unit(text: str) -> float:
    """A number from 0 to 1."""
    number = _parse_number(float, text, "a number")
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{show(text)} does not lie in 0..1")
    return number


def parse_labels(text: str) -> tuple[LabelRule, ...]:
    """`necklace, shoe=0.5` as rules.

    Raises:
        argparse.ArgumentTypeError: when one is malformed, or there is none.
    """
    from ..jobs.guides import parse_labels as parse

    rules = _parse(lambda: parse(text))
    if not rules:
        raise argparse.ArgumentTypeError("name a label")
    return rules


def parse_words(text: str) -> tuple[str, ...]:
    """`necklace, red shoe` as words.

    Raises:
        argparse.ArgumentTypeError: when one is empty.
    """
    from ..jobs.words import parse_words as parse

    return _parse(lambda: parse(text))


def parse_margin(text: str) -> Margin:
    """`10%` or `24px` as a margin.

    Raises:
        argparse.ArgumentTypeError: when it is none.
    """
    from ..cropping.margin import Margin

    return _parse(lambda: Margin.parse(text))


def parse_factor(text: str) -> float:
    """A finite number above 0."""
    number = _parse_number(float, text, "a number")
    if not (number > 0 and math.isfinite(number)):
        raise argparse.ArgumentTypeError(f"{show(text)} is not a finite number above 0")
    return number


def parse_number(text: str) -> float:
    """A finite number."""
    number = _parse_number(float, text, "a number")
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{show(text)} is not a finite number")
    return number


def _parse_number(kind: Callable[[str], Any], text: str, words: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{show(text)} is not {words}") from None


def _parse(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValueError as error:  # argparse would hide its message
        raise argparse.ArgumentTypeError(str(error)) from error


# What the values name


def find_manifest(named: Path) -> Path:
    """The manifest that was named, or that of the folder of crops that was.

    Raises:
        UsageError: when there is none in the folder.
    """
    if not named.is_dir():
        return named
    manifest = named / "manifest.jsonl"
    if not manifest.is_file():
        raise UsageError(f"{named}: there is no manifest.jsonl in it; name the manifest, or the folder of the crops")
    return manifest


def open_device(name: str) -> str:
    """`cpu` or `cuda`.

    Raises:
        UsageError: when a GPU is asked for and there is none.
    """
    from ..jobs.device import find_device

    try:
        return find_device(name)
    except ValueError as error:
        raise UsageError(f"--{error}") from error


def open_cropper(name: str | None, device: str, runtime: str = AUTO, precision: str = FLOAT32) -> Cropper:
    """The cropper of `--cropper`, or the default one where the name is None, as `--runtime` and `--precision` say.

    Raises:
        UsageError: when it is neither a bundled one nor a checkpoint that can be used, or a flag is of no use to it.
    """
    from ..models.registry import BUNDLED, load_cropper

    try:
        return load_cropper(name or next(iter(BUNDLED)), device, runtime, precision)
    except (OSError, ValueError) as error:
        named = {"runtime: ": "--", "precision: ": "--", SWITCH: ""}
        words = next((words for start, words in named.items() if str(error).startswith(start)), "--cropper: ")
        raise UsageError(f"{words}{error}") from error
