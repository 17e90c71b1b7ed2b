"""The teachers' labels: masks of what stands out (IS-Net) and heads (YuNet, grown from the face to hair and chin).

    python -m salient_crop.training.focus.label --data DATA --out LABELS --isnet isnet.onnx --yunet yunet.onnx
    [--photos PHOTOS]

Needs `onnxruntime`, `onnx` and `opencv-python-headless`, which nothing else here does. Done pictures are skipped, so
a stopped run goes on where it was. Writes `LABELS/masks/<name>.png` (8 bit, long side 256) and `LABELS/heads.json`
(name → boxes and their certainty).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from tqdm import tqdm

from .teachers import head_from_face, merged

MASK_SIDE, TAUGHT_SIDE = 256, 512  # IS-Net was made for 1024; half is four times as fast and as good on our people
# YuNet finds faces of some ten to some hundred pixels, so every picture is shown at several sizes.
FACE_SIDES = (160, 320, 640, 1000)
LEAST_CERTAIN = 0.55


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with gaze/ and people/")
    parser.add_argument("--photos", type=Path, help="folder of other photographs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the labels")
    parser.add_argument("--isnet", type=Path, required=True, help="IS-Net as ONNX")
    parser.add_argument("--yunet", type=Path, required=True, help="YuNet (2023mar) as ONNX")
    given = parser.parse_args()
    (given.out / "masks").mkdir(parents=True, exist_ok=True)
    folders = [
        given.data / "people" / "images",
        given.data / "gaze" / "images",
        *([given.photos] if given.photos else []),
    ]
    paths = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".jpg", ".jpeg", ".png")
    ]
    _label_heads(paths, given.yunet, given.out / "heads.json")
    _label_masks(paths, given.isnet, given.out / "masks")


def _label_heads(paths: list[Path], model: Path, file: Path) -> None:
    known = json.loads(file.read_text()) if file.is_file() else {}
    for number, path in enumerate(tqdm(paths, desc="heads"), start=1):
        if path.name not in known:
            known[path.name] = heads(cv2.imread(str(path)), str(model))
        if number % 100 == 0 or number == len(paths):
            file.write_text(json.dumps(known))


def heads(image: np.ndarray, model: str) -> list[list[float]]:
    """Relative head boxes with their certainty, `[x1, y1, x2, y2, certainty]`, of a picture `[H, W, 3]` (BGR)."""
    height, width = image.shape[:2]
    found = []
    for side in FACE_SIDES:
        scale = side / max(width, height)
        size = max(32, round(width * scale)), max(32, round(height * scale))
        detector = cv2.FaceDetectorYN.create(model, "", size, LEAST_CERTAIN, 0.3, 5000)
        _, faces = detector.detect(
            cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        )
        for x, y, across, down, *_, certainty in faces.tolist() if faces is not None else ():
            found.append([x / size[0], y / size[1], (x + across) / size[0], (y + down) / size[1], certainty])
    return [[*head_from_face(face[:4]), face[4]] for face in merged(found)]


def _label_masks(paths: list[Path], model: Path, folder: Path) -> None:
    network = load_isnet(model, TAUGHT_SIDE)
    for path in tqdm(paths, desc="masks"):
        file = folder / f"{path.stem}.png"
        if file.is_file():
            continue
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        shown = cv2.resize(image, (TAUGHT_SIDE, TAUGHT_SIDE), interpolation=cv2.INTER_LINEAR).astype(np.float32)
        inputs = {network.get_inputs()[0].name: ((shown - 128) / 256).transpose(2, 0, 1)[None]}
        mask = network.run(None, inputs)[0][0, 0]
        scale = MASK_SIDE / max(image.shape[:2])
        size = round(image.shape[1] * scale), round(image.shape[0] * scale)
        cv2.imwrite(str(file), cv2.resize((mask.clip(0, 1) * 255).astype(np.uint8), size, interpolation=cv2.INTER_AREA))


def load_isnet(path: Path, side: int) -> onnxruntime.InferenceSession:
    """IS-Net with another input size than the 1024 it was exported for: the sizes written into its graph are scaled
    along.
    """
    model = onnx.load(path)
    graph = model.graph
    del graph.output[1:], graph.value_info[:]
    for value in (*graph.input, *graph.output):
        for dimension in value.type.tensor_type.shape.dim[2:]:
            dimension.dim_value = side
    makers = {output: node for node in graph.node for output in node.output}
    scaled: set[str] = set()
    for node in graph.node:
        if node.op_type == "Resize":
            _scale_sizes(node.input[3], makers, side, scaled)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def _scale_sizes(name: str, makers: dict[str, onnx.NodeProto], side: int, scaled: set[str]) -> None:
    maker = makers[name]
    if maker.op_type == "Constant":
        if name not in scaled:
            scaled.add(name)
            sizes = numpy_helper.to_array(maker.attribute[0].t).copy()
            sizes[-2:] = np.maximum(1, sizes[-2:] * side // 1024)
            maker.attribute[0].t.CopyFrom(numpy_helper.from_array(sizes))
    else:  # a Concat whose last part holds the sizes, or a cast of one
        _scale_sizes(maker.input[-1], makers, side, scaled)


if __name__ == "__main__":
    main()
