"""The faces of one picture: in each head that the cropper found, five points, refined where the face then lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from torch import Tensor

from ..cropping.checks import Region, Size
from ..cropping.face import MEAN_FACE, Face
from ..cropping.face_framing import FaceFraming
from ..cropping.similarity import Similarity
from ..images.blur import measure_blur
from ..images.patches import Patches, read_patches
from ..images.warp import Read, plan_warp, warp
from ..models.detectors.centre_points import Detection
from ..models.landmarks.loading import LandmarkFinder
from ..models.landmarks.network import SIDE, VIEW, VIEW_CENTRE, brightness

# What it sees first, of a head with hair and chin: a square of so many of the head's longer sides, so far below its
# middle.
_FIRST_SIDE, _FIRST_BELOW = 0.71, 0.123
# What is read of a head: all that later views may show of its face, at the density of these.
_READ_SIDE, _READ_PIXELS = 1.8, 168
_ROUNDS = 3  # each looks where the one before found the face
# What the log odds of a head weigh beside the mean of those of a face in it; beyond this a head is no surer. Chosen on
# the pictures of `training/landmarks/measure.py` that say so.
_HEAD_WEIGHT, _SUREST_HEAD = 1.2, 0.95
_PLAIN = 0.9  # certainty, from which nobody looks whether a face lies or stands on its head
_TURNS = (90.0, 180.0, 270.0)  # degrees
_TURNED = 2.0  # log odds by which a turned view must show more of a face than the upright one
_BATCH = 32
_EYES_APART = MEAN_FACE[1][0] - MEAN_FACE[0][0]
_SAME_FACE = 0.4  # of a face's size: two whose noses are nearer are one
_BLUR_SIDE, _BLUR_FRAMING = 128, FaceFraming("face")


@dataclass(frozen=True)
class FoundFace:
    """A face in a picture.

    Attributes:
        face: its points in pixels of the picture.
        head: left, top, right, bottom of the head that it was found in, in pixels.
        certainty: how sure it is that there is a face, 0..1, by the head and by each look into it.
        spread: how far a coordinate may be off, as a share of the distance between the eyes from the front.
    """

    face: Face
    head: Region
    certainty: float
    spread: float


def find_faces(
    read: Read, size: Size, heads: Sequence[Detection], finder: LandmarkFinder, least: float
) -> list[FoundFace]:
    """The faces in a picture, from left to right.

    Args:
        read: the picture.
        size: its width and height in pixels.
        heads: that are looked at, in pixels; see `find_heads`.
        finder: of the points.
        least: certainty.
    """
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


def _find_in(read: Read, size: Size, heads: Sequence[Detection], finder: LandmarkFinder) -> list[FoundFace]:
    squares = [_square_around(head) for head in heads]
    patches = read_patches(lambda box, size: brightness(read(box, size)), squares, size, _READ_PIXELS)
    looking = _first_views(patches, heads, finder)
    odds = {index: _HEAD_WEIGHT * _log_odds(min(heads[index].confidence, _SUREST_HEAD)) for index in patches.inside}
    found: list[FoundFace] = []
    for _ in range(_ROUNDS):
        if not looking:
            return []
        marks = finder.find(patches.sample(looking, SIDE)[:, None])
        seen, found = looking, []
        looking = []
        for (index, view), points, spread, certainty in zip(seen, *marks, strict=True):
            odds[index] += _log_odds(certainty.item()) / _ROUNDS
            face = _as_face(view, points)
            if face is not None:
                apart = face.size * _EYES_APART * view.scale / SIDE
                sure = 1 / (1 + exp(-odds[index]))
                found.append(FoundFace(face, heads[index][:4], sure, spread.item() / apart))
                looking.append((index, _next_view(face)))
    return found


def _first_views(patches: Patches, heads: Sequence[Detection], finder: LandmarkFinder) -> list[tuple[int, Similarity]]:
    """Of each head as upright as the picture is; or where that shows far more of a face, by a quarter or half turn."""
    upright = [(index, _first_view(heads[index])) for index in patches.inside]
    if not upright:
        return []
    sure_of = _sure_of(patches, upright, finder)
    best = {index: (_log_odds(sure), view) for (index, view), sure in zip(upright, sure_of, strict=True)}
    doubtful = [index for (index, _), sure in zip(upright, sure_of, strict=True) if sure < _PLAIN]
    turned = [(index, _first_view(heads[index], angle)) for index in doubtful for angle in _TURNS]
    if turned:
        for (index, view), sure in zip(turned, _sure_of(patches, turned, finder), strict=True):
            odds = _log_odds(sure) - _TURNED
            if odds > best[index][0]:
                best[index] = odds, view
    return [(index, view) for index, (_, view) in best.items()]


def _sure_of(patches: Patches, looking: Sequence[tuple[int, Similarity]], finder: LandmarkFinder) -> list[float]:
    return finder.find(patches.sample(looking, SIDE)[:, None]).certainty.tolist()


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return log(share / (1 - share))


def _as_face(view: Similarity, points: Tensor) -> Face | None:
    back = view.inverse()
    try:
        face = Face(tuple(back.apply((x * SIDE, y * SIDE)) for x, y in points.tolist()))  # type: ignore[arg-type]
    except ValueError:
        return None
    # Where there is no face, the points may be anywhere.
    return face if 0.1 < face.size * view.scale * VIEW / SIDE < 4 else None


def _square_around(head: Detection) -> Region:
    """What is read around a head: left, top, right, bottom."""
    half = _READ_SIDE / 2 * max(head.x2 - head.x1, head.y2 - head.y1)
    x, y = (head.x1 + head.x2) / 2, (head.y1 + head.y2) / 2
    return x - half, y - half, x + half, y + half


def _first_view(head: Detection, angle: float = 0.0) -> Similarity:
    """Of the face in a head, turned by so many degrees clockwise."""
    long = max(head.x2 - head.x1, head.y2 - head.y1)
    x, y = Similarity.about((0.0, 0.0), (0.0, 0.0), long, -angle).apply((0.0, _FIRST_BELOW))
    centre = (head.x1 + head.x2) / 2 + x, (head.y1 + head.y2) / 2 + y
    return Similarity.about(centre, (SIDE / 2, SIDE / 2), SIDE / (_FIRST_SIDE * long), angle)


def _next_view(face: Face) -> Similarity:
    centre = face.alignment.inverse().apply(VIEW_CENTRE)
    return Similarity.about(centre, (SIDE / 2, SIDE / 2), SIDE / (VIEW * face.size), -face.roll)


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
