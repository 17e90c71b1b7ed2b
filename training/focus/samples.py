"""From a picture to what the network is shown and what it should say.

A view is a part of a picture, brought to a size and maybe mirrored. Attention is only learned from whole pictures,
because viewers of a part would have looked elsewhere; subject and heads are learned at every scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional as F

from ...models.focus.preprocess import working_size
from .pictures import Picture, Region

# A little less than one degree of visual angle (0.024 in OSIE): sharper maps place the fixations better.
BLUR = 0.022  # of the diagonal
LEAST_SEEN = 0.8  # of a picture's area that a view must show for its fixations to be learned
SMALLEST_HEAD = 4.0  # input pixels; smaller ones are neither asked for nor punished
VISIBLE = 0.6  # of a head that must lie in the view for the box to be learned


class Sample(NamedTuple):
    """One view; what has no label is zero, and so is its weight.

    image `[3, H, W]` 0..1; density, fixations, mask `[H/8, W/8]`; mask_weight `[]`; centres, care, near `[H/4, W/4]`;
    reach `[4, H/4, W/4]`.
    """

    image: Tensor
    density: Tensor
    fixations: Tensor
    mask: Tensor
    mask_weight: Tensor
    centres: Tensor
    care: Tensor
    near: Tensor
    reach: Tensor


@dataclass(frozen=True)
class View:
    """The part `x1, y1, x2, y2` (pixels of the picture) shown at `size` (width, height)."""

    part: tuple[float, float, float, float]
    size: tuple[int, int]
    mirrored: bool = False

    def relative(self, boxes: np.ndarray, picture: tuple[int, int]) -> np.ndarray:
        """Boxes `[N, 4]` relative to the picture, as relative to this view."""
        x1, y1, x2, y2 = self.part
        across, down = x2 - x1, y2 - y1
        boxes = boxes.reshape(-1, 4) * np.array([*picture, *picture])
        boxes = (boxes - [x1, y1, x1, y1]) / [across, down, across, down]
        return boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [1, 0, 1, 0] if self.mirrored else boxes

    def show(self, image: Image.Image, size: tuple[int, int]) -> Image.Image:
        x1, y1, x2, y2 = self.part
        # Rounding may lead outside.
        inside = max(0.0, x1), max(0.0, y1), min(float(image.width), x2), min(float(image.height), y2)
        shown = image.resize(size, Image.Resampling.BILINEAR, box=inside, reducing_gap=2.0)
        return shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self.mirrored else shown


def whole(picture_size: tuple[int, int], mirrored: bool = False) -> View:
    """All of a picture, at the size that the cropper itself works at."""
    return View((0, 0, *picture_size), working_size(*picture_size), mirrored)


def almost_whole(picture_size: tuple[int, int], size: tuple[int, int], rng: np.random.Generator) -> View:
    """All of a picture, mirrored half of the time, and half of the time without up to a tenth of each side."""
    width, height = picture_size
    share = 1 - rng.uniform(0, 0.1, 2) * (rng.random() < 0.5)
    left, top = rng.uniform(0, 1, 2) * (1 - share) * picture_size
    inside = left, top, left + share[0] * width, top + share[1] * height
    return View(inside, size, bool(rng.random() < 0.5))


def part(picture: Picture, picture_size: tuple[int, int], size: tuple[int, int], rng: np.random.Generator) -> View:
    """A random part in the shape of `size`, up to twice enlarged, mostly near a head where there is one."""
    width, height = picture_size
    ratio = size[0] / size[1] * np.exp(rng.uniform(-0.15, 0.15))
    largest = min(width, height * ratio)
    across = largest * rng.uniform(0.35, 1.0)
    if picture.group == "people":
        across = largest * rng.uniform(0.6, 1.0)
    down = across / ratio
    if picture.heads and rng.random() < 0.7:
        head = np.array(picture.heads[rng.integers(len(picture.heads))]) * [width, height, width, height]
        across = float(np.clip(max(across, 1.3 * (head[2] - head[0]), 1.3 * (head[3] - head[1]) * ratio), 0, largest))
        down = across / ratio
        centre = (head[:2] + head[2:]) / 2 + rng.uniform(-0.5, 0.5, 2) * [across, down]
        left, top = centre - np.array([across, down]) / 2
    else:
        left, top = rng.uniform(0, 1, 2) * [width - across, height - down]
    left, top = np.clip(left, 0, width - across), np.clip(top, 0, height - down)
    return View((left, top, left + across, top + down), size, bool(rng.random() < 0.5))


def sample(picture: Picture, image: Image.Image, view: View, rng: np.random.Generator | None) -> Sample:
    """The view and its labels; with `rng`, colours are changed at random."""
    width, height = view.size
    shown = torch.from_numpy(np.asarray(view.show(image, view.size)).copy()).permute(2, 0, 1).float() / 255
    density, fixations = _attention(picture, image.size, view)
    mask, mask_weight = _mask(picture, view)
    return Sample(
        shown if rng is None else recoloured(shown, rng),
        density,
        fixations,
        mask,
        mask_weight,
        *heads_on_grid(
            _boxes(picture.heads or (), image.size, view),
            _boxes(picture.doubts, image.size, view),
            (width // 4, height // 4),
            picture.heads is not None,
        ),
    )


def _attention(picture: Picture, picture_size: tuple[int, int], view: View) -> tuple[Tensor, Tensor]:
    width, height = view.size[0] // 8, view.size[1] // 8
    counts = np.zeros((height, width), np.float32)
    points = _fixations_in(picture, picture_size, view)
    if not len(points):
        return torch.zeros(height, width), torch.zeros(height, width)
    row, column = (points[:, 1] * height).astype(int), (points[:, 0] * width).astype(int)
    np.add.at(counts, (row, column), 1)
    counts /= counts.sum()
    x1, y1, x2, y2 = view.part
    blur = BLUR * float(np.hypot(*picture_size))
    spread = gaussian_filter(counts, (blur * height / (y2 - y1), blur * width / (x2 - x1)), mode="constant")
    return torch.from_numpy(spread / spread.sum()), torch.from_numpy(counts)


def _fixations_in(picture: Picture, picture_size: tuple[int, int], view: View) -> np.ndarray:
    """Fixations `[N, 2]` relative to the view; none when it shows so little that people would look elsewhere."""
    x1, y1, x2, y2 = view.part
    if not picture.fixations or (x2 - x1) * (y2 - y1) < LEAST_SEEN * picture_size[0] * picture_size[1]:
        return np.zeros((0, 2))
    points = view.relative(np.tile(np.array(picture.fixations), 2), picture_size)[:, :2]
    return points[((points >= 0) & (points < 1)).all(1)]


def _mask(picture: Picture, view: View) -> tuple[Tensor, Tensor]:
    width, height = view.size[0] // 8, view.size[1] // 8
    if not picture.mask.is_file():
        return torch.zeros(height, width), torch.tensor(0.0)
    with Image.open(picture.mask) as stored:
        mask = stored.convert("L")
    with Image.open(picture.path) as image:
        across, down = mask.width / image.width, mask.height / image.height
    x1, y1, x2, y2 = view.part
    scaled = View((x1 * across, y1 * down, x2 * across, y2 * down), view.size, view.mirrored)
    shown = scaled.show(mask, view.size)
    fine = torch.from_numpy(np.asarray(shown).copy())[None].float() / 255
    return F.avg_pool2d(fine, 8)[0], torch.tensor(picture.mask_weight)


def _boxes(boxes: tuple[Region, ...], picture_size: tuple[int, int], view: View) -> np.ndarray:
    """Those of the picture's boxes that can be seen at all, `[N, 4]` in cells of 4 input pixels."""
    in_view = view.relative(np.array(boxes, dtype=float), picture_size)
    visible = np.clip(in_view, 0, 1)
    in_view = in_view[((visible[:, 2] - visible[:, 0]) > 0) & ((visible[:, 3] - visible[:, 1]) > 0)]
    return in_view * np.array([*view.size, *view.size]) / 4


def heads_on_grid(
    boxes: np.ndarray, doubts: np.ndarray, grid: tuple[int, int], labelled: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Centres, care, near `[h, w]` and reach `[4, h, w]` for boxes `[N, 4]` in cells of a grid (width, height)."""
    width, height = grid
    centres, near = torch.zeros(height, width), torch.zeros(height, width)
    reach, care = torch.zeros(4, height, width), torch.full((height, width), float(labelled))
    for doubt in doubts:
        _black_out(care, doubt)
    x, y = torch.arange(width) + 0.5, (torch.arange(height) + 0.5)[:, None]
    # The largest first, so that a small head before a large one keeps its cells.
    for x1, y1, x2, y2 in sorted(boxes.tolist(), key=lambda box: -(box[2] - box[0]) * (box[3] - box[1])):
        across, down = x2 - x1, y2 - y1
        visible = (min(x2, width) - max(x1, 0)) * (min(y2, height) - max(y1, 0)) / (across * down)
        middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
        inside = 0 <= middle_x < width and 0 <= middle_y < height
        if visible < VISIBLE or not inside or max(across, down) * 4 < SMALLEST_HEAD:
            _black_out(care, (x1, y1, x2, y2))
            continue
        column, row = int(middle_x), int(middle_y)
        wide, high = max(0.55, across * 0.12), max(0.55, down * 0.12)
        peak = torch.exp(-((x - column - 0.5) / wide).square() / 2 - ((y - row - 0.5) / high).square() / 2)
        close = peak > 0.4
        centres = torch.maximum(centres, peak)
        centres[row, column] = 1
        near[close] = (peak / peak[close].sum() * np.log1p(close.sum().item()))[close]
        box = torch.stack(torch.broadcast_tensors(x - x1, y - y1, x2 - x, y2 - y))
        reach[:, close] = box[:, close]
    return centres, care, near, reach


def _black_out(care: Tensor, box: Sequence[float]) -> None:
    x1, y1, x2, y2 = (int(each) for each in box)
    care[max(0, y1) : max(0, y2 + 1), max(0, x1) : max(0, x2 + 1)] = 0


def recoloured(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Brightness, contrast, saturation and warmth changed a little; now and then greyscale or unsharp."""
    grey = image.mul(torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0, keepdim=True)
    saturation = 0.0 if rng.random() < 0.04 else rng.uniform(0.6, 1.4)
    image = grey + (image - grey) * saturation
    image = (image - image.mean()) * rng.uniform(0.75, 1.3) + image.mean()
    image = image * torch.tensor(rng.uniform(0.93, 1.07, 3), dtype=image.dtype)[:, None, None] * rng.uniform(0.75, 1.25)
    if rng.random() < 0.1:
        image = F.avg_pool2d(image[None], 3, 1, 1, count_include_pad=False)[0]
    return image.clamp(0, 1)
