"""Faces to learn from: patches around labelled ones, and views of them as they are met."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import ceil, cos, floor, pi
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ...cropping.face import Face
from ...models.landmarks.network import SIDE, VIEW, VIEW_CENTRE
from ..focus.pictures import is_held_out as is_held_out_of_focus

PATCH, AROUND = 128, 3.7  # pixels of a patch, and its side in unit squares of the aligned face
LEAST_VIEWS, MOST_APART = 3, 0.09  # of the teacher's views of a face; apart in sizes of the face
SURE_BOX = 0.6  # of YuNet, from which it is taken for a face whatever the teacher says
NO_FACES = 0.4  # of the views that are drawn
MOST_TURNED = 1.15  # radians off its own upright, from which a face counts as none: its points would be a guess
HELD_OUT = 6  # one photograph of so many
MIRRORED = [1, 0, 2, 4, 3]


@dataclass(frozen=True)
class Labelled:
    """A face, or something that is none.

    Attributes:
        picture: name of its file.
        points: `[5, 2]` in pixels of the picture; None for no face, and where nobody knows them.
        is_face: whether it is one.
        box: x1, y1, x2, y2 of it.
        views: `[V, 5, 2]` where the teacher saw them.
        depth: `[V, 11, 3]` all that it saw.
        yunet: `[5, 2]` or None.
    """

    picture: str
    points: np.ndarray | None
    is_face: bool
    box: Sequence[float]
    views: np.ndarray
    depth: np.ndarray
    yunet: np.ndarray | None


def read_labels(path: Path) -> list[Labelled]:
    """The faces of `label.py`, and what is certainly none.

    Points are the mean of the teacher's views where three of them agree, else YuNet's where that is sure of them. A
    face by hand that neither sees is one without points. What is marked as `none`, and is seen by neither, is none.
    """
    found = []
    for line in path.open():
        entry = json.loads(line)
        if entry["box"] is None:
            continue
        depth = np.array(entry["views"], np.float64).reshape(-1, 11, 3)
        views = five_of(depth)
        yunet = None if entry["yunet"] is None else np.array(entry["yunet"])
        points, is_face = None, True
        if len(views) >= LEAST_VIEWS:
            points = views.mean(0)
            if np.abs(views - points).mean() / as_face(points).size >= MOST_APART:
                continue
        elif yunet is not None:
            if entry["confidence"] < SURE_BOX:
                continue
            points = yunet
        elif len(views):
            continue
        else:
            is_face = not entry.get("none")
        found.append(Labelled(entry["picture"], points, is_face, entry["box"], views, depth, yunet))
    return found


def five_of(mesh: np.ndarray) -> np.ndarray:
    """`[V, 11, 3]` of the teacher's points → our five `[V, 5, 2]`."""
    flat = mesh[..., :2]
    eyes = [(flat[:, 0] + flat[:, 1]) / 2, (flat[:, 2] + flat[:, 3]) / 2]
    return np.stack([*eyes, flat[:, 4], flat[:, 5], flat[:, 6]], 1)


def as_face(points: Any) -> Face:
    """The face of an array or tensor `[5, 2]`."""
    return Face(tuple(map(tuple, points.tolist())))  # type: ignore[arg-type]


def is_held_out(picture: str) -> bool:
    """Whether a photograph is kept for judging: one in six, and all that are kept for judging `focus`."""
    return is_held_out_of_focus(picture) or int(sha256(picture.encode()).hexdigest(), 16) % HELD_OUT == 0


def is_tuned_on(picture: str) -> bool:
    """Whether a photograph that is kept for judging is one of the half on which thresholds were chosen."""
    return int(sha256(f"faces {picture}".encode()).hexdigest()[:8], 16) % 2 == 0


def cut_patches(labels: Sequence[Labelled], folders: Sequence[Path]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each face, its brightness, uint8 `[1, 128, 128]`, and its points `[5, 2]` in pixels of that; NaN without."""
    paths = {path.name: path for folder in folders for path in folder.iterdir()}
    name, picture = "", Image.new("L", (1, 1))
    for each in labels:
        if each.picture != name:
            name = each.picture
            picture = Image.open(paths[name]).convert("RGB").convert("L")
        (x, y), side = place_of_patch(each)
        patch = _cut(picture, x - side / 2, y - side / 2, side)
        corner = np.array([x - side / 2, y - side / 2])
        points = np.full((5, 2), np.nan) if each.points is None else (each.points - corner) * (PATCH / side)
        yield np.array(patch)[None], points


def _cut(picture: Image.Image, x: float, y: float, side: float) -> Image.Image:
    """A square of a picture, whose outermost pixels are repeated around it."""
    left, top, right, bottom = floor(x) - 2, floor(y) - 2, ceil(x + side) + 2, ceil(y + side) + 2
    before = max(0, -left), max(0, -top)
    after = max(0, right - picture.width), max(0, bottom - picture.height)
    inside = picture.crop((max(0, left), max(0, top), min(right, picture.width), min(bottom, picture.height)))
    padded = np.pad(np.asarray(inside), ((before[1], after[1]), (before[0], after[0])), mode="edge")
    box = x - left, y - top, x - left + side, y - top + side
    return Image.fromarray(padded).resize((PATCH, PATCH), Image.Resampling.BICUBIC, box=box)


def place_of_patch(label: Labelled) -> tuple[tuple[float, float], float]:
    """Centre and side of the patch around a face, as upright as the picture is."""
    if label.points is None:
        x1, y1, x2, y2 = label.box
        return ((x1 + x2) / 2, (y1 + y2) / 2), AROUND * 0.9 * max(x2 - x1, y2 - y1)
    face = as_face(label.points)
    return face.alignment.inverse().apply(VIEW_CENTRE), AROUND * face.size


class Views:
    """Random views of patches, as the network meets them: around a head, or around points that it found before.

    Args:
        patches: uint8 `[N, 1, 128, 128]`.
        points: `[N, 5, 2]` in their pixels; NaN where they are not known.
        are_faces: bool `[N]`.
        seed: of all that is random.
    """

    def __init__(self, patches: Tensor, points: Tensor, are_faces: Tensor, seed: int = 0) -> None:
        self._patches, self._points, self._are_faces = patches, points, are_faces
        self._random = torch.Generator().manual_seed(seed)
        angles = []
        for each in points.numpy():
            known = not np.isnan(each).any()
            angles.append(as_face(each).roll / 180 * pi if known else 0.0)
        self._rolls = torch.tensor(angles)
        nothing = (~are_faces).float()
        shares = NO_FACES * nothing / nothing.sum().clamp_min(1)
        self._shares = shares + (1 - shares.sum()) * (1 - nothing) / (1 - nothing).sum()

    def draw(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Brightness `[count, 1, 64, 64]` in 0..1, the points `[count, 5, 2]` in sides of these, NaN where they are not
        known, and bool `[count]`: is it a face?
        """
        index = torch.multinomial(self._shares, count, True, generator=self._random)
        patches, points = self._patches[index], self._points[index]
        near = self._uniform(count) < 0.45  # around points that it found before
        shift = self._normal(count, 2) * torch.where(near, 0.035, 0.13)[:, None]
        scale = (self._normal(count) * torch.where(near, 0.06, 0.22)).clamp(-0.6, 0.6).exp()
        turn = self._normal(count) * torch.where(near, 0.07, 0.35)
        turn = torch.where(near, turn + self._rolls[index], turn)
        anyhow = self._uniform(count) < 0.1
        turn = torch.where(anyhow, self._uniform(count) * 2 * pi, turn)
        upright = (turn - self._rolls[index]).cos() > cos(MOST_TURNED)
        images, places = self._cut(patches, points, shift, scale, turn)
        mirrored = self._uniform(count) < 0.5
        images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
        swapped = places[:, MIRRORED] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
        places = torch.where(mirrored[:, None, None], swapped, places)
        places[~upright] = torch.nan
        return self._worsen(images), places, self._are_faces[index] & upright

    def _cut(
        self, patches: Tensor, points: Tensor, shift: Tensor, scale: Tensor, turn: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Views of `scale` times the usual side, moved by so many of their sides, turned clockwise by so much."""
        share = VIEW / AROUND * scale
        cosine, sine = share * turn.cos(), share * turn.sin()
        moved = 2 * share[:, None] * shift
        theta = torch.stack([cosine, -sine, moved[:, 0], sine, cosine, moved[:, 1]], 1).view(-1, 2, 3)
        grid = F.affine_grid(theta, [len(patches), 1, SIDE, SIDE], align_corners=False)
        images = F.grid_sample(patches.float().div_(255), grid, "bilinear", "border", align_corners=False)
        flat = points / PATCH * 2 - 1 - theta[:, None, :, 2]
        inverse = torch.linalg.inv(theta[:, :, :2])
        return images, (flat @ inverse.transpose(1, 2) + 1) / 2

    def _worsen(self, images: Tensor) -> Tensor:
        """As small, noisy, dark, pale or covered as photographs have them."""
        count = len(images)
        # Most of a batch are as small as one of these: that is how faces in crowds are.
        small = int(torch.randint(9, SIDE - 4, (1,), generator=self._random))
        several = (self._uniform(count) < 0.6).nonzero()[:, 0]
        coarse = F.interpolate(images[several], (small, small), mode="bilinear", antialias=True)
        coarse = coarse + self._normal(*coarse.shape) * (0.03 * self._uniform(len(coarse))[:, None, None, None])
        images[several] = F.interpolate(coarse, (SIDE, SIDE), mode="bilinear")
        # Light from one side; the network sees no other change of light.
        slope = 0.25 * self._normal(count, 2, 1, 1)
        along = torch.linspace(-1, 1, SIDE)
        images = images * (1 + slope[:, :1] * along + slope[:, 1:] * along[:, None])
        gamma = (0.3 * self._normal(count, 1, 1, 1)).exp()
        images = images.clamp(1e-3, 1).pow(gamma)
        for one in (self._uniform(count) < 0.12).nonzero()[:, 0].tolist():
            x, y = (int(each) for each in torch.randint(SIDE, (2,), generator=self._random))
            wide, high = (int(each) for each in torch.randint(SIDE // 8, SIDE // 2, (2,), generator=self._random))
            images[one, :, y : y + high, x : x + wide] = self._uniform(1)
        return images.clamp(0, 1)

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self._random)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self._random)
