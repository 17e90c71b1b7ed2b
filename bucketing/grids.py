"""Bucket grids: the lists of sizes that trainers sort pictures into, and our own candidates to choose a few from.

kohya's rule is that of kohya-ss/sd-scripts `make_bucket_resolutions`; SDXL's list is appendix I of its paper
(Podell et al. 2023); NovelAI's and OneTrainer's are restated from their published code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from .sizes import Size, aspect_ratios, parse_size

GRID_SYNTAX = (
    "kohya:RES[:STEP,MIN,MAX], sdxl, novelai, onetrainer[:RES[,STEP]], square:RES, quantile:K, auto:K[:GRID],"
    " 832x1216,1024x1024,…"
)

# Appendix I, width by height; 1344x704 alone has no transpose.
_SDXL = (
    *((2048, 512), (1984, 512), (1920, 512), (1856, 512), (1792, 576), (1728, 576), (1664, 576), (1600, 640)),
    *((1536, 640), (1472, 704), (1408, 704), (1344, 704), (1344, 768), (1280, 768), (1216, 832), (1152, 832)),
    *((1152, 896), (1088, 896), (1088, 960), (1024, 960), (1024, 1024), (960, 1024), (960, 1088), (896, 1088)),
    *((896, 1152), (832, 1152), (832, 1216), (768, 1280), (768, 1344), (704, 1408), (704, 1472), (640, 1536)),
    *((640, 1600), (576, 1664), (576, 1728), (576, 1792), (512, 1856), (512, 1920), (512, 1984), (512, 2048)),
)
_ONETRAINER_RATIOS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0)


@dataclass(frozen=True, slots=True)
class BucketGrid:
    """Sizes to sort into.

    Attributes:
        name: as it was asked for.
        sizes: distinct (width, height), from the narrowest to the widest.
        max_buckets: how many of them may be used, or None for all.
    """

    name: str
    sizes: tuple[Size, ...]
    max_buckets: int | None = None


def parse_grid(text: str, resolution: int = 1024, pictures: Sequence[Size] = ()) -> BucketGrid:
    """The grid of a name such as `sdxl`, `kohya:1024`, `auto:3` or `832x1216,1024x1024`.

    Args:
        text: see `GRID_SYNTAX`; `auto:3:kohya:1024` chooses among the sizes of another grid.
        resolution: side of the square that names the pixel budget, for grids that name none.
        pictures: sizes of the pictures; only `quantile` asks for them.

    Raises:
        ValueError: when the name is not known or its numbers make no grid.
    """
    kind, _, rest = text.strip().partition(":")
    maker = _MAKERS.get(kind.strip().lower())
    if maker is not None:
        return maker(text.strip(), rest.strip(), resolution, pictures)
    if "x" in text.lower() or "×" in text:
        return _grid(text.strip(), [parse_size(each) for each in text.split(",") if each.strip()])
    raise ValueError(f"{text!r} is no bucket grid; use one of {GRID_SYNTAX}")


def list_kohya_sizes(resolution: int, step: int = 64, smallest: int = 256, largest: int = 1024) -> list[Size]:
    """kohya's grid for a square resolution: every width in steps, and the greatest height that stays within the area.

    `largest` is 1024 by default there too, so that at resolution 1024 no side is ever longer than that.
    """
    area = resolution * resolution
    square = resolution // step * step
    found = {(square, square)} if square else set()
    for width in range(smallest, largest + 1, step):
        height = min(largest, area // width // step * step)
        if height >= smallest:
            found |= {(width, height), (height, width)}
    return sorted(found)


def list_sdxl_sizes() -> list[Size]:
    """The forty sizes that SDXL was trained at."""
    return list(_SDXL)


def list_novelai_sizes(area: int = 512 * 768, smallest: int = 256, largest: int = 1024, step: int = 64) -> list[Size]:
    """NovelAI's grid: every width in steps with the greatest height within 512 × 768 pixels, and 512 × 512."""
    found = {(512, 512)}
    for side in range(smallest, largest + 1, step):
        other = min(largest, area // side // step * step)
        if other >= smallest:
            found |= {(side, other), (other, side)}
    return sorted(found)


def list_onetrainer_sizes(resolution: int = 1024, step: int = 64) -> list[Size]:
    """OneTrainer's nine ratios and their inverses at equal area, rounded to the step."""
    found = set()
    for ratio in _ONETRAINER_RATIOS:
        long_side, short_side = (round(resolution * edge / step) * step for edge in (sqrt(ratio), 1 / sqrt(ratio)))
        found |= {(long_side, short_side), (short_side, long_side)}
    return sorted(found)


def list_candidate_sizes(resolution: int = 1024, step: int = 64) -> list[Size]:
    """What `auto` chooses from: sizes in steps with 0.88 to 1 of the square's area and ratios from 2:5 to 5:2.

    At 1024 these are 31. Every one of them has at most the budget's pixels, so that no trainer shrinks it.
    """
    area = resolution * resolution
    sides = range(step, 2 * resolution, step)
    fitting = [(w, h) for w in sides for h in sides if 0.88 * area <= w * h <= area and 0.4 <= w / h <= 2.5]
    return sorted(fitting)


def choose_quantile_sizes(pictures: Sequence[Size], groups: int, resolution: int = 1024) -> list[Size]:
    """Quantile bucketing: pictures in order of ratio, cut into groups of equal count, each at the nearest candidate."""
    candidates = list_candidate_sizes(resolution)
    parts = [part for part in np.array_split(np.sort(aspect_ratios(pictures)), groups) if len(part)]
    nearest = [np.abs(np.log(aspect_ratios(candidates)) - np.log(part.mean())).argmin() for part in parts]
    return [candidates[index] for index in nearest]


def _grid(name: str, sizes: Sequence[Size], most: int | None = None) -> BucketGrid:
    if not sizes:
        raise ValueError(f"{name!r} holds no bucket size at all; check its numbers")
    for width, height in sizes:
        if width < 16 or height < 16:
            raise ValueError(f"{name!r} holds a bucket of {width}x{height}; a trainer needs at least 16 pixels a side")
    return BucketGrid(name, tuple(sorted(set(sizes), key=lambda size: (size[0] / size[1], size))), most)


def _numbers(name: str, text: str, at_most: int) -> list[int]:
    try:
        numbers = [int(each) for each in text.replace(":", ",").split(",") if each.strip()]
    except ValueError:
        numbers = []
    if not 0 < len(numbers) <= at_most or min(numbers) < 1:
        raise ValueError(f"{name!r} needs positive whole numbers after the colon; the grids are {GRID_SYNTAX}")
    return numbers


def _kohya(name: str, text: str, resolution: int, _: Sequence[Size]) -> BucketGrid:
    given = _numbers(name, text or str(resolution), 4)
    return _grid(name, list_kohya_sizes(*given))


def _sdxl(name: str, text: str, _: int, __: Sequence[Size]) -> BucketGrid:
    if text:
        raise ValueError(f"{name!r}: the SDXL grid has no settings; write sdxl")
    return _grid(name, list_sdxl_sizes())


def _novelai(name: str, text: str, _: int, __: Sequence[Size]) -> BucketGrid:
    if text:
        raise ValueError(f"{name!r}: the NovelAI grid has no settings; write novelai")
    return _grid(name, list_novelai_sizes())


def _onetrainer(name: str, text: str, resolution: int, _: Sequence[Size]) -> BucketGrid:
    return _grid(name, list_onetrainer_sizes(*_numbers(name, text or str(resolution), 2)))


def _square(name: str, text: str, resolution: int, _: Sequence[Size]) -> BucketGrid:
    side = _numbers(name, text or str(resolution), 1)[0]
    return _grid(name, [(side, side)])


def _quantile(name: str, text: str, resolution: int, pictures: Sequence[Size]) -> BucketGrid:
    groups = _numbers(name, text, 1)[0]
    if not pictures:
        raise ValueError(f"{name!r} takes its buckets from the pictures, but there are none")
    return _grid(name, choose_quantile_sizes(pictures, groups, resolution))


def _auto(name: str, text: str, resolution: int, pictures: Sequence[Size]) -> BucketGrid:
    count, _, source = text.partition(":")
    most = _numbers(name, count, 1)[0]
    sizes = parse_grid(source, resolution, pictures).sizes if source else list_candidate_sizes(resolution)
    return _grid(name, sizes, most)


_MAKERS: dict[str, Callable[[str, str, int, Sequence[Size]], BucketGrid]] = {
    "kohya": _kohya,
    "sdxl": _sdxl,
    "novelai": _novelai,
    "onetrainer": _onetrainer,
    "square": _square,
    "quantile": _quantile,
    "auto": _auto,
}
