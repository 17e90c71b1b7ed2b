"""Training samples: a view of a picture, and the targets of the network's outputs.

Attention is only learned from whole pictures, because viewers of a part would have looked elsewhere. The subject and
the heads are learned from parts too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from einops import rearrange
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional as F

from .head_targets import HEAD_STRIDE, encode_heads
from .pictures import LabelledPicture, Region
from .views import View

ATTENTION_STRIDE = 8  # of the outputs `attention` and `subject`
# As a share of the diagonal. A little less than one degree of visual angle (0.024 in OSIE): sharper targets give more
# accurate positions.
BLUR = 0.022
MIN_AREA = 0.8  # share of the picture that a view must show for its fixations to be learned


class Sample(NamedTuple):
    """One view with its targets. A missing label is 0, and so is its weight. Stacked samples have B as first dimension.

    Attributes:
        image: `[3, H, W]` RGB in 0..1.
        density: `[H/8, W/8]` blurred fixations, with the sum 1.
        fixations: `[H/8, W/8]` the share of the fixations in each cell.
        mask: `[H/8, W/8]` the share of each cell that the subject covers.
        mask_weight: `[]` of the mask in the loss.
        centres, centre_weight, reach_weight: `[H/4, W/4]`,
        reach: `[4, H/4, W/4]`, and
        animal: `[H/4, W/4]`: see `encode_heads`.
    """

    image: Tensor
    density: Tensor
    fixations: Tensor
    mask: Tensor
    mask_weight: Tensor
    centres: Tensor
    centre_weight: Tensor
    reach_weight: Tensor
    reach: Tensor
    animal: Tensor


def make_sample(picture: LabelledPicture, image: Image.Image, view: View, rng: np.random.Generator | None) -> Sample:
    """A view of a picture and its targets.

    Args:
        picture: the labels.
        image: the picture itself, RGB.
        view: what to show of it.
        rng: for random colours; None leaves them as they are.
    """
    pixels = torch.from_numpy(np.asarray(view.render(image)).copy())
    rendered = rearrange(pixels, "h w c -> c h w").float() / 255
    density, fixations = _encode_fixations(picture, image.size, view)
    mask, mask_weight = _encode_mask(picture, view)
    people, animals, uncertain = (
        _boxes_in_cells(boxes, image.size, view)
        for boxes in (picture.heads or (), picture.animal_heads, picture.uncertain_heads)
    )
    heads = encode_heads(
        np.concatenate([people, animals]),
        np.repeat([False, True], [len(people), len(animals)]),
        uncertain,
        (view.size[0] // HEAD_STRIDE, view.size[1] // HEAD_STRIDE),
        labelled=picture.heads is not None,
    )
    colours = rendered if rng is None else jitter_colours(rendered, rng)
    return Sample(colours, density, fixations, mask, mask_weight, *heads)


def _encode_fixations(picture: LabelledPicture, picture_size: tuple[int, int], view: View) -> tuple[Tensor, Tensor]:
    """The targets `density` and `fixations`."""
    width, height = view.size[0] // ATTENTION_STRIDE, view.size[1] // ATTENTION_STRIDE
    counts = np.zeros((height, width), np.float32)
    points = _fixations_in_view(picture, picture_size, view)
    if not len(points):
        return torch.zeros(height, width), torch.zeros(height, width)
    row, column = (points[:, 1] * height).astype(int), (points[:, 0] * width).astype(int)
    np.add.at(counts, (row, column), 1)
    counts /= counts.sum()
    x1, y1, x2, y2 = view.part
    blur = BLUR * float(np.hypot(*picture_size))
    blurred = gaussian_filter(counts, (blur * height / (y2 - y1), blur * width / (x2 - x1)), mode="constant")
    return torch.from_numpy(blurred / blurred.sum()), torch.from_numpy(counts)


def _fixations_in_view(picture: LabelledPicture, picture_size: tuple[int, int], view: View) -> np.ndarray:
    """Fixations `[N, 2]` inside the view and relative to it; none when it shows less than `MIN_AREA`."""
    x1, y1, x2, y2 = view.part
    if not picture.fixations or (x2 - x1) * (y2 - y1) < MIN_AREA * picture_size[0] * picture_size[1]:
        return np.zeros((0, 2))
    points = view.transform(np.tile(np.array(picture.fixations), 2), picture_size)[:, :2]
    return points[((points >= 0) & (points < 1)).all(1)]


def _encode_mask(picture: LabelledPicture, view: View) -> tuple[Tensor, Tensor]:
    """The targets `mask` and `mask_weight`. The mask may have another resolution than the picture."""
    width, height = view.size[0] // ATTENTION_STRIDE, view.size[1] // ATTENTION_STRIDE
    if not picture.mask.is_file():
        return torch.zeros(height, width), torch.tensor(0.0)
    with Image.open(picture.mask) as stored:
        mask = stored.convert("L")
    with Image.open(picture.path) as image:
        across, down = mask.width / image.width, mask.height / image.height
    x1, y1, x2, y2 = view.part
    scaled = View((x1 * across, y1 * down, x2 * across, y2 * down), view.size, view.mirrored)
    rendered = torch.from_numpy(np.asarray(scaled.render(mask)).copy())[None].float() / 255
    return F.avg_pool2d(rendered, ATTENTION_STRIDE)[0], torch.tensor(picture.mask_weight)


def _boxes_in_cells(boxes: tuple[Region, ...], picture_size: tuple[int, int], view: View) -> np.ndarray:
    """Those of the picture's boxes that the view shows at least in part: `[N, 4]` in cells of the head outputs."""
    in_view = view.transform(np.array(boxes, dtype=float), picture_size)
    visible = np.clip(in_view, 0, 1)
    in_view = in_view[((visible[:, 2] - visible[:, 0]) > 0) & ((visible[:, 3] - visible[:, 1]) > 0)]
    return in_view * np.array([*view.size, *view.size]) / HEAD_STRIDE


def jitter_colours(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Random brightness, contrast, saturation and colour balance for `[3, H, W]` in 0..1; sometimes grey or blurred."""
    grey = image.mul(torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0, keepdim=True)
    saturation = 0.0 if rng.random() < 0.04 else rng.uniform(0.6, 1.4)
    image = grey + (image - grey) * saturation
    image = (image - image.mean()) * rng.uniform(0.75, 1.3) + image.mean()
    image = image * torch.tensor(rng.uniform(0.93, 1.07, 3), dtype=image.dtype)[:, None, None] * rng.uniform(0.75, 1.25)
    if rng.random() < 0.1:
        image = F.avg_pool2d(image[None], 3, 1, 1, count_include_pad=False)[0]
    return image.clamp(0, 1)
