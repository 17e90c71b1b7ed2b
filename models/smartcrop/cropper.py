"""smartcrop: the content-aware cropper of smartcrop.js.

The method, by Jonas Wagner (https://github.com/jwagner/smartcrop.js, MIT), stands in `smartcrop_method`; here it
becomes a cropper. It has no weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ...cropping.boxes import xyxy_to_xywh
from ...cropping.ratio import Ratio
from ...cropping.subject import Subject
from ...cropping.text_region import Region
from ..analysis import Analysis, measure_detail
from ..base import Cropper, validate_images
from .method import (
    BOOST_WEIGHT,
    STEP,
    boost_map,
    byte,
    cells,
    lattice,
    score_crops,
    smartcrop_maps,
    working_size,
    worth,
)

HEAT_CELL = 4  # working pixels, so a heatmap has at least 64 cells a side


class SmartcropAnalysis(Analysis):
    """One picture seen by smartcrop.js: its maps, its lattice of boxes and its score.

    `heatmap` is what a pixel is worth to the score before a crop's composition is considered, at a quarter of the
    working size, without the outermost ring of pixels whose detail is an artefact.

    Args:
        cells: uint8 [4, h, w], skin, detail, saturation and boost of 8 x 8 cells.
        base: [h', w'], the heat without boosts, of any scale.
        work: (width, height) of the working picture.
        boost: [h', w'], heat from boosts, in the scale of `base`.
        detail: as in `Analysis`.
    """

    def __init__(
        self,
        cells: Tensor,
        base: Tensor,
        work: tuple[int, int],
        boost: Tensor | None = None,
        detail: Tensor | None = None,
    ) -> None:
        super().__init__(base if boost is None else base + boost, detail=detail)
        self.cells = cells
        self.work = work
        self._base = base

    def boosted(self, subjects: Sequence[Subject]) -> SmartcropAnalysis:
        """The same picture with these subjects, and no others, as smartcrop.js's boosts.

        A subject of weight 1 outweighs everything else in the picture, as it does in smartcrop.js.
        """
        boxes = [(*_whole_pixels(each.region, self.work), each.weight) for each in subjects]
        canvas = boost_map(self.work, boxes).to(self.cells.device)[None]
        boost = cells(F.pad(canvas, (0, 0, 0, 0, 3, 0))[None])[0, 3:]
        seen = torch.cat((self.cells[:3], boost.to(torch.uint8)))
        heat = _heat_grid(canvas)[0] * (BOOST_WEIGHT / 255)
        return SmartcropAnalysis(seen, self._base, self.work, heat, self.detail)

    def candidates(self, ratio: Ratio, min_share: float, size: tuple[int, int], held: Region | None = None) -> Tensor:
        """smartcrop.js's own boxes, see `lattice`."""
        x, y, width, height = lattice(ratio, size, self.work, min_share).to(self.cells.device).unbind(-1)
        return torch.stack((x, y, x + width, y + height), dim=-1) / self._scale()

    def score(self, boxes: Tensor) -> Tensor:
        """smartcrop.js's total score, brought to 0..1 without changing the order of any two boxes.

        With t the score in units of the picture's mean worth, it is (1 + t / (1 + |t|)) / 2: 0.5 for a box whose
        inside is worth no more than its outside takes away, and for every box of a picture without any worth.
        """
        worths = worth(self.cells[None].double())
        snapped = _snapped(boxes.to(self.cells.device, torch.float64) * self._scale())
        total = score_crops(worths, xyxy_to_xywh(snapped))[0]
        mean = worths.mean() if worths.numel() else worths.new_zeros(())
        relative = total * STEP**2 / mean.clamp_min(torch.finfo(torch.float64).tiny)
        return (1 + relative / (1 + relative.abs())) / 2

    def _scale(self) -> Tensor:
        return torch.tensor([*self.work, *self.work], dtype=torch.float64, device=self.cells.device)


class SmartcropCropper(Cropper):
    """smartcrop.js as a cropper: detail, skin and saturated colour near the middle and the thirds of the crop.

    It proposes its own boxes. It knows nothing of faces; `SmartcropAnalysis.boosted` takes those of a detector.
    """

    name = "smartcrop"

    def analyse(self, images: Tensor) -> list[Analysis]:
        pictures = working_pictures(validate_images(images))
        maps = smartcrop_maps(pictures)
        maps = torch.cat((maps, torch.zeros_like(maps[:, :1])), dim=1)
        of_cells, heats, details = cells(maps).to(torch.uint8), _heat(maps), measure_detail(pictures / 255)
        work = pictures.shape[-1], pictures.shape[-2]
        return [
            SmartcropAnalysis(each, heat, work, detail=detail)
            for each, heat, detail in zip(of_cells, heats, details, strict=True)
        ]


def working_pictures(images: Tensor) -> Tensor:
    """float32 [B, 3, H, W] in 0..1 -> uint8 at the working size, antialiased; unchanged where they have that size."""
    # Apple's GPU has no float64.
    images = images.cpu() if images.device.type == "mps" else images
    width, height = working_size((images.shape[-1], images.shape[-2]))
    if images.shape[-2:] != (height, width):
        images = F.interpolate(images, size=(height, width), mode="bilinear", antialias=True)
    return byte(images * 255).to(torch.uint8)


def _heat(maps: Tensor) -> Tensor:
    """[B, 4, H, W] -> [B, h', w'] worth on the heatmap's grid."""
    heat = worth(maps)
    if min(heat.shape[-2:]) > 2:
        # The outermost pixels' detail is their lightness, see `smartcrop_maps`: it would frame every picture in heat.
        heat = F.pad(heat[None, :, 1:-1, 1:-1], (1, 1, 1, 1), mode="replicate")[0]
    return _heat_grid(heat)


def _heat_grid(heat: Tensor) -> Tensor:
    """[B, H, W] -> its mean on a grid of cells of about 4 x 4."""
    height, width = heat.shape[-2:]
    return F.adaptive_avg_pool2d(heat, (-(-height // HEAT_CELL), -(-width // HEAT_CELL)))


def _whole_pixels(region: tuple[float, float, float, float], work: tuple[int, int]) -> tuple[int, int, int, int]:
    """x, y, width and height of a relative region, each cut to whole working pixels as smartcrop.js cuts its boosts."""
    (x1, y1, x2, y2), (width, height) = region, work
    return int(x1 * width), int(y1 * height), int((x2 - x1) * width), int((y2 - y1) * height)


def _snapped(pixels: Tensor) -> Tensor:
    """Edges that lie within rounding of a tenth of a pixel, as all edges of the lattice do, put exactly there.

    Whether a cell is inside a box is a strict comparison, so the way through relative coordinates must leave no trace.
    """
    tenth = (pixels * 10).round() / 10
    return torch.where((pixels - tenth).abs() < 1e-3, tenth, pixels)
