"""The numbers by which a box is judged: its place and size, what it holds, what it cuts off, what lies at its edges.

Features have names, and their order is that of the weights. A name that ends in `left` has a twin that ends in `right`;
in the mirror image the two change places, and what is `off` something `across` changes its sign.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...cropping.box_sums import read_points
from ...cropping.checks import Region
from .picture import NOWHERE, QUANTILES, PictureTables

SIDES = ("left", "top", "right", "bottom")
BAND = 0.06  # how deep the bands inside and outside of an edge are, as a share of the picture's sides

Features = dict[str, Tensor]


def box_features(picture: PictureTables, boxes: Tensor) -> Features:
    """The features of boxes `[N, 4]` (relative x1, y1, x2, y2): name → `[N]`, float64."""
    boxes = boxes.cpu().double()
    parts = _parts(boxes)
    found = _geometry(boxes, picture.shape) | _heat(picture, boxes, parts)
    for name, ends in zip(("attention", "extent"), picture.ends, strict=True):
        for share, region in zip(QUANTILES, ends, strict=True):
            found |= {f"{name} {share} {side}": room for side, room in _room(boxes, region).items()}
    found |= _distances(boxes, picture.subjects, "subjects") | _distances(boxes, picture.heads, "heads")
    scene = torch.tensor(picture.scene, dtype=torch.float64).unbind()
    found |= dict(zip(("mean extent", "peak", "number of heads", "people", "animals"), scene, strict=True))
    found |= _gist(picture, boxes, parts)
    return {name: torch.as_tensor(value, dtype=torch.float64).expand(len(boxes)) for name, value in found.items()}


def list_features(components: int) -> list[str]:
    """The names of the features for a gist of so many components, in their order."""
    return list(box_features(PictureTables.blank(components), torch.tensor([[0.0, 0.0, 1.0, 1.0]])))


def mirror(names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Where each feature is found among those of the picture, and its sign, for the mirror image: `[F]` and `[F]`."""
    position = {name: index for index, name in enumerate(names)}
    swap = {"left": "right", "right": "left"}
    twins = [" ".join(swap.get(word, word) for word in name.split(" ")) for name in names]
    signs = [-1.0 if {"off", "across"} <= set(name.split(" ")) else 1.0 for name in names]
    return torch.tensor([position[twin] for twin in twins]), torch.tensor(signs)


def _geometry(boxes: Tensor, shape: float) -> Features:
    x1, y1, x2, y2 = boxes.unbind(1)
    width, height = x2 - x1, y2 - y1
    wider = (width / height).log()
    scale = torch.maximum(width, height)
    margins = dict(zip(SIDES, (x1, y1, 1 - x2, 1 - y2), strict=True))
    return {
        **{f"margin {side}": each for side, each in margins.items()},
        "width": width,
        "height": height,
        "area": width * height,
        "off centre across": x1 + x2 - 1,
        "off centre down": y1 + y2 - 1,
        "off centre": (x1 + x2 - 1).abs(),
        "wider": wider,
        "other ratio": wider.abs(),
        "shape": torch.tensor(shape),
        "ratio": wider + shape,
        "scale": scale,
    }


def _heat(picture: PictureTables, boxes: Tensor, parts: Tensor) -> Features:
    """What of attention, extent and detail lies inside, beyond each edge, and in the bands at it."""
    x1, y1, x2, y2 = boxes.unbind(1)
    width, height = x2 - x1, y2 - y1
    found: Features = {}
    sums = _sums(picture.maps, parts)
    for name, (inside, *others) in zip(("attention", "extent", "detail"), sums, strict=True):
        beyond, bands = others[:4], _densities(others[4:], width, height)
        found |= {f"{name} inside": inside, f"{name} density": inside / (width * height)}
        found |= {f"{name} beyond {side}": each for side, each in zip(SIDES, beyond, strict=True)}
        found |= {f"{name} {each}": density for each, density in bands.items()}
    held = sums[0, 0].clamp_min(1e-6)
    x, y, xx, yy = _sums(picture.moments, boxes.T[:, None])[:, 0] / held
    across, down = (x - x1) / width - 0.5, (y - y1) / height - 0.5
    return found | {
        "heat off centre across": across,
        "heat off centre down": down,
        "heat off centre": across.abs(),
        "heat width": (xx - x * x).clamp_min(0).sqrt() / width,
        "heat height": (yy - y * y).clamp_min(0).sqrt() / height,
    }


def _distances(boxes: Tensor, region: Region | None, name: str) -> Features:
    """How far a region lies inside each edge, and how large it is, in the picture and in the box; 0 for none."""
    x1, y1, x2, y2 = region or NOWHERE
    size = (x2 - x1) * (y2 - y1)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    room = _room(boxes, region or NOWHERE)
    found = {f"{name} {side}": each if region else torch.zeros_like(each) for side, each in room.items()}
    return found | {f"size of {name}": torch.tensor(size), f"share of {name}": size / area}


def _gist(picture: PictureTables, boxes: Tensor, parts: Tensor) -> Features:
    """Each component of the gist: in the picture, inside, outside, and in the bands at the edges."""
    x1, y1, x2, y2 = boxes.unbind(1)
    width, height = x2 - x1, y2 - y1
    area = width * height
    found: Features = {}
    for index, (mean, sums) in enumerate(zip(picture.gist_mean, _sums(picture.gist, parts), strict=True)):
        found[f"gist {index}"] = mean
        found[f"gist {index} inside"] = sums[0] / area - mean
        found[f"gist {index} outside"] = (mean - sums[0]) / (1 - area).clamp_min(0.05)
        bands = _densities(list(sums[5:]), width, height)
        found |= {f"gist {index} {name}": each for name, each in bands.items()}
    return found


def _room(boxes: Tensor, region: Region) -> Features:
    """How far each edge of boxes lies outside the edge of a region, by side; negative where it cuts the region."""
    x1, y1, x2, y2 = boxes.unbind(1)
    left, top, right, bottom = region
    return dict(zip(SIDES, (left - x1, top - y1, x2 - right, y2 - bottom), strict=True))


def _parts(boxes: Tensor) -> Tensor:
    """Of each box: itself, what is left of it, above, right and below it, and the bands inside its left, top, right and
    bottom edge, then those outside: edges `[4, 13, N]`.
    """
    x1, y1, x2, y2 = boxes.unbind(1)
    low, high = torch.zeros_like(x1), torch.ones_like(x1)
    rows = [
        (x1, y1, x2, y2),
        (low, low, x1, high),
        (low, low, high, y1),
        (x2, low, high, high),
        (low, y2, high, high),
        (x1, y1, x1 + BAND, y2),
        (x1, y1, x2, y1 + BAND),
        (x2 - BAND, y1, x2, y2),
        (x1, y2 - BAND, x2, y2),
        (x1 - BAND, y1, x1, y2),
        (x1, y1 - BAND, x2, y1),
        (x2, y1, x2 + BAND, y2),
        (x1, y2, x2, y2 + BAND),
    ]
    return torch.stack([torch.stack(row) for row in rows], 1)


def _sums(tables: Tensor, parts: Tensor) -> Tensor:
    """Sums inside rectangles given as edges `[4, P, N]`, from tables `[M, h + 1, w + 1]`: `[M, P, N]`."""
    x1, y1, x2, y2 = parts.flatten(1)
    corners = read_points(tables, torch.cat([x2, x1, x2, x1])[None], torch.cat([y2, y2, y1, y1])[None])
    right_below, left_below, right_above, left_above = corners.chunk(4, 1)
    return (right_below - left_below - right_above + left_above).view(len(tables), *parts.shape[1:])


def _densities(bands: Sequence[Tensor], width: Tensor, height: Tensor) -> Features:
    """The eight bands' sums, four inside, then four outside, over their area; what is beyond the picture is empty."""
    along = (height, width, height, width)
    names = [f"{place} {side}" for place in ("within", "around") for side in SIDES]
    return {name: band / (BAND * along[i % 4]) for i, (name, band) in enumerate(zip(names, bands, strict=True))}
