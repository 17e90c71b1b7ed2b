"""Boxes of photographs with what is known of them: the numbers that they are judged by, and how much they overlap the
crops that people made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ...cropping.boxes import iou_xyxy
from ...evaluation.boxes import BoxCase, read_cases
from ...evaluation.pixels import load_image
from ...models.analysis import Analysis
from ...models.base import Cropper
from ...models.crop_choice.features import box_features
from ...models.crop_choice.picture import PictureTables
from ...models.impression import Impression

COMPONENTS = 8  # of the gist
CELLS = (6, 8)  # of each photograph's gist, whose principal components are taken


@dataclass(frozen=True)
class Photograph:
    """A photograph as the cropper saw it, and people's crops of it.

    Attributes:
        name: of its file.
        size: its (width, height) in pixels.
        analysis: with an impression.
        crops: `[P, 4]` relative x1, y1, x2, y2.
    """

    name: str
    size: tuple[int, int]
    analysis: Analysis
    crops: Tensor


def read_photographs(file: Path, images: Path, cropper: Cropper) -> list[Photograph]:
    """The photographs of a file as `salient-crop evaluate boxes` reads it."""
    return [_analyse(case, cropper) for case in read_cases(file, images)]


def _analyse(case: BoxCase, cropper: Cropper) -> Photograph:
    image = load_image(case.path)
    size = image.shape[-1], image.shape[-2]
    crops = torch.from_numpy(case.crops) / torch.tensor([*size, *size], dtype=torch.float64)
    return Photograph(case.path.name, size, cropper.analyse(image)[0], crops)


def principal_components(impressions: Sequence[Impression]) -> tuple[Tensor, Tensor]:
    """The mean `[C]` of the gist over photographs, and its first components `[C, K]`, scaled to a spread of 1."""
    cells = torch.cat([adaptive_avg_pool2d(each.gist, CELLS).flatten(1).T for each in impressions]).double()
    mean = cells.mean(0)
    spread, axes = torch.linalg.eigh((cells - mean).T @ (cells - mean) / len(cells))
    chosen = slice(-COMPONENTS, None)
    return mean.float(), (axes[:, chosen] / spread[chosen].sqrt()).flip(1).float().contiguous()


def measure_features(picture: PictureTables, boxes: Tensor) -> Tensor:
    """The features of boxes `[N, 4]`: `[N, F]` in single precision."""
    return torch.stack(list(box_features(picture, boxes).values()), 1).float()


def best_overlap(boxes: Tensor, crops: Tensor) -> Tensor:
    """The intersection over union of boxes `[N, 4]` with the most similar of crops `[P, 4]`: `[N]`."""
    return iou_xyxy(boxes[:, None], crops[None]).amax(1)
