"""Measures faces and their points on photographs that were held out: the figures of `models/landmarks/card.md`.

    python -m salient_crop.training.landmarks.measure faces.jsonl [--boxes boxes.json] [--yunet yunet.onnx] FOLDER…

Prints three tables: the share of faces that were labelled by hand and are at least 24 pixels high that are found, and
how many are found where nobody drew one; how far the points are from the teacher's, beside how well the teacher
repeats itself; and, with `--yunet`, which needs `opencv-python-headless`, how steady alignments are while a face moves
a little. Beside each stands what YuNet does.

Distances are shares of the distance between the eyes as such a face would have it from the front, so that a profile
counts like any other face.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from PIL import Image

from ...cropping.box import Box
from ...cropping.checks import Size
from ...cropping.face import MEAN_FACE, Face, Points
from ...cropping.face_framing import FaceFraming
from ...cropping.similarity import Similarity
from ...cropping.subject import Subject
from ...images.warp import plan_warp, read_tensor, warp
from ...jobs.analyse import analyse_thumbnails, thumbnail_of_tensor
from ...jobs.face_search import FoundFace, find_faces
from ...jobs.face_settings import LEAST_CERTAIN
from ...jobs.head_search import CloserLook, find_heads
from ...models.base import Cropper
from ...models.landmarks.loading import LandmarkFinder, load_bundled_finder
from ...models.registry import load_cropper
from ..focus.pictures import is_held_out as is_held_out_of_focus
from .samples import LEAST_VIEWS, Labelled, is_held_out, is_tuned_on, read_labels

LEAST_HIGH = 24  # pixels of a face by hand
BESIDE = 0.25  # of the sides of one, within which a nose still belongs to it
LEAST_OTHER = 10  # pixels of a face that counts as found where nobody drew one: smaller ones were not drawn
YUNET_CONFIDENCE = 0.6
APART = MEAN_FACE[1][0] - MEAN_FACE[0][0]  # of the eyes, in sizes of a face
TURNED, SMALL = 35.0, 30.0  # degrees of yaw of a profile; pixels of a small face
FRAMES, FACES, FRAME = 24, 16, 256
MOST_MOVED, MOST_ZOOMED, MOST_TURNED, NOISE = 0.06, 0.06, 4.0, 0.012


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="+", help="with the pictures")
    parser.add_argument("--boxes", type=Path, help="name → heads by hand, see `measure_found`")
    parser.add_argument("--yunet", type=Path, help="YuNet (2023mar) as ONNX")
    parser.add_argument("--most", type=int, default=10**6, help="pictures to look at")
    given = parser.parse_args(arguments)
    paths = {path.name: path for folder in given.folders for path in folder.iterdir()}
    boxes = json.loads(given.boxes.read_text()) if given.boxes else {}
    drawn = {name for name in boxes if is_held_out_of_focus(name)}
    labelled = {each.picture for each in read_labels(given.labels) if is_held_out(each.picture)}
    names = sorted((labelled | drawn) & paths.keys())
    looker = Looker(load_cropper("focus"), load_bundled_finder())
    yunet = given.yunet and str(given.yunet)
    found = {name: looker.look(_read(paths[name])) for name in names[: given.most]}
    labels = [each for each in read_labels(given.labels) if each.picture in found]
    if given.boxes:
        by_hand = {name: boxes[name] for name in sorted(drawn & found.keys())}
        seen_by = {"ours": {name: [each.face for each in found[name]] for name in by_hand}}
        if yunet:
            seen_by["YuNet"] = {name: _by_yunet(yunet, _read(paths[name])) for name in by_hand}
        for title, tuned in (("tuned on", True), ("held out", False)):
            # Neither network was trained on these.
            names = [name for name in by_hand if is_tuned_on(name) == tuned]
            sizes = {name: Image.open(paths[name]).size for name in names}
            for name, seen in seen_by.items():
                _show(
                    f"faces found, {title}, {name}", measure_found(seen, {each: by_hand[each] for each in names}, sizes)
                )
    _show("points", measure_points(found, labels))
    if yunet:
        large = [each for each in labels if each.points is not None and _face_of(each.points).size > 60][:FACES]
        _show("steadiness", measure_steadiness(looker, large, paths, yunet))


class Looker:
    """Finds the faces of pictures as the command does."""

    def __init__(self, cropper: Cropper, finder: LandmarkFinder) -> None:
        self._cropper, self._finder = cropper, finder

    def look(self, picture: torch.Tensor) -> list[FoundFace]:
        """The faces of a picture `[H, W, 3]`."""
        size, read = (picture.shape[1], picture.shape[0]), read_tensor(picture)

        def read_pixels(box: Box, part: Size) -> np.ndarray:
            return (read(box, part) * 255).round().byte().numpy()

        look = CloserLook(read_pixels, self._find_subjects)
        heads = find_heads(self._find_subjects(thumbnail_of_tensor(picture)), size, look)
        return find_faces(read, size, heads, self._finder, LEAST_CERTAIN)

    def _find_subjects(self, thumbnail: np.ndarray) -> Sequence[Subject]:
        return analyse_thumbnails(self._cropper, [thumbnail], "cpu")[0].subjects


def measure_found(
    found: dict[str, list[Face]], by_hand: dict[str, list[list[float]]], sizes: dict[str, Size]
) -> Iterator[tuple[str, float, int]]:
    """The share of the faces by hand that hold the nose of a face that was found, and how many noses lie elsewhere.

    Args:
        found: faces of each picture.
        by_hand: relative x1, y1, x2, y2 of each head, and whether only its back is seen.
        sizes: width and height of each picture.
    """
    hits: list[bool] = []
    elsewhere = 0
    for name, boxes in by_hand.items():
        width, height = sizes[name]
        places = [(x1 * width, y1 * height, x2 * width, y2 * height) for x1, y1, x2, y2, _ in boxes]
        fronts = [place for place, box in zip(places, boxes, strict=True) if not box[4]]
        noses = [each.points[2] for each in found[name]]
        hits += [any(_holds(each, nose) for nose in noses) for each in fronts if each[3] - each[1] >= LEAST_HIGH]
        large = [each.points[2] for each in found[name] if each.size >= LEAST_OTHER]
        elsewhere += sum(not any(_holds(each, nose, BESIDE) for each in fronts) for nose in large)
    yield "share of faces", float(np.mean(hits)), len(hits)
    yield "others, a picture", elsewhere / max(1, len(by_hand)), len(by_hand)


def _holds(place: Sequence[float], point: Sequence[float], beside: float = 0.0) -> bool:
    """Whether a box, enlarged by a share of its sides on each side, holds a point."""
    x1, y1, x2, y2 = place
    across, down = beside * (x2 - x1), beside * (y2 - y1)
    return x1 - across <= point[0] <= x2 + across and y1 - down <= point[1] <= y2 + down


def measure_points(found: dict[str, list[FoundFace]], labels: Sequence[Labelled]) -> Iterator[tuple[str, float, int]]:
    """Mean distances of the points from the mean of the teacher's views, and of each of its views from the others."""
    ours, theirs, yunets, yaws = defaultdict(list), defaultdict(list), defaultdict(list), []
    missed = 0
    for label in _distinct(labels):
        assert label.points is not None
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
            if label.yunet is not None and np.hypot(*(label.yunet[2] - nose)) < 0.5 * face.size:
                yunets[kind].append(np.hypot(*(label.yunet - label.points).T).mean() / apart)
    for kind, values in ours.items():
        yield f"{kind}: ours, mean", float(np.mean(values)), len(values)
        yield f"{kind}: ours, median", float(np.median(values)), len(values)
        yield f"{kind}: the teacher's own, mean", float(np.mean(theirs[kind])), len(values)
        yield f"{kind}: YuNet's, mean", float(np.mean(yunets[kind])), len(yunets[kind])
    yield "not found", float(missed), missed
    yield "yaw, degrees from the teacher's points", float(np.mean(yaws)), len(yaws)


def measure_steadiness(
    looker: Looker, labels: Sequence[Labelled], paths: dict[str, Path], yunet: str
) -> Iterator[tuple[str, float, int]]:
    """How far the corners of a face's square wander while it is panned, zoomed and turned a little, and noisy.

    Every frame is made from the photograph by a known matrix. The corners of its square, brought back into the
    photograph, should not move: their root mean square distance from their mean over the frames, in sides of the
    square.
    """
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
            faces = {"ours": [each.face for each in looker.look(frame)], "YuNet": _by_yunet(yunet, frame, 0.5)}
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


def _distinct(labels: Sequence[Labelled]) -> list[Labelled]:
    """Those whose points several views of the teacher gave, each face once: a view may show a neighbour."""
    kept: list[Labelled] = []
    noses: list[tuple[str, np.ndarray]] = []
    for each in labels:
        if each.points is None or len(each.views) < LEAST_VIEWS:
            continue
        nose, size = each.points[2], 0.4 * _face_of(each.points).size
        if all(name != each.picture or np.hypot(*(other - nose)) > size for name, other in noses):
            kept.append(each)
            noses.append((each.picture, nose))
    return kept


def _some_matrix(face: Face, random: np.random.Generator) -> Similarity:
    """From the photograph to a frame in which the face has about 0.35 of its side."""
    moved = random.uniform(-MOST_MOVED, MOST_MOVED, 2) * FRAME
    scale = 0.35 * FRAME / face.size * (1 + random.uniform(-MOST_ZOOMED, MOST_ZOOMED))
    middle = FRAME / 2 + moved[0], FRAME / 2 + moved[1]
    turn = -face.roll + random.uniform(-MOST_TURNED, MOST_TURNED)
    return Similarity.about(face.alignment.inverse().apply((0.5, 0.5)), middle, scale, turn)


def _by_yunet(model: str, picture: torch.Tensor, least: float = YUNET_CONFIDENCE) -> list[Face]:
    """YuNet's faces in a picture `[H, W, 3]`, at its own size."""
    import cv2

    pixels = (picture.numpy()[..., ::-1] * 255).round().astype(np.uint8)
    detector = cv2.FaceDetectorYN.create(model, "", (picture.shape[1], picture.shape[0]), least)
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
