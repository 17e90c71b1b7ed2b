"""Labels pictures with two other networks, the teachers: masks of the subject (IS-Net) and boxes of heads (YuNet).

    python -m salient_crop.training.focus.label --data DATA --out LABELS --isnet isnet.onnx --yunet yunet.onnx
    [--photos PHOTOS] [--focus WEIGHTS]

Needs `onnxruntime`, `onnx` and `opencv-python-headless`. Pictures that have labels are skipped, so a stopped run
continues. Writes `LABELS/masks/<name>.png` (8 bit, long side 256) and `LABELS/heads.json` (name → `[x1, y1, x2, y2,
confidence]` of each head, relative; the face is enlarged to hair and chin). With `--focus`, the heads that an earlier
`focus` finds and YuNet does not are added as doubtful ones, which are learned neither as heads nor as background.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from safetensors.torch import load_file
from tqdm import tqdm

from ...models.detectors.centre_points import decode_detections
from ...models.focus.cropper import FocusCropper
from ...models.focus.loading import load
from ...models.focus.preprocess import resize_to_working_size
from .pictures import IMAGE_SUFFIXES
from .teachers import add_doubtful_heads, head_from_face, merge_scales

MASK_SIDE = 256  # pixels of a mask's long side
ISNET_SIDE, ISNET_INPUT = 1024, 512  # exported for 1024; half of it is four times as fast and as good on our people
# YuNet finds faces of about ten to a few hundred pixels, so every picture is given to it at several long sides.
YUNET_SIDES = (160, 320, 640, 1000)
YUNET_CONFIDENCE, YUNET_NMS_IOU, YUNET_MOST = 0.55, 0.3, 5000
FOCUS_CONFIDENCE, FOCUS_NMS_IOU = 0.2, 0.45


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with gaze/, people/ and flms/")
    parser.add_argument("--photos", type=Path, help="folder of other photographs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the labels")
    parser.add_argument("--isnet", type=Path, required=True, help="IS-Net as ONNX")
    parser.add_argument("--yunet", type=Path, required=True, help="YuNet (2023mar) as ONNX")
    parser.add_argument(
        "--focus", metavar="WEIGHTS", type=Path, help="weights of focus, for doubtful heads beside YuNet's"
    )
    given = parser.parse_args(arguments)
    (given.out / "masks").mkdir(parents=True, exist_ok=True)
    folders = [given.data / name / "images" for name in ("people", "gaze", "flms")]
    if given.photos:
        folders.append(given.photos)
    paths = [path for each in folders for path in sorted(each.rglob("*")) if path.suffix.lower() in IMAGE_SUFFIXES]
    focus = load(load_file(given.focus)) if given.focus else None
    _label_heads(paths, given.yunet, focus, given.out / "heads.json")
    _label_masks(paths, given.isnet, given.out / "masks")


def _label_heads(paths: Sequence[Path], model: Path, focus: FocusCropper | None, file: Path) -> None:
    labels = json.loads(file.read_text()) if file.is_file() else {}
    for number, path in enumerate(tqdm(paths, desc="heads"), start=1):
        if path.name not in labels:
            image = cv2.imread(str(path))
            heads = detect_heads(image, str(model))
            labels[path.name] = add_doubtful_heads(heads, detect_with_focus(image, focus)) if focus else heads
        if number % 100 == 0 or number == len(paths):
            file.write_text(json.dumps(labels))


def detect_heads(image: np.ndarray, model: str) -> list[list[float]]:
    """Relative `[x1, y1, x2, y2, confidence]` of every head in a picture `[H, W, 3]` (BGR, uint8)."""
    height, width = image.shape[:2]
    detected: list[list[float]] = []
    for side in YUNET_SIDES:
        scale = side / max(width, height)
        size = max(32, round(width * scale)), max(32, round(height * scale))
        detector = cv2.FaceDetectorYN.create(model, "", size, YUNET_CONFIDENCE, YUNET_NMS_IOU, YUNET_MOST)
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        _, faces = detector.detect(cv2.resize(image, size, interpolation=interpolation))
        for x, y, across, down, *_, confidence in faces.tolist() if faces is not None else ():
            box = [x / size[0], y / size[1], (x + across) / size[0], (y + down) / size[1]]
            detected.append([*box, confidence])
    return [[*head_from_face(face[:4]), face[4]] for face in merge_scales(detected)]


@torch.inference_mode()
def detect_with_focus(image: np.ndarray, focus: FocusCropper) -> list[list[float]]:
    """As `detect_heads`, by `focus`, the unsure ones too."""
    pixels = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)[None].float() / 255
    outputs = focus.network(resize_to_working_size(pixels))
    maps = outputs.centres, outputs.reach, outputs.animal
    (found,) = decode_detections(*maps, FOCUS_CONFIDENCE, FOCUS_NMS_IOU)
    return [list(each[:5]) for each in found]


def _label_masks(paths: Sequence[Path], model: Path, folder: Path) -> None:
    network = load_isnet(model, ISNET_INPUT)
    for path in tqdm(paths, desc="masks"):
        file = folder / f"{path.stem}.png"
        if file.is_file():
            continue
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        square = cv2.resize(image, (ISNET_INPUT, ISNET_INPUT), interpolation=cv2.INTER_LINEAR).astype(np.float32)
        inputs = {network.get_inputs()[0].name: ((square - 128) / 256).transpose(2, 0, 1)[None]}
        mask = network.run(None, inputs)[0][0, 0]
        scale = MASK_SIDE / max(image.shape[:2])
        size = round(image.shape[1] * scale), round(image.shape[0] * scale)
        cv2.imwrite(str(file), cv2.resize((mask.clip(0, 1) * 255).astype(np.uint8), size, interpolation=cv2.INTER_AREA))


def load_isnet(path: Path, side: int) -> onnxruntime.InferenceSession:
    """IS-Net for another input size than the 1024 × 1024 it was exported for.

    The sizes that the export wrote into the graph as constants are scaled along.
    """
    model = onnx.load(path)
    graph = model.graph
    del graph.output[1:], graph.value_info[:]
    for value in (*graph.input, *graph.output):
        for dimension in value.type.tensor_type.shape.dim[2:]:
            dimension.dim_value = side
    producers = {output: node for node in graph.node for output in node.output}
    scaled: set[str] = set()
    for node in graph.node:
        if node.op_type == "Resize":
            _scale_sizes(node.input[3], producers, side, scaled)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def _scale_sizes(name: str, producers: dict[str, onnx.NodeProto], side: int, scaled: set[str]) -> None:
    """Scales the constant that a Resize takes its output size from; `scaled` holds the names that are done."""
    producer = producers[name]
    if producer.op_type == "Constant":
        if name not in scaled:
            scaled.add(name)
            sizes = numpy_helper.to_array(producer.attribute[0].t).copy()
            sizes[-2:] = np.maximum(1, sizes[-2:] * side // ISNET_SIDE)
            producer.attribute[0].t.CopyFrom(numpy_helper.from_array(sizes))
    else:  # a Concat whose last input holds the sizes, or a Cast of one
        _scale_sizes(producer.input[-1], producers, side, scaled)


if __name__ == "__main__":
    main()
