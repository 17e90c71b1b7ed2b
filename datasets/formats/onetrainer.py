"""Nerogar/OneTrainer: a flat folder, with masks as `name-masklabel.png` beside their crops.

The bucket rule restates `AspectBucketing` of Nerogar/mgds, to which OneTrainer gives a step for each kind of model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from pathlib import PurePosixPath
from types import MappingProxyType

from ...bucketing.grids import list_onetrainer_sizes
from ...bucketing.sizes import aspect_ratios
from ...cropping.checks import check_size
from ..find import MASK_SUFFIX
from .base import DatasetFormat, Size

# OneTrainer's `aspect_bucketing_quantization` → the models that have it.
STEPS: Mapping[int, str] = MappingProxyType(
    {
        8: "Stable Diffusion 1.5 and 2",
        16: "PixArt",
        32: "Sana",
        64: "SDXL, SD 3, FLUX, Chroma, HiDream, Qwen, Z-Image and most others",
        128: "Würstchen and Stable Cascade",
    }
)


class OneTrainer(DatasetFormat):
    """OneTrainer keeps only the sizes of its own grid, which is another one for each step."""

    name = "onetrainer"
    summary = "a flat folder; masks as name-masklabel.png"
    reads_subfolders = False
    reads_all_pictures = True
    usual_step = 64

    def recropped_size(self, size: Size, resolution: int) -> Size | None:
        bucket = onetrainer_bucket(size, list_onetrainer_sizes(resolution, self.rule_step))
        return None if bucket == size else bucket

    def resolution_for(self, sizes: Iterable[Size]) -> int:
        """The resolution at which most of the sizes are kept; of several the smallest.

        Buckets have more or fewer pixels than the square of the resolution, so a few beside each size's own are tried.
        """
        distinct = set(sizes)
        sides = {round(sqrt(width * height)) for width, height in distinct}
        tried = {side // step * step + more for side in sides for step in (8, 64) for more in (0, step)} | sides
        kept = {each: len(distinct) - len(self.recropped_sizes(distinct, each)) for each in tried if each > 0}
        return min(kept, key=lambda each: (-kept[each], each % 64, each), default=self.rule_step)

    def fitted_to(self, sizes: Iterable[Size]) -> DatasetFormat:
        if self.step is not None:
            return self
        distinct = set(sizes)
        usual_first = sorted(STEPS, key=lambda step: step != self.usual_step)
        told = [self, *(replace(self, step=step) for step in usual_first[1:])]
        return min(told, key=lambda each: len(each.recropped_sizes(distinct, each.resolution_for(distinct))))

    def trainer_settings(self, sizes: Iterable[Size], resolution: int) -> list[str]:
        models = STEPS.get(self.rule_step, "no model of its own")
        return [
            f"Resolution {resolution}, Aspect Ratio Bucketing on, Crop Jitter off",
            f"a model whose step is {self.rule_step} ({models}); others need a data set of their own",
        ]

    def mask_path(self, crop_path: str) -> str:
        path = PurePosixPath(crop_path)
        return str(path.with_name(path.stem + MASK_SUFFIX))

    def grid_name(self, grid: str, resolution: int = 1024) -> str:
        """`auto:K` chooses among OneTrainer's own sizes, of the step that was told; so has `onetrainer`.

        >>> OneTrainer(step=8).grid_name("auto:3", 512)
        'auto:3:onetrainer:512,8'
        """
        text = grid.strip()
        kind, _, rest = text.partition(":")
        count, _, source = rest.partition(":")
        if kind.strip().lower() == "auto" and not source.strip():
            return f"{text.rstrip(':')}:{self._own_grid(resolution)}"
        if self.step is None:
            return grid
        own = source if kind.strip().lower() == "auto" else text
        name, _, numbers = own.partition(":")
        if name.strip().lower() != "onetrainer" or "," in numbers:
            return grid
        return text.removesuffix(own) + self._own_grid(numbers.strip() or resolution)

    def _own_grid(self, resolution: int | str) -> str:
        return "onetrainer" if self.step is None else f"onetrainer:{resolution},{self.step}"


def onetrainer_bucket(size: Size, grid: Sequence[Size]) -> Size:
    """The bucket that OneTrainer picks from a grid: the nearest height : width, the first of equally near ones.

    Raises:
        TypeError, ValueError: when a size is none, or there is no bucket.
    """
    width, height = check_size("size", size)
    if not len(aspect_ratios(grid, "grid")):
        raise ValueError("grid must hold at least one size")
    return min(grid, key=lambda bucket: abs(bucket[1] / bucket[0] - height / width))
