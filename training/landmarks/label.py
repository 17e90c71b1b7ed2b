"""Labels faces with two other networks, the teachers: boxes (YuNet) and points of the face (MediaPipe Face Mesh).

    python training/landmarks/label.py --yunet yunet.onnx --out faces.jsonl [--boxes boxes.json] FOLDER…

A script of its own: `mediapipe` 0.10 wants an older NumPy than the package. Needs `mediapipe` (0.10.21, Apache-2.0:
later wheels hold no models) and the OpenCV that comes with it. Pictures that have labels are skipped, so a stopped run
continues.

Writes one line a face: its picture, YuNet's or the given box `[x1, y1, x2, y2]`, and for every view of it in which the
mesh was found (shifted, scaled, turned, mirrored) the five points and four others in pixels of the picture, with depth.
Their mean is what is learned; how far they lie apart is how well the teacher repeats itself. A face that is found in
no view has an empty list: what it shows is no face, or too little of one. `none` marks the back of a head.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import mediapipe
import numpy as np

# Corners of the eyes, tip of the nose, corners of the mouth; then forehead, chin and the sides, which tell the pose.
MESH_POINTS = (33, 133, 362, 263, 1, 61, 291, 10, 152, 234, 454)
SIDE = 256  # pixels of a view
AROUND = 2.0  # sides of a view, in longer sides of the face's box
# Of a view: shift in sides of the view, scale, turn in degrees, mirrored.
VIEWS = (
    (0.0, 0.0, 1.0, 0.0, False),
    (0.0, 0.0, 1.0, 0.0, True),
    (0.06, -0.04, 1.12, 7.0, False),
    (-0.06, 0.05, 0.9, -7.0, True),
)
YUNET_SIDES = (320, 640, 1024)
YUNET_CONFIDENCE, YUNET_NMS_IOU, YUNET_MOST = 0.55, 0.3, 5000
SAME_IOU = 0.35
LEAST_FACE = 18  # pixels of the longer side of the box
SUFFIXES = (".jpg", ".jpeg", ".png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="+")
    parser.add_argument("--yunet", type=Path, required=True, help="YuNet (2023mar) as ONNX")
    parser.add_argument(
        "--boxes", type=Path, help="name → [x1, y1, x2, y2, back]… of heads by hand, relative; 1 for the back of one"
    )
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    by_hand = json.loads(given.boxes.read_text()) if given.boxes else {}
    done = {json.loads(line)["picture"] for line in given.out.open()} if given.out.exists() else set()
    paths = [path for each in given.folders for path in sorted(each.iterdir()) if path.suffix.lower() in SUFFIXES]
    mesh = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, max_num_faces=1, min_detection_confidence=0.4)
    with mesh, given.out.open("a") as out:
        for path in paths:
            if path.name not in done:
                lines = [json.dumps(each) for each in label_picture(path, str(given.yunet), by_hand, mesh)]
                out.write("".join(f"{line}\n" for line in lines or [json.dumps({"picture": path.name, "box": None})]))
                out.flush()


def label_picture(path: Path, yunet: str, by_hand: dict[str, list[list[float]]], mesh: Any) -> Iterator[dict]:
    """The faces of one picture."""
    image = cv2.imread(str(path))
    assert image is not None, path
    height, width = image.shape[:2]
    found = detect_faces(image, yunet)
    hands = [
        ([x1 * width, y1 * height, x2 * width, y2 * height], back)
        for x1, y1, x2, y2, back in by_hand.get(path.name, ())
    ]
    others = [each for each in hands if all(iou(each[0], face["box"]) < SAME_IOU for face in found)]
    drawn = ({"box": box, "yunet": None, "confidence": None, "none": bool(back)} for box, back in others)
    for face in [*found, *drawn]:
        x1, y1, x2, y2 = face["box"]
        if max(x2 - x1, y2 - y1) >= LEAST_FACE:
            yield {"picture": path.name, "size": [width, height], **face, "views": list(look(image, face["box"], mesh))}


def detect_faces(image: np.ndarray, model: str) -> list[dict]:
    """YuNet's faces at several sizes of the picture, each once: box, its five points and its confidence."""
    height, width = image.shape[:2]
    detected = []
    for side in YUNET_SIDES:
        scale = side / max(width, height)
        size = max(32, round(width * scale)), max(32, round(height * scale))
        detector = cv2.FaceDetectorYN.create(model, "", size, YUNET_CONFIDENCE, YUNET_NMS_IOU, YUNET_MOST)
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        _, faces = detector.detect(cv2.resize(image, size, interpolation=interpolation))
        for x, y, across, down, *points, confidence in faces.tolist() if faces is not None else ():
            box = [x / scale, y / scale, (x + across) / scale, (y + down) / scale]
            five = (np.array(points).reshape(5, 2) / scale).tolist()
            detected.append({"box": box, "yunet": five, "confidence": confidence})
    kept: list[dict] = []
    for face in sorted(detected, key=lambda each: -each["confidence"]):
        if all(iou(face["box"], each["box"]) < SAME_IOU for each in kept):
            kept.append(face)
    return kept


def look(image: np.ndarray, box: Sequence[float], mesh: Any) -> Iterator[list[list[float]]]:
    """The points of a face in pixels of the picture, of each view in which the mesh is found."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    side = AROUND * max(box[2] - box[0], box[3] - box[1])
    for across, down, scale, turn, mirrored in VIEWS:
        zoom = SIDE / (side * scale)
        cosine, sine = zoom * math.cos(math.radians(turn)), zoom * math.sin(math.radians(turn))
        turned = np.array([[cosine, -sine], [sine, cosine]])
        centre = np.array([x + across * side, y + down * side])
        matrix = np.hstack([turned, (SIDE / 2 - turned @ centre)[:, None]])
        flags = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
        view = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        view = view[:, ::-1] if mirrored else view
        result = mesh.process(cv2.cvtColor(np.ascontiguousarray(view), cv2.COLOR_BGR2RGB)).multi_face_landmarks
        if not result:
            continue
        points = np.array([[each.x, each.y, each.z] for each in result[0].landmark])[list(MESH_POINTS)] * SIDE
        if mirrored:
            points[:, 0] = SIDE - points[:, 0]
            points = points[[3, 2, 1, 0, 4, 6, 5, 7, 8, 10, 9]]
        flat = (points[:, :2] - matrix[:, 2]) @ np.linalg.inv(turned).T
        yield np.hstack([flat, points[:, 2:] / zoom]).round(3).tolist()


def iou(first: Sequence[float], second: Sequence[float]) -> float:
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    if across <= 0 or down <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return across * down / (sum(areas) - across * down)


if __name__ == "__main__":
    main()
