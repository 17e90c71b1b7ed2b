"""Photographs to face squares: what `salient-crop faces` does to one, beside YuNet and OpenCV's `warpAffine`.

python benchmarks/faces.py PHOTOGRAPHS --yunet yunet.onnx [--count 60] [--size 512]

The peer's steps are those of a face extractor: decode, detect with five points (YuNet at the picture's own size), fit
the points to the mean face, warp the square from the picture by bicubic interpolation, encode a JPEG of quality 95.
Ours are the same with `focus`, the bundled points and a warp that is antialiased, and it measures pose and blur. Each
photograph is done by both, one after the other, in one process on one thread; seconds are those of the processor.
Needs `opencv-python-headless`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import torch

from salient_crop.cropping.face import Face
from salient_crop.cropping.face_framing import FaceFraming
from salient_crop.datasets.manifest import FAILED, PictureRecord
from salient_crop.images.encode import encode
from salient_crop.images.reader import PictureReader
from salient_crop.images.warp import plan_warp, warp
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.face_settings import FaceSettings
from salient_crop.jobs.face_stages import find_in_picture, keep_passing, read_picture
from salient_crop.models.base import Cropper
from salient_crop.models.landmarks.loading import LandmarkFinder, load_bundled_finder
from salient_crop.models.registry import load_cropper

SUFFIXES = (".jpg", ".jpeg", ".png")
CONFIDENCE = 0.6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--yunet", type=Path, required=True, help="YuNet (2023mar) as ONNX")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--size", type=int, default=512)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    files = [path for path in sorted(chosen.photographs.rglob("*")) if path.suffix.lower() in SUFFIXES][: chosen.count]
    cropper, finder, detector = load_cropper("focus"), load_bundled_finder(), str(chosen.yunet)
    contenders: dict[str, Callable[[Path], int]] = {
        "salient-crop": lambda path: extract(path, cropper, finder, chosen.size),
        "YuNet + warpAffine": lambda path: extract_with_yunet(path, detector, chosen.size),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    faces = dict.fromkeys(contenders, 0)
    for number, path in enumerate(files):
        names = list(contenders)[:: 1 if number % 2 else -1]
        for name in names:
            start = time.process_time()
            faces[name] += contenders[name](path)
            seconds[name].append(time.process_time() - start)
    for name, each in seconds.items():
        rate = faces[name] / sum(each)
        print(f"{name:20} {faces[name]:5} faces  {rate:6.1f} faces/s  {1000 * median(each):7.0f} ms a picture (median)")


def extract(path: Path, cropper: Cropper, finder: LandmarkFinder, size: int) -> int:
    """The squares of a photograph as the command makes them; returns how many."""
    settings = FaceSettings(finder.digest, size=size)
    with PictureReader() as reader, reader.open(path) as picture:
        record = PictureRecord(path.name, picture.info.size, FAILED)
        found = keep_passing(find_in_picture(picture, record, Analyser(cropper), finder, settings), settings)
        read = read_picture(picture)
        for crop in found.crops:
            assert crop.face is not None
            square, _ = warp(read, plan_warp(crop.face.similarity, size, picture.info.size))
            encode((square * 255).round().byte().numpy(), "jpg")
    return len(found.crops)


def extract_with_yunet(path: Path, model: str, size: int) -> int:
    """The squares of a photograph by YuNet's five points; returns how many."""
    image = cv2.imread(str(path))
    height, width = image.shape[:2]
    detector = cv2.FaceDetectorYN.create(model, "", (width, height), CONFIDENCE)
    _, faces = detector.detect(image)
    for each in faces if faces is not None else ():
        face = Face(tuple(map(tuple, each[4:14].reshape(5, 2).tolist())))
        matrix = FaceFraming("face").square(face, None, size).to_pixels(size)
        square = cv2.warpAffine(image, np.array(matrix.rows()), (size, size), flags=cv2.INTER_CUBIC)
        cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return 0 if faces is None else len(faces)


if __name__ == "__main__":
    main()
