"""smartcrop.js's method as batched tensor operations: its maps, its boxes and its score. Pure functions.

After Jonas Wagner's smartcrop.js 2.0.5 (https://github.com/jwagner/smartcrop.js, MIT): three hand-made maps (detail,
skin, saturation) and boosts, weighed by how near a pixel lies to a crop's middle and to its thirds.

The arithmetic is float64 and every intermediate map is rounded to a byte, half to even, as a browser's canvas does;
only so do near ties fall the way they do in the original. Pixels are those of the *working picture*, the picture
brought to a short side of at most 256.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from ...cropping.ratio import Ratio

SHORT_SIDE = 256
STEP = 8  # both the step of the lattice of boxes and the side of a cell of the maps
SCALE_STEP = 0.1

SKIN_COLOUR = (0.78, 0.57, 0.44)
SKIN_THRESHOLD, SKIN_BRIGHTNESS = 0.8, (0.2, 1.0)
SATURATION_THRESHOLD, SATURATION_BRIGHTNESS = 0.4, (0.05, 0.9)

DETAIL_WEIGHT = 0.2
SKIN_WEIGHT, SKIN_BIAS = 1.8, 0.01
SATURATION_WEIGHT, SATURATION_BIAS = 0.1, 0.2
BOOST_WEIGHT = 100.0

EDGE_RADIUS, EDGE_WEIGHT = 0.4, -20.0
OUTSIDE_IMPORTANCE = -0.5

CELLS_AT_ONCE = 1 << 20  # boxes are scored in chunks of this many box x cell pairs: 8 MiB a temporary


# --- the maps -----------------------------------------------------------------------------------------------------


def working_size(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) smartcrop.js works at: short side 256, cut to whole pixels, never enlarged."""
    scale = _prescale(size)
    return max(1, int(size[0] * scale)), max(1, int(size[1] * scale))


def smartcrop_maps(pictures: Tensor) -> Tensor:
    """Skin, detail and saturation of working pictures.

    pictures: uint8 [B, 3, H, W], sRGB. Returns float64 [B, 3, H, W] of whole numbers 0..255. The outermost ring of
    pixels has no neighbours to differ from, so its "detail" is its lightness, as in the original.
    """
    red, green, blue = pictures.double().unbind(1)
    lightness = 0.5126 * blue + 0.7152 * green + 0.0722 * red  # sic: the original weighs blue like red
    return torch.stack(
        (
            _skin(red, green, blue, lightness / 255),
            _detail(lightness),
            _saturation(red, green, blue, lightness / 255),
        ),
        dim=1,
    )


def boost_map(work: tuple[int, int], boosts: Iterable[tuple[int, int, int, int, float]]) -> Tensor:
    """Float64 [H, W] of whole numbers 0..255 from weighted boxes (x, y, width, height, weight) in working pixels.

    work: (width, height) of the working picture. A weight of 1 fills its box with 255; overlapping boosts add up to at
    most that.
    """
    canvas = torch.zeros(work[1], work[0], dtype=torch.float64)
    for x, y, width, height, weight in boosts:
        region = canvas[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
        region.copy_(byte(region + weight * 255))
    return canvas


def cells(maps: Tensor) -> Tensor:
    """Mean (and for skin and detail, maximum) of each 8 x 8 cell.

    maps: float64 [B, 4, H, W] (skin, detail, saturation, boost). Returns float64 [B, 4, H // 8, W // 8], whole
    numbers 0..255. A remainder at the right and the bottom is left out.
    """
    rows, columns = maps.shape[-2] // STEP, maps.shape[-1] // STEP
    blocks = maps[..., : rows * STEP, : columns * STEP].unflatten(-1, (columns, STEP)).unflatten(-3, (rows, STEP))
    mean, peak = blocks.sum((-3, -1)) / STEP**2, blocks[:, :2].amax((-3, -1))
    skin = mean[:, 0] * 0.5 + peak[:, 0] * 0.5
    detail = mean[:, 1] * 0.7 + peak[:, 1] * 0.3
    return byte(torch.stack((skin, detail, mean[:, 2], mean[:, 3]), dim=1))


def worth(maps: Tensor) -> Tensor:
    """What a pixel or a cell is worth to a crop.

    maps: [B, 4, H, W] in 0..255 (skin, detail, saturation, boost). Returns [B, H, W], 0 or more.
    """
    skin, detail, saturation, boost = (maps / 255).unbind(1)
    return (
        detail * DETAIL_WEIGHT
        + skin * (detail + SKIN_BIAS) * SKIN_WEIGHT
        + saturation * (detail + SATURATION_BIAS) * SATURATION_WEIGHT
        + boost * BOOST_WEIGHT
    )


def _skin(red: Tensor, green: Tensor, blue: Tensor, brightness: Tensor) -> Tensor:
    length = torch.sqrt(red * red + green * green + blue * blue)
    r, g, b = (channel / length - colour for channel, colour in zip((red, green, blue), SKIN_COLOUR, strict=True))
    likeness = 1 - torch.sqrt(r * r + g * g + b * b)  # NaN where black, which no comparison below lets through
    return _above(likeness, SKIN_THRESHOLD, brightness, SKIN_BRIGHTNESS)


def _detail(lightness: Tensor) -> Tensor:
    detail = lightness.clone()
    detail[:, 1:-1, 1:-1] = (
        lightness[:, 1:-1, 1:-1] * 4
        - lightness[:, :-2, 1:-1]
        - lightness[:, 1:-1, :-2]
        - lightness[:, 1:-1, 2:]
        - lightness[:, 2:, 1:-1]
    )
    return byte(detail)


def _saturation(red: Tensor, green: Tensor, blue: Tensor, brightness: Tensor) -> Tensor:
    channels = torch.stack((red, green, blue)) / 255
    high, low = channels.amax(0), channels.amin(0)
    span = high - low
    saturation = torch.where((high + low) / 2 > 0.5, span / (2 - high - low), span / (high + low))
    saturation = torch.where(span == 0, 0.0, saturation)
    return _above(saturation, SATURATION_THRESHOLD, brightness, SATURATION_BRIGHTNESS)


def _above(value: Tensor, threshold: float, brightness: Tensor, bounds: tuple[float, float]) -> Tensor:
    """The part of `value` above its threshold stretched to 0..255, where the brightness is acceptable."""
    accepted = (value > threshold) & (brightness >= bounds[0]) & (brightness <= bounds[1])
    return byte(torch.where(accepted, (value - threshold) * (255 / (1 - threshold)), 0.0))


def byte(values: Tensor) -> Tensor:
    """As a Uint8ClampedArray stores them: clamped, and rounded half to even."""
    return values.clamp(0, 255).round()


# --- the boxes ----------------------------------------------------------------------------------------------------


def lattice(ratio: Ratio, size: tuple[int, int], work: tuple[int, int], min_share: float = 1.0) -> Tensor:
    """smartcrop.js's boxes of one ratio, in its order: float64 [N, 4] (x, y, width, height) in working pixels.

    size: (width, height) of the source, work: of the working picture. min_share: smallest share of the area of the
    largest box; 1 leaves only the position open, less adds the sides 0.9, 0.8, ... of the largest as far as the
    share allows. N is at least 1.
    """
    width, height = (min(side, limit) for side, limit in zip(_largest(ratio, size), work, strict=True))
    boxes = []
    for scale in _scales(min_share):
        w, h = width * scale, height * scale
        x, y = (torch.arange(0, side, STEP, dtype=torch.float64) for side in work)
        x, y = x[x + w <= work[0]], y[y + h <= work[1]]
        y, x = torch.meshgrid(y, x, indexing="ij")
        boxes.append(torch.stack((x, y, torch.full_like(x, w), torch.full_like(y, h)), dim=-1).flatten(0, 1))
    return torch.cat(boxes)


def score_crops(worths: Tensor, boxes: Tensor) -> Tensor:
    """smartcrop.js's total score of every box on every picture.

    worths: float64 [B, h, w], one value a cell. boxes: float64 [N, 4] (x, y, width, height) in working pixels, shared
    by the pictures. Returns float64 [B, N]; scores compare within a picture, higher is better, negative is possible.
    """
    rows, columns = worths.shape[1:]
    flat = worths.flatten(1)
    chunks = boxes.split(max(1, CELLS_AT_ONCE // max(1, rows * columns)))
    totals = torch.cat([flat @ importance(chunk, rows, columns).flatten(1).T for chunk in chunks], dim=1)
    return totals / (boxes[:, 2] * boxes[:, 3])


def importance(boxes: Tensor, rows: int, columns: int) -> Tensor:
    """How much each cell counts for each box, negative near the box's edges and outside it.

    boxes: [N, 4] (x, y, width, height) in working pixels. Returns [N, rows, columns].
    """
    x, inside_x = _place(boxes[:, 0], boxes[:, 2], columns)
    y, inside_y = _place(boxes[:, 1], boxes[:, 3], rows)
    edge_x, edge_y = (((side - 1.0 + EDGE_RADIUS).clamp(min=0)).square() for side in (x, y))
    edge = (edge_x[:, None, :] + edge_y[:, :, None]) * EDGE_WEIGHT
    centre = 1.41 - torch.sqrt(x.square()[:, None, :] + y.square()[:, :, None])
    thirds = 1.2 * (_thirds(x)[:, None, :] + _thirds(y)[:, :, None])
    total = centre + (centre + edge + 0.5).clamp(min=0) * thirds + edge
    return torch.where(inside_y[:, :, None] & inside_x[:, None, :], total, OUTSIDE_IMPORTANCE)


def _place(start: Tensor, length: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Along one axis, how far cells are from each box's middle (1 at its ends), and whether inside: [N, count]."""
    cell = torch.arange(count, dtype=torch.float64, device=start.device)[None] * STEP
    start, length = start[:, None], length[:, None]
    inside = (cell >= start) & (cell < start + length)
    return (0.5 - (cell - start) / length).abs() * 2, inside


def _thirds(place: Tensor) -> Tensor:
    """1 on a line of thirds, falling to 0 around it."""
    offset = (((place - 1 / 3 + 1.0) % 2.0) * 0.5 - 0.5) * 16
    return (1.0 - offset * offset).clamp(min=0)


def _prescale(size: tuple[int, int]) -> float:
    return min(max(SHORT_SIDE / size[0], SHORT_SIDE / size[1]), 1.0)


def _largest(ratio: Ratio, size: tuple[int, int]) -> tuple[int, int]:
    """The largest box of the ratio in working pixels, cut to whole pixels once in the source and once after scaling."""
    fit, prescale = min(size[0] / ratio.width, size[1] / ratio.height), _prescale(size)
    width, height = (max(1, int(max(1, int(side * fit)) * prescale)) for side in (ratio.width, ratio.height))
    return width, height


def _scales(min_share: float) -> list[float]:
    """Sides relative to the largest box. Subtracted one by one, because 1 - 0.1 - 0.1 is not 1 - 2 x 0.1 in floats."""
    smallest, scales = math.sqrt(min_share), []
    scale = 1.0
    while scale >= smallest and scale > SCALE_STEP / 2:
        scales.append(scale)
        scale -= SCALE_STEP
    return scales
