"""Measures faces and their points on photographs that were held out: the figures of `models/landmarks/card.md`.

    python -m salient_crop.training.landmarks.measure faces.jsonl [--boxes boxes.json] [--yunet yunet.onnx] FOLDER…

Prints three tables: the share of faces that were labelled by hand and are at least 24 pixels high that are found; how
far the points are from the teacher's, beside how well the teacher repeats itself; and, with `--yunet`, which needs
`opencv-python-headless`, how steady alignments are while a face moves a little, beside those by YuNet's five points.

Distances are shares of the distance between the eyes as such a face would have it from the front, so that a profile
counts like any other face.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image

from ...cropping.face import MEAN_FACE, Face, Points
from ...cropping.face_framing import FaceFraming
from ...cropping.similarity import Similarity
from ...images.warp import plan_warp, read_tensor, warp
from ...jobs.analyse import analyse_thumbnails, thumbnail_of_tensor
from ...jobs.face_search import FoundFace, find_faces
from ...jobs.face_settings import LEAST_CERTAIN
from ...models.base import Cropper
from ...models.landmarks.loading import LandmarkFinder, load_bundled_finder
from ...models.registry import load_cropper
from .samples import Labelled, is_held_out, read_labels

LEAST_HIGH = 24  # pixels of a face by hand
APART = MEAN_FACE[1][0] - MEAN_FACE[0][0]  # of the eyes, in sizes of a face
TURNED, SMALL = 35.0, 30.0  # degrees of yaw of a profile; pixels of a small face
FRAMES, FACES, FRAME = 24, 16, 256
MOST_MOVED, MOST_ZOOMED, MOST_TURNED, NOISE = 0.06, 0.06, 4.0, 0.012


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="+", help="with the pictures")
    parser.add_argument("--boxes", type=Path, help="name → faces by hand, see `measure_found`")
    parser.add_argument("--yunet", type=Path, help="YuNet (2023mar) as ONNX")
    parser.add_argument("--most", type=int, default=10**6, help="pictures to look at")
    given = parser.parse_args(arguments)
    paths = {path.name: path for folder in given.folders for path in folder.iterdir()}
    names = sorted({each.picture for each in read_labels(given.labels) if is_held_out(each.picture)} & paths.keys())
    looker = Looker(load_cropper("focus"), load_bundled_finder())
    found = {name: looker.look(_read(paths[name])) for name in names[: given.most]}
    labels = [each for each in read_labels(given.labels) if each.picture in found]
    if given.boxes:
        by_hand = json.loads(given.boxes.read_text())
        _show("faces found", measure_found(found, {name: by_hand[name] for name in found if name in by_hand}, paths))
    _show("points", measure_points(found, labels))
    if given.yunet:
        large = [each for each in labels if each.points is not None and _face_of(each.points).size > 60][:FACES]
        _show("steadiness", measure_steadiness(looker, large, paths, given.yunet))


class Looker:
    """Finds the faces of pictures as the command does."""

    def __init__(self, cropper: Cropper, finder: LandmarkFinder) -> None:
        self._cropper, self._finder = cropper, finder

    def look(self, picture: torch.Tensor) -> list[FoundFace]:
        """The faces of a picture `[H, W, 3]`."""
        (analysis,) = analyse_thumbnails(self._cropper, [thumbnail_of_tensor(picture)], "cpu")
        size = picture.shape[1], picture.shape[0]
        return find_faces(read_tensor(picture), size, analysis.subjects, self._finder, LEAST_CERTAIN)


def measure_found(
    found: dict[str, list[FoundFace]], by_hand: dict[str, list[list[float]]], paths: dict[str, Path]
) -> Iterator[tuple[str, float, int]]:
    """The share of the faces by hand, relative x1, y1, x2, y2, that hold the nose of a face that was found."""
    hits: list[bool] = []
    for name, boxes in by_hand.items():
        width, height = Image.open(paths[name]).size
        noses = [each.face.points[2] for each in found[name]]
        for x1, y1, x2, y2 in boxes:
            if (y2 - y1) * height >= LEAST_HIGH:
                hits.append(any(x1 * width <= x <= x2 * width and y1 * height <= y <= y2 * height for x, y in noses))
    yield "found", float(np.mean(hits)), len(hits)


def measure_points(found: dict[str, list[FoundFace]], labels: Sequence[Labelled]) -> Iterator[tuple[str, float, int]]:
    """Mean distances of the points from the mean of the teacher's views, and of each of its views from the others."""
    ours, theirs, yaws = defaultdict(list), defaultdict(list), []
    missed = 0
    for label in labels:
        if label.points is None:
            continue
        face, nose = _face_of(label.points), label.points[2]
        candidates = [np.array(each.face.points) for each in found[label.picture]]
        away = [float(np.hypot(*(each[2] - nose))) for each in candidates]
        mine = candidates[int(np.argmin(away))] if away else None
        if mine is None or min(away) > 0.5 * face.size:
            missed += 1
            continue
        apart = face.size * APART
        views = label.views
        others = (views.sum(0) - views) / (len(views) - 1)
        kinds = ["all", "profile" if abs(face.pose.yaw) >= TURNED else "frontal"]
        kinds += ["small"] if face.size < SMALL else []
        yaws.append(abs(_face_of(mine).pose.yaw - face.pose.yaw))
        for kind in kinds:
            ours[kind].append(np.hypot(*(mine - label.points).T).mean() / apart)
            theirs[kind].append(np.hypot(*(views - others).transpose(2, 0, 1)).mean() / apart)
    for kind, values in ours.items():
        yield f"{kind}: ours, mean", float(np.mean(values)), len(values)
        yield f"{kind}: ours, median", float(np.median(values)), len(values)
        yield f"{kind}: the teacher's own, mean", float(np.mean(theirs[kind])), len(values)
    yield "not found", float(missed), missed
    yield "yaw, degrees from the teacher's points", float(np.mean(yaws)), len(yaws)


def measure_steadiness(
    looker: Looker, labels: Sequence[Labelled], paths: dict[str, Path], yunet: Path
) -> Iterator[tuple[str, float, int]]:
    """How far the corners of a face's square wander while it is panned, zoomed and turned a little, and noisy.

    Every frame is made from the photograph by a known matrix. The corners of its square, brought back into the
    photograph, should not move: their root mean square distance from their mean over the frames, in sides of the
    square.
    """
    import cv2

    detector = cv2.FaceDetectorYN.create(str(yunet), "", (FRAME, FRAME), 0.5)
    random = np.random.default_rng(0)
    wander: dict[str, list[float]] = defaultdict(list)
    for label in labels:
        if label.points is None:
            continue
        picture = _read(paths[label.picture])
        corners: dict[str, list[np.ndarray]] = defaultdict(list)
        for _ in range(FRAMES):
            matrix = _some_matrix(_face_of(label.points), random)
            frame, _ = warp(
                read_tensor(picture), plan_warp(matrix, FRAME, (picture.shape[1], picture.shape[0])), fill="edge"
            )
            frame = (frame + torch.from_numpy(random.normal(0, NOISE, frame.shape)).float()).clamp(0, 1)
            faces = {"ours": [each.face for each in looker.look(frame)], "YuNet": _by_yunet(detector, frame)}
            for name, several in faces.items():
                middle = [each for each in several if _is_in_middle(each)]
                if middle:
                    square = FaceFraming("face").square(middle[0], None, FRAME)
                    corners[name].append(np.array([matrix.inverse().apply(each) for each in square.corners()]))
        if all(len(corners[name]) == FRAMES for name in ("ours", "YuNet")):
            for name, each in corners.items():
                places = np.stack(each)
                side = np.hypot(*(places[:, 1] - places[:, 0]).mean(0))
                wander[name].append(float(np.sqrt(((places - places.mean(0)) ** 2).sum(-1).mean()) / side))
    for name, values in wander.items():
        yield f"{name}: rms wander of the corners", float(np.mean(values)), len(values)


def _some_matrix(face: Face, random: np.random.Generator) -> Similarity:
    """From the photograph to a frame in which the face has about 0.35 of its side."""
    moved = random.uniform(-MOST_MOVED, MOST_MOVED, 2) * FRAME
    scale = 0.35 * FRAME / face.size * (1 + random.uniform(-MOST_ZOOMED, MOST_ZOOMED))
    middle = FRAME / 2 + moved[0], FRAME / 2 + moved[1]
    turn = -face.roll + random.uniform(-MOST_TURNED, MOST_TURNED)
    return Similarity.about(face.alignment.inverse().apply((0.5, 0.5)), middle, scale, turn)


def _by_yunet(detector: Any, frame: torch.Tensor) -> list[Face]:
    pixels = (frame.numpy()[..., ::-1] * 255).round().astype(np.uint8)
    _, faces = detector.detect(np.ascontiguousarray(pixels))
    return [] if faces is None else [_face_of(each[4:14].reshape(5, 2)) for each in faces]


def _is_in_middle(face: Face) -> bool:
    x, y = face.points[2]
    return abs(x - FRAME / 2) < 0.2 * FRAME and abs(y - FRAME / 2) < 0.2 * FRAME


def _face_of(points: np.ndarray) -> Face:
    return Face(cast(Points, tuple(map(tuple, points.tolist()))))


def _read(path: Path) -> torch.Tensor:
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).float() / 255


def _show(title: str, rows: Iterator[tuple[str, float, int]]) -> None:
    print(title)
    for name, value, count in rows:
        print(f"  {name}: {value:.4f} ({count})")


if __name__ == "__main__":
    main()
