"""What trainers do with a picture on their own: which bucket they pick, and that they cut its middle out.

Restated from kohya-ss/sd-scripts `BucketManager.select_bucket`, ostris/ai-toolkit `get_bucket_for_image_size` and
Nerogar/mgds `AspectBucketing`. A picture that already has a bucket's size is taken as it is, or is not: that is what a
data set is checked against.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, gcd, sqrt

from ...bucketing.grids import onetrainer_sizes
from ...bucketing.sizes import Size
from ...cropping.box import Box


def kohya_bucket(size: Size, sizes: Sequence[Size]) -> Size:
    """kohya's bucket among those of its grid: the picture's own size, else the nearest ratio, as linear numbers."""
    if size in sizes:
        return size
    ratio = size[0] / size[1]
    return min(sorted(sizes), key=lambda each: abs(each[0] / each[1] - ratio))


def kohya_own_bucket(size: Size, area: int, step: int = 64) -> Size:
    """kohya's bucket under `bucket_no_upscale`: made for the picture, whatever the grid; 0 wide for one too thin."""
    width, height = size
    if width * height > area:
        width, height = _shrunk_to(size, area, step)
    return width - width % step, height - height % step


def ai_toolkit_bucket(size: Size, resolution: int, step: int = 64) -> Size:
    """ai-toolkit's bucket: of the four roundings of the picture scaled down to the budget, the nearest in area."""
    budget = resolution * resolution
    wanted = min(size[0] * size[1], budget)
    scale = sqrt(wanted / (size[0] * size[1]))
    across, down = (side * scale / step for side in size)
    found = [(wide * step, high * step) for wide in (floor(across), ceil(across)) for high in (floor(down), ceil(down))]
    found = [each for each in found if each[0] and each[1] and each[0] * each[1] <= budget]
    if not found:
        return max(step, floor(across) * step), max(step, floor(down) * step)
    return min(found, key=lambda each: abs(each[0] * each[1] - wanted))


def onetrainer_bucket(size: Size, sizes: Sequence[Size]) -> Size:
    """OneTrainer's bucket: the nearest ratio of height to width."""
    ratio = size[1] / size[0]
    return min(sizes, key=lambda each: abs(each[1] / each[0] - ratio))


def centre_crop(size: Size, bucket: Size) -> Box:
    """The part of a picture that a trainer leaves when it covers the bucket and cuts the middle out, in source pixels.

    To within the pixel that its resizing rounds to.
    """
    scale = max(bucket[0] / size[0], bucket[1] / size[1])
    width, height = (min(side, max(1, round(each / scale))) for side, each in zip(size, bucket, strict=True))
    return Box((size[0] - width) // 2, (size[1] - height) // 2, width, height)


def _shrunk_to(size: Size, area: int, step: int) -> Size:
    """The size scaled down to the area with one side in steps, whichever of the two keeps the ratio better."""
    ratio = size[0] / size[1]
    wide = _stepped(sqrt(area * ratio), step)
    high = _stepped(area / sqrt(area * ratio), step)
    by_width, by_height = wide / _stepped(wide / ratio, step), _stepped(high * ratio, step) / high
    if abs(by_width - ratio) < abs(by_height - ratio):
        return wide, int(wide / ratio + 0.5)
    return int(high * ratio + 0.5), high


def _stepped(length: float, step: int) -> int:
    whole = int(length + 0.5)
    return whole - whole % step


def grid_name(layout: str, text: str) -> str:
    """`auto:K` with the sizes to choose from that the trainer takes as they are; any other name as it is.

    OneTrainer knows only the sizes of its own grid. The others keep every size that `auto` would choose from.
    """
    kind, _, rest = text.strip().partition(":")
    takes_few = layout == "onetrainer" and kind.strip().lower() == "auto" and ":" not in rest
    return f"{text.strip()}:onetrainer" if takes_few else text


def cut_again(layout: str, size: Size, resolution: int) -> Size | None:
    """The bucket that a trainer would make of a picture of this size, where it is not the size itself.

    Args:
        layout: the data set's, see `pictures.datasets`; those that only store pictures cut none.
        resolution: side of the square that the trainer is set to.
    """
    if layout == "ai-toolkit":
        made = ai_toolkit_bucket(size, resolution)
    elif layout == "onetrainer":
        made = onetrainer_bucket(size, onetrainer_sizes(resolution))
    elif layout == "kohya":  # by our dataset.toml, see `pictures.datasets`
        step = gcd(64, *size)
        made = kohya_own_bucket(size, max(size[0] * size[1], resolution * resolution), step)
    elif layout == "comfyui":  # a latent's pixel is 8
        made = size[0] - size[0] % 8, size[1] - size[1] % 8
    else:
        return None
    return None if made == size else made
