"""smartcrop.js's three maps (skin, detail, saturation) and its boosts, and the value of their pixels to a crop.

After Jonas Wagner's smartcrop.js 2.0.5 (https://github.com/jwagner/smartcrop.js, MIT). The arithmetic is float64 and
every intermediate map is rounded to a byte, half to even, as a browser's canvas does; only then do near ties fall as in
the original. Pixels are those of the *working picture*, the picture reduced to a short side of at most 256.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

CELL = 8  # pixels along a side

SKIN_COLOUR = (0.78, 0.57, 0.44)
SKIN_THRESHOLD, SKIN_BRIGHTNESS = 0.8, (0.2, 1.0)
SATURATION_THRESHOLD, SATURATION_BRIGHTNESS = 0.4, (0.05, 0.9)

DETAIL_WEIGHT = 0.2
SKIN_WEIGHT, SKIN_BIAS = 1.8, 0.01
SATURATION_WEIGHT, SATURATION_BIAS = 0.1, 0.2
BOOST_WEIGHT = 100.0


def feature_maps(pictures: Tensor) -> Tensor:
    """Skin, detail and saturation of working pictures.

    The outermost pixels have too few neighbours to differ from, so their "detail" is their lightness, as in the
    original.

    Args:
        pictures: uint8 `[B, 3, H, W]`, sRGB.

    Returns:
        float64 `[B, 3, H, W]` of whole numbers 0..255.
    """
    red, green, blue = pictures.double().unbind(1)
    # As in the original; the luma of Rec. 709 is 0.2126 of red, 0.7152 of green and 0.0722 of blue.
    lightness = 0.5126 * blue + 0.7152 * green + 0.0722 * red
    return torch.stack(
        (
            _skin(red, green, blue, lightness / 255),
            _detail(lightness),
            _saturation(red, green, blue, lightness / 255),
        ),
        dim=1,
    )


def boost_map(work: tuple[int, int], boosts: Iterable[tuple[int, int, int, int, float]]) -> Tensor:
    """A map of weighted boxes: a weight of 1 fills its box with 255, and overlapping boosts add up to at most that.

    Args:
        work: (width, height) of the working picture.
        boosts: x, y, width, height in working pixels, and weight.

    Returns:
        float64 `[H, W]` of whole numbers 0..255.
    """
    canvas = torch.zeros(work[1], work[0], dtype=torch.float64)
    for x, y, width, height, weight in boosts:
        region = canvas[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
        region.copy_(round_to_byte(region + weight * 255))
    return canvas


def reduce_to_cells(maps: Tensor) -> Tensor:
    """The maps in cells of 8 × 8 pixels: their mean, and for skin and detail also their maximum.

    Args:
        maps: float64 `[B, 4, H, W]`: skin, detail, saturation, boost.

    Returns:
        float64 `[B, 4, H // 8, W // 8]` of whole numbers 0..255. A remainder at the right and the bottom is left out.
    """
    rows, columns = maps.shape[-2] // CELL, maps.shape[-1] // CELL
    blocks = maps[..., : rows * CELL, : columns * CELL].unflatten(-1, (columns, CELL)).unflatten(-3, (rows, CELL))
    mean, peak = blocks.sum((-3, -1)) / CELL**2, blocks[:, :2].amax((-3, -1))
    skin = mean[:, 0] * 0.5 + peak[:, 0] * 0.5
    detail = mean[:, 1] * 0.7 + peak[:, 1] * 0.3
    return round_to_byte(torch.stack((skin, detail, mean[:, 2], mean[:, 3]), dim=1))


def weigh_maps(maps: Tensor) -> Tensor:
    """The value of each pixel or cell to a crop that holds it, before its place in the crop counts.

    Args:
        maps: `[B, 4, H, W]` in 0..255: skin, detail, saturation, boost.

    Returns:
        `[B, H, W]`, 0 or more.
    """
    skin, detail, saturation, boost = (maps / 255).unbind(1)
    return (
        detail * DETAIL_WEIGHT
        + skin * (detail + SKIN_BIAS) * SKIN_WEIGHT
        + saturation * (detail + SATURATION_BIAS) * SATURATION_WEIGHT
        + boost * BOOST_WEIGHT
    )


def round_to_byte(values: Tensor) -> Tensor:
    """The values as a Uint8ClampedArray stores them: clamped to 0..255, and rounded half to even."""
    return values.clamp(0, 255).round()


def _skin(red: Tensor, green: Tensor, blue: Tensor, brightness: Tensor) -> Tensor:
    length = torch.sqrt(red * red + green * green + blue * blue)
    r, g, b = (channel / length - colour for channel, colour in zip((red, green, blue), SKIN_COLOUR, strict=True))
    similarity = 1 - torch.sqrt(r * r + g * g + b * b)  # NaN where black, which is above no threshold
    return _stretch_above(similarity, SKIN_THRESHOLD, brightness, SKIN_BRIGHTNESS)


def _detail(lightness: Tensor) -> Tensor:
    detail = lightness.clone()
    detail[:, 1:-1, 1:-1] = (
        lightness[:, 1:-1, 1:-1] * 4
        - lightness[:, :-2, 1:-1]
        - lightness[:, 1:-1, :-2]
        - lightness[:, 1:-1, 2:]
        - lightness[:, 2:, 1:-1]
    )
    return round_to_byte(detail)


def _saturation(red: Tensor, green: Tensor, blue: Tensor, brightness: Tensor) -> Tensor:
    channels = torch.stack((red, green, blue)) / 255
    high, low = channels.amax(0), channels.amin(0)
    span = high - low
    saturation = torch.where((high + low) / 2 > 0.5, span / (2 - high - low), span / (high + low))
    saturation = torch.where(span == 0, 0.0, saturation)
    return _stretch_above(saturation, SATURATION_THRESHOLD, brightness, SATURATION_BRIGHTNESS)


def _stretch_above(value: Tensor, threshold: float, brightness: Tensor, bounds: tuple[float, float]) -> Tensor:
    """The part of `value` above its threshold scaled to 0..255, and 0 where the brightness is out of bounds."""
    accepted = (value > threshold) & (brightness >= bounds[0]) & (brightness <= bounds[1])
    return round_to_byte(torch.where(accepted, (value - threshold) * (255 / (1 - threshold)), 0.0))
