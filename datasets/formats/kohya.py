"""kohya-ss/sd-scripts: a folder `N_concept`, and a `dataset.toml` under which no crop is cropped again.

The bucket rules restate sd-scripts' `BucketManager.select_bucket`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import gcd, isqrt
from pathlib import PurePosixPath
from types import MappingProxyType

from ...bucketing.sizes import aspect_ratios, sort_sizes
from ...cropping.checks import check_size
from ..json_values import format_json
from ..output_folder import OutputFolder
from .base import DatasetFormat, Entry, Size, concept_folder

CONFIG = "dataset.toml"
# What sd-scripts asks `bucket_reso_steps` to be divisible by (`verify_bucket_reso_steps`) → the training that asks it.
STEPS: Mapping[int, str] = MappingProxyType(
    {
        64: "Stable Diffusion 1.5 and 2",
        32: "SDXL, and LoRAs of SD 3, FLUX.1 and HunyuanImage",
        16: "Lumina, Anima, and the whole of FLUX.1",
        8: "the whole of SD 3",
    }
)


class Kohya(DatasetFormat):
    """sd-scripts, with every setting that keeps the crops' sizes in its configuration file."""

    name = "kohya"
    summary = "sd-scripts: folders N_concept, and a dataset.toml under which no crop is cropped again"
    reads_subfolders = False
    reads_all_pictures = True

    @property
    def crop_folder(self) -> str:
        return concept_folder(self.concept, self.repeats)

    def recropped_size(self, size: Size, resolution: int) -> Size | None:
        """None: under `bucket_no_upscale`, a size that `bucket_settings` covers is its own bucket."""
        return None

    def trainer_settings(self, sizes: Iterable[Size], resolution: int) -> list[str]:
        step, _ = bucket_settings(list(sizes))
        lines = [f"start sd-scripts in this folder with --dataset_config {CONFIG}"]
        refused = [models for needed, models in STEPS.items() if step % needed]
        return lines + [f"bucket_reso_steps is {step}: it does not start for {'; '.join(refused)}"] * bool(refused)

    def format_caption(self, caption: str) -> str:
        """One line: sd-scripts reads only the first line of a caption file, and stops at an empty file."""
        return " ".join(caption.split())

    @property
    def index_files(self) -> tuple[str, ...]:
        return (CONFIG,)

    def write_index(self, out: OutputFolder, entries: Iterable[Entry]) -> list[str]:
        """Writes `dataset.toml`; its paths are relative to `out`."""
        lines = _config_lines(list(entries), self.batch_size)
        out.write(CONFIG, "\n".join(lines).encode() + b"\n")
        return [CONFIG]


def kohya_bucket(size: Size, grid: Sequence[Size]) -> Size:
    """The bucket that sd-scripts picks from a grid: the picture's own size, else the nearest width : height.

    Args:
        size: width and height of the picture.
        grid: sizes of the buckets; of two equally near, the smaller one is picked.

    Raises:
        TypeError, ValueError: when a size is none, or there is no bucket.
    """
    size = check_size("size", size)
    if not len(aspect_ratios(grid, "grid")):
        raise ValueError("grid must hold at least one size")
    if size in grid:
        return size
    ratio = size[0] / size[1]
    return min(sorted(grid), key=lambda bucket: abs(bucket[0] / bucket[1] - ratio))


def bucket_settings(sizes: Sequence[Size]) -> tuple[int, int]:
    """The settings under which sd-scripts keeps every size: `bucket_reso_steps` and `resolution`.

    Under `bucket_no_upscale` a picture's bucket is made from its own size. A size is kept where the step divides both
    sides and the area is at most `resolution` squared, whether or not the grid lists it.

    Returns:
        The largest step, at most 64, that divides every side; and the side of the smallest square in whole steps that
        no size exceeds in area.

    Raises:
        TypeError, ValueError: when a size is none, or there is none.
    """
    sizes = sort_sizes(sizes)
    if not sizes:
        raise ValueError("sizes must hold at least one")
    step = gcd(64, *(side for size in sizes for side in size))
    area = max(width * height for width, height in sizes)
    side = -(-(isqrt(area - 1) + 1) // step) * step
    return step, side


def _config_lines(entries: Sequence[Entry], batch_size: int) -> list[str]:
    sizes = sorted({entry.size for entry in entries}) or [(64, 64)]
    step, side = bucket_settings(sizes)
    # sd-scripts takes masks for all pictures, under --masked_loss, or for none.
    masked = bool(entries) and all(entry.mask is not None for entry in entries)
    lines = [
        "# Every crop already has its bucket's size; with these settings sd-scripts cuts none of them again.",
        "# Paths are relative to this folder: start sd-scripts here.",
        *(["# The masks are used: start it with --masked_loss."] if masked else []),
        "[general]",
        "enable_bucket = true",
        "bucket_no_upscale = true",
        f"bucket_reso_steps = {step}",
        f"min_bucket_reso = {min(min(size) for size in sizes)}",
        f"max_bucket_reso = {max(side, *(max(size) for size in sizes))}",
        'caption_extension = ".txt"',
        "",
        "[[datasets]]",
        f"resolution = {side}",
        f"batch_size = {batch_size}",
    ]
    for folder in sorted({str(PurePosixPath(entry.file).parent) for entry in entries}):
        lines += _subset_lines(folder, masked)
    return lines


def _subset_lines(folder: str, masked: bool) -> list[str]:
    """One `[[datasets.subsets]]` table. A subset with masks may name no class tokens: sd-scripts refuses both."""
    repeats, _, concept = folder.partition("_")
    key, value = ("conditioning_data_dir", f"masks/{folder}") if masked else ("class_tokens", concept)
    return [
        "",
        "  [[datasets.subsets]]",
        f"  image_dir = {_toml_string(folder)}",
        f"  num_repeats = {repeats}",
        f"  {key} = {_toml_string(value)}",
    ]


def _toml_string(text: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of its escapes."""
    return format_json(text)
