"""How calm a text region of a crop is: what lies under it of heat, and of detail."""

from __future__ import annotations

import torch
from torch import Tensor

from .box_sets import BoxSet, ListedBoxSet, broadcast
from .checks import Region
from .grid import SearchGrid
from .inputs import SearchInputs
from .regions import area_of

# A text region with at most this load is calm.
CALM_LOAD = 0.5
# Mean gradient of luma, in 0..1, of detail that reads as texture behind text; half of it hardly disturbs. Thumbnails of
# photographs have 0.05 on average: sky and blurred backgrounds 0.01, grass and crowds more than 0.1.
BUSY_GRADIENT = 0.11


def measure_load(inputs: SearchInputs, box_set: BoxSet, region: Region) -> Tensor:
    """The load of one text region in each box: `[B, *]`, 0 where nothing is under it, 1 where all is as elsewhere.

    It is the heat under the region, as a multiple of what its area would hold on average in the box; or the detail
    where that is more. Detail is measured in the same way, but never counts for more than its gradient does as a
    multiple of `BUSY_GRADIENT`: a clear sky is calm in a picture of nothing but sky.

    Args:
        inputs: of the pictures.
        box_set: the boxes. What lies outside the picture has neither heat nor detail.
        region: relative to the box.
    """
    area = area_of(region)
    load = _share_under(box_set, inputs.heat, box_set.region_sum(inputs.heat, region)) / area
    if inputs.detail is not None:
        under = box_set.region_sum(inputs.detail, region)
        density = _share_under(box_set, inputs.detail, under) / area
        mean = under / (box_set.area_share() * area)
        gradient = mean * broadcast(inputs.gradient, mean) / BUSY_GRADIENT
        load = torch.maximum(load, torch.minimum(density, gradient))
    return load.clamp_min(0)


def measure_load_in(inputs: SearchInputs, crop: Region, region: Region) -> float:
    """As `measure_load`, in one crop of the first picture.

    Args:
        crop: relative to the picture, which it may leave.
        region: relative to the crop.
    """
    crops = torch.tensor([[crop]], dtype=torch.float64, device=inputs.device)
    return float(measure_load(inputs, ListedBoxSet(inputs.heat, SearchGrid(1, 1), crops), region)[0])


def _share_under(box_set: BoxSet, table: Tensor, under: Tensor) -> Tensor:
    """The share of what is inside each box, `[B, *]`, that lies under its region, where there is so much of it."""
    return (under / box_set.table_sum(table).clamp_min(1e-12)).clamp(0, 1)
