"""Bucket grids: the lists of sizes that trainers sort pictures into, and candidate sizes of our own to choose from.

kohya's grid restates `make_bucket_resolutions` of kohya-ss/sd-scripts; SDXL's is in `cropping/model_sizes.py`;
NovelAI's and OneTrainer's (Nerogar/mgds `AspectBucketing`) restate their published code. All sizes are (width, height)
in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from ..cropping.checks import (
    LIMIT,
    check_count,
    check_kind,
    check_size,
    check_tuple,
    check_whole_number,
    show,
)
from ..cropping.model_sizes import MODEL_SIZES
from .sizes import Size, aspect_ratios, parse_size, sort_sizes

GRID_SYNTAX = (
    "kohya:RES[:STEP,MIN,MAX], sdxl, novelai, onetrainer[:RES[,STEP]], square:RES, quantile:K, auto:K[:GRID],"
    " 832x1216,1024x1024,…"
)
MIN_SIDE, MAX_SIDE = 16, 16_384  # pixels; of a bucket, and of any number in the name of a grid
MAX_NAME = 2000  # characters of the name of a grid, which may be a list of sizes

_ONETRAINER_RATIOS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0)
_SDXL_RESOLUTION = 1024  # of the square of about its area
_CANDIDATE_STEP = 64  # pixels
_CANDIDATE_MIN_AREA = 0.88  # of the square's
_CANDIDATE_RATIOS = 0.4, 2.5


@dataclass(frozen=True, slots=True)
class BucketGrid:
    """Sizes to sort into.

    Attributes:
        name: as it was asked for.
        sizes: distinct (width, height), from the narrowest to the widest.
        max_buckets: how many of them a plan may use; None for all.
        resolution: side of the square in pixels that the trainer is set to, where the name says so, or it is a model's.
        step: the trainer rounds sides to multiples of it, in pixels, where the name says so.

    Raises:
        TypeError, ValueError: naming the field that cannot be.
    """

    name: str
    sizes: tuple[Size, ...]
    max_buckets: int | None = None
    resolution: int | None = None
    step: int | None = None

    def __post_init__(self) -> None:
        check_kind("name", self.name, str)
        sizes = tuple(check_size("sizes", each) for each in check_tuple("sizes", self.sizes, object))
        if not sizes:
            raise ValueError("sizes must hold at least one")
        object.__setattr__(self, "sizes", sizes)
        if self.max_buckets is not None:
            check_count("max_buckets", self.max_buckets, MAX_SIDE)
        for side in ("resolution", "step"):
            if getattr(self, side) is not None:
                _check_side(side, getattr(self, side), 1)


def parse_grid(text: str, resolution: int = 1024, pictures: Sequence[Size] = ()) -> BucketGrid:
    """The grid of a name such as `sdxl`, `kohya:1024`, `auto:3` or `832x1216,1024x1024`.

    >>> parse_grid("square:768").sizes
    ((768, 768),)
    >>> parse_grid("1216x832, 832x1216").sizes
    ((832, 1216), (1216, 832))
    >>> grid = parse_grid("auto:3")
    >>> grid.max_buckets, len(grid.sizes)
    (3, 31)
    >>> grid = parse_grid("auto:3:onetrainer:512,8")
    >>> grid.resolution, grid.step
    (512, 8)

    Args:
        text: see `GRID_SYNTAX`; `auto:3:kohya:1024` chooses among the sizes of another grid.
        resolution: side in pixels of the square that gives the pixel budget, for grids that do not name one.
        pictures: sizes of the pictures; only `quantile` reads them.

    Raises:
        TypeError: when the name is no text.
        ValueError: when the name is not known, its numbers make no grid, or `resolution` is not a whole number of
            pixels from 16 to 16,384.
    """
    if len(check_kind("a bucket grid", text, str)) > MAX_NAME:
        raise ValueError(f"{show(text)} is no bucket grid: it has more than {MAX_NAME} characters")
    _check_side("resolution", resolution)
    kind, _, rest = text.strip().partition(":")
    parse = _PARSERS.get(kind.strip().lower())
    if parse is not None:
        return parse(text.strip(), rest.strip(), resolution, pictures)
    if "x" in text.lower() or "×" in text:
        return _make_grid(text.strip(), [parse_size(each) for each in text.split(",") if each.strip()])
    raise ValueError(f"{show(text)} is no bucket grid; use one of {GRID_SYNTAX}")


def list_kohya_sizes(resolution: int, step: int = 64, min_side: int = 256, max_side: int = 1024) -> list[Size]:
    """kohya's grid for a square resolution: every width in steps, with the greatest height that stays within the area.

    All in pixels. kohya's own default of `max_side` is 1024 too, so that at resolution 1024 no side is longer than that
    and at 1536 all but the square have less than half of the area.

    Raises:
        ValueError: when a number is not a whole number of pixels from 1 to 16,384; the message names it.
    """
    for name, value in (("step", step), ("min_side", min_side), ("max_side", max_side)):
        _check_side(name, value, 1)
    area = _check_side("resolution", resolution, 1) ** 2
    square = resolution // step * step
    found = {(square, square)} if square else set()
    for width in range(min_side, max_side + 1, step):
        height = min(max_side, area // width // step * step)
        if height >= min_side:
            found |= {(width, height), (height, width)}
    return sorted(found)


def list_sdxl_sizes() -> list[Size]:
    """The forty sizes that SDXL was trained at."""
    return list(MODEL_SIZES["sdxl"].sizes)


def list_novelai_sizes() -> list[Size]:
    """NovelAI's grid: every width in steps of 64 with the greatest height within 512 × 768 pixels, and 512 × 512."""
    found = {(512, 512)}
    for side in range(256, 1024 + 1, 64):
        other = min(1024, 512 * 768 // side // 64 * 64)
        found |= {(side, other), (other, side)}
    return sorted(found)


def list_onetrainer_sizes(resolution: int = 1024, step: int = 64) -> list[Size]:
    """OneTrainer's nine ratios and their inverses at equal area, each side rounded to the step, and at least one step.

    Raises:
        ValueError: when a number is not a whole number of pixels from 1 to 16,384; the message names it.
    """
    _check_side("resolution", resolution, 1)
    _check_side("step", step, 1)
    found = set()
    for ratio in _ONETRAINER_RATIOS:
        edges = resolution * sqrt(ratio), resolution / sqrt(ratio)
        long_side, short_side = (max(1, round(edge / step)) * step for edge in edges)
        found |= {(long_side, short_side), (short_side, long_side)}
    return sorted(found)


def list_candidate_sizes(resolution: int = 1024) -> list[Size]:
    """The sizes that `auto` chooses from: sides in steps of 64, 0.88 to 1 of the square's area, ratios 2:5 to 5:2.

    There are 31 at resolution 1024. None has more pixels than the square, so that no trainer makes it smaller.

    Raises:
        ValueError: when `resolution` is not a whole number of pixels from 1 to 16,384.
    """
    area = _check_side("resolution", resolution, 1) ** 2
    narrowest, widest = _CANDIDATE_RATIOS
    sides = range(_CANDIDATE_STEP, 2 * resolution, _CANDIDATE_STEP)
    return [
        (width, height)
        for width in sides
        for height in sides
        if _CANDIDATE_MIN_AREA * area <= width * height <= area and narrowest <= width / height <= widest
    ]


def choose_quantile_sizes(pictures: Sequence[Size], groups: int, resolution: int = 1024) -> list[Size]:
    """Quantile bucketing: pictures sorted by ratio, split into groups of equal count, a candidate size for each.

    It is the one whose ratio is nearest to the mean ratio of the group, as logarithms.

    Returns:
        One size a group that holds a picture, possibly the same for several; none where there are no candidates.

    Raises:
        TypeError: when `groups` is no whole number.
        ValueError: when a picture has no positive size, or `groups` or `resolution` is out of range.
    """
    groups = check_count("groups", groups, LIMIT)
    candidates = list_candidate_sizes(resolution)
    ratios = np.sort(aspect_ratios(pictures, "pictures"))
    if not candidates or not len(ratios):
        return []
    parts = np.array_split(ratios, min(groups, len(ratios)))
    nearest = [np.abs(np.log(aspect_ratios(candidates)) - np.log(part.mean())).argmin() for part in parts]
    return [candidates[place] for place in nearest]


def _check_side(name: str, value: int, smallest: int = MIN_SIDE) -> int:
    """The number as an int, should it be a possible number of pixels; any iteration over it then ends soon."""
    try:
        pixels = check_whole_number(name, value)
    except (TypeError, ValueError):
        pixels = 0
    if not smallest <= pixels <= MAX_SIDE:
        raise ValueError(f"{name} must be a whole number of pixels from {smallest} to {MAX_SIDE}, got {show(value)}")
    return pixels


def _make_grid(name: str, sizes: Sequence[Size], max_buckets: int | None = None) -> BucketGrid:
    if not sizes:
        raise ValueError(f"{show(name)} holds no bucket size at all; check its numbers")
    for width, height in sizes:
        if min(width, height) < MIN_SIDE or max(width, height) > MAX_SIDE:
            allowed = f"trainers have sides of {MIN_SIDE} to {MAX_SIDE} pixels"
            raise ValueError(f"{show(name)} holds a bucket of {width}x{height}; {allowed}")
    return BucketGrid(name, tuple(sort_sizes(sizes)), max_buckets)


def _parse_numbers(name: str, text: str, at_most: int) -> list[int]:
    try:
        numbers = [int(each) for each in text.replace(":", ",").split(",") if each.strip()]
    except ValueError:
        numbers = []
    if not 0 < len(numbers) <= at_most or min(numbers) < 1 or max(numbers) > MAX_SIDE:
        raise ValueError(
            f"{show(name)} needs whole numbers from 1 to {MAX_SIDE} after the colon; the grids are {GRID_SYNTAX}"
        )
    return numbers


def _parse_kohya(name: str, text: str, resolution: int, _: Sequence[Size]) -> BucketGrid:
    numbers = _parse_numbers(name, text or str(resolution), 4)
    return replace(_make_grid(name, list_kohya_sizes(*numbers)), resolution=numbers[0] if text else None)


def _parse_sdxl(name: str, text: str, _: int, __: Sequence[Size]) -> BucketGrid:
    if text:
        raise ValueError(f"{show(name)}: the SDXL grid has no settings; write sdxl")
    return replace(_make_grid(name, list_sdxl_sizes()), resolution=_SDXL_RESOLUTION)


def _parse_novelai(name: str, text: str, _: int, __: Sequence[Size]) -> BucketGrid:
    if text:
        raise ValueError(f"{show(name)}: the NovelAI grid has no settings; write novelai")
    return _make_grid(name, list_novelai_sizes())


def _parse_onetrainer(name: str, text: str, resolution: int, _: Sequence[Size]) -> BucketGrid:
    numbers = _parse_numbers(name, text or str(resolution), 2)
    step = numbers[1] if len(numbers) > 1 else None
    return replace(
        _make_grid(name, list_onetrainer_sizes(*numbers)), resolution=numbers[0] if text else None, step=step
    )


def _parse_square(name: str, text: str, resolution: int, _: Sequence[Size]) -> BucketGrid:
    side = _parse_numbers(name, text or str(resolution), 1)[0]
    return replace(_make_grid(name, [(side, side)]), resolution=side if text else None)


def _parse_quantile(name: str, text: str, resolution: int, pictures: Sequence[Size]) -> BucketGrid:
    groups = _parse_numbers(name, text, 1)[0]
    if not len(pictures):
        raise ValueError(f"{show(name)} takes its buckets from the pictures, but there are none")
    return _make_grid(name, choose_quantile_sizes(pictures, groups, resolution))


def _parse_auto(name: str, text: str, resolution: int, pictures: Sequence[Size]) -> BucketGrid:
    count, _, source = text.partition(":")
    max_buckets = _parse_numbers(name, count, 1)[0]
    if source.strip().lower().startswith("auto"):
        raise ValueError(f"{show(name)} chooses among the sizes of another grid; it cannot be auto again")
    if not source:
        return _make_grid(name, list_candidate_sizes(resolution), max_buckets)
    return replace(parse_grid(source, resolution, pictures), name=name, max_buckets=max_buckets)


_PARSERS: dict[str, Callable[[str, str, int, Sequence[Size]], BucketGrid]] = {
    "kohya": _parse_kohya,
    "sdxl": _parse_sdxl,
    "novelai": _parse_novelai,
    "onetrainer": _parse_onetrainer,
    "square": _parse_square,
    "quantile": _parse_quantile,
    "auto": _parse_auto,
}
