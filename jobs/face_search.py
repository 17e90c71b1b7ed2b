"""The faces of one picture: in each head that the cropper found, five points, refined where the face then lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..cropping.checks import Region, Size
from ..cropping.face import MEAN_FACE, Face
from ..cropping.face_framing import FaceFraming
from ..cropping.similarity import Similarity
from ..cropping.subject import Subject
from ..images.blur import measure_blur
from ..images.cut import OutsideError
from ..images.warp import Read, plan_warp, warp
from ..models.landmarks.loading import LandmarkFinder
from ..models.landmarks.network import SIDE, VIEW, VIEW_CENTRE, Landmarks

# What it sees first, of a head with hair and chin: a square of so many of the head's longer sides, so far below its
# middle.
_FIRST_SIDE, _FIRST_BELOW = 0.71, 0.123
_ROUNDS = 3  # each looks where the one before found the face
_BATCH = 32
_EYES_APART = MEAN_FACE[1][0] - MEAN_FACE[0][0]
_SAME_FACE = 0.4  # of a face's size: two whose noses are nearer are one
_BLUR_SIDE, _BLUR_FRAMING = 128, FaceFraming("face")
_KINDS = ("face", "person", "prompt")


@dataclass(frozen=True)
class FoundFace:
    """A face in a picture.

    Attributes:
        face: its points in pixels of the picture.
        head: left, top, right, bottom of the head that it was found in, in pixels.
        certainty: how sure it is that there is a face, 0..1.
        spread: how far a coordinate may be off, as a share of the distance between the eyes from the front.
    """

    face: Face
    head: Region
    certainty: float
    spread: float


def find_faces(
    read: Read, size: Size, subjects: Sequence[Subject], finder: LandmarkFinder, least: float
) -> list[FoundFace]:
    """The faces in a picture, from left to right.

    Args:
        read: the picture.
        size: its width and height in pixels.
        subjects: of its analysis; those with a head of a person are looked at.
        finder: of the points.
        least: certainty.
    """
    heads = [_in_pixels(each.head_region, size) for each in subjects if each.kind in _KINDS and each.head_region]
    found: list[FoundFace] = []
    for start in range(0, len(heads), _BATCH):
        found += _find_in(read, size, heads[start : start + _BATCH], finder)
    certain = [each for each in found if each.certainty >= least]
    return sorted(_distinct(certain), key=lambda each: each.face.points[2])


def measure_face_blur(read: Read, size: Size, face: Face) -> float:
    """How blurred a face is, 0..1, on a square of 128 pixels from forehead to chin: see `measure_blur`."""
    square = _BLUR_FRAMING.square(face, None, _BLUR_SIDE)
    pixels, _ = warp(read, plan_warp(square.to_pixels(_BLUR_SIDE), _BLUR_SIDE, size), fill="edge")
    return measure_blur(pixels.numpy())


def _find_in(read: Read, size: Size, heads: Sequence[Region], finder: LandmarkFinder) -> list[FoundFace]:
    looking = [(head, _first_view(head)) for head in heads]
    found: list[FoundFace] = []
    for _ in range(_ROUNDS):
        seen, views = [], []
        for head, view in looking:
            try:
                pixels, _ = warp(read, plan_warp(view, SIDE, size), fill="edge")
            except OutsideError:
                continue
            seen.append((head, view))
            views.append(pixels.movedim(-1, 0))
        if not views:
            return []
        marks = finder.find(torch.stack(views))
        found = _as_faces(seen, marks)
        looking = [(each.head, _next_view(each.face)) for each in found]
    return found


def _as_faces(seen: Sequence[tuple[Region, Similarity]], marks: Landmarks) -> list[FoundFace]:
    """What was found in views, in pixels of the picture; without those whose points lie in one place."""
    found = []
    for (head, view), points, spread, certainty in zip(seen, *marks, strict=True):
        face = _as_face(view, points)
        if face is not None:
            apart = face.size * _EYES_APART * view.scale / SIDE
            found.append(FoundFace(face, head, certainty.item(), spread.item() / apart))
    return found


def _as_face(view: Similarity, points: Tensor) -> Face | None:
    back = view.inverse()
    try:
        face = Face(tuple(back.apply((x * SIDE, y * SIDE)) for x, y in points.tolist()))  # type: ignore[arg-type]
    except ValueError:
        return None
    # Where there is no face, the points may be anywhere.
    return face if 0.1 < face.size * view.scale * VIEW / SIDE < 4 else None


def _first_view(head: Region) -> Similarity:
    long = max(head[2] - head[0], head[3] - head[1])
    centre = (head[0] + head[2]) / 2, (head[1] + head[3]) / 2 + _FIRST_BELOW * long
    return Similarity.about(centre, (SIDE / 2, SIDE / 2), SIDE / (_FIRST_SIDE * long))


def _next_view(face: Face) -> Similarity:
    centre = face.alignment.inverse().apply(VIEW_CENTRE)
    return Similarity.about(centre, (SIDE / 2, SIDE / 2), SIDE / (VIEW * face.size), -face.roll)


def _in_pixels(region: Region, size: Size) -> Region:
    return region[0] * size[0], region[1] * size[1], region[2] * size[0], region[3] * size[1]


def _distinct(faces: Sequence[FoundFace]) -> list[FoundFace]:
    """Each face once, where two heads led to the same: the more certain one."""
    kept: list[FoundFace] = []
    for each in sorted(faces, key=lambda each: -each.certainty):
        x, y = each.face.points[2]
        if all(
            (x - other.face.points[2][0]) ** 2 + (y - other.face.points[2][1]) ** 2
            > (_SAME_FACE * max(each.face.size, other.face.size)) ** 2
            for other in kept
        ):
            kept.append(each)
    return kept
