"""What is no face and looks like one: heads that `focus` sees in pictures where somebody has drawn all heads.

    python -m salient_crop.training.landmarks.others --boxes boxes.json --out faces.jsonl FOLDER…

Adds them to the lines of `label.py`, marked as `none`. Pictures that are kept for judging are left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from tqdm import tqdm

from ...models.detectors.centre_points import Detection, decode_detections, suppress_overlaps
from ...models.focus.loading import load_bundled
from ...models.focus.network import FocusNetwork
from ...models.focus.preprocess import AREA, working_size
from .samples import is_held_out

CONFIDENCE, SAME_IOU = 0.08, 0.45
AREAS = (AREA, 2 * AREA)  # pixels at which a picture is looked at
# Of a head: where a face would be, a square of so many of its longer sides, so far below its middle.
FACE, BELOW = 0.415, 0.123


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="+", help="with the pictures")
    parser.add_argument("--boxes", type=Path, required=True, help="name → all heads by hand, see `label.py`")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    by_hand = json.loads(given.boxes.read_text())
    paths = {path.name: path for folder in given.folders for path in folder.iterdir()}
    network = load_bundled().network
    with given.out.open("a") as out:
        for name in tqdm([each for each in sorted(by_hand) if each in paths and not is_held_out(each)]):
            for line in find_others(name, Image.open(paths[name]).convert("RGB"), by_hand[name], network):
                out.write(json.dumps(line) + "\n")


def find_others(
    name: str, picture: Image.Image, by_hand: Sequence[Sequence[float]], network: FocusNetwork
) -> Iterator[dict]:
    """The heads in a picture that touch none of those by hand, as lines of `label.py`."""
    width, height = picture.size
    for head in find_heads(picture, network):
        if not any(_touches(head, each) for each in by_hand):
            x, y = (head.x1 + head.x2) / 2 * width, (head.y1 + head.y2) / 2 * height
            long = max((head.x2 - head.x1) * width, (head.y2 - head.y1) * height)
            half, y = FACE / 2 * long, y + BELOW * long
            box = [x - half, y - half, x + half, y + half]
            face = {"box": box, "yunet": None, "confidence": None, "views": [], "none": True}
            yield {"picture": name, "size": [width, height], **face}


def _touches(head: Detection, box: Sequence[float]) -> bool:
    x1, y1, x2, y2 = box[:4]
    return min(head.x2, x2) > max(head.x1, x1) and min(head.y2, y2) > max(head.y1, y1)


@torch.inference_mode()
def find_heads(picture: Image.Image, network: FocusNetwork) -> list[Detection]:
    """All that might be a head, relative to the picture."""
    pixels = torch.from_numpy(np.array(picture)).movedim(-1, 0)[None].float() / 255
    found: list[Detection] = []
    for area in AREAS:
        width, height = working_size(*picture.size, area)
        small = F.interpolate(pixels, (height, width), mode="bilinear", antialias=True).clamp(0, 1)
        outputs = network(small).in_single_precision()
        found += decode_detections(outputs.centres, outputs.reach, outputs.animal, CONFIDENCE, SAME_IOU)[0]
    return suppress_overlaps(sorted(found, key=lambda each: -each.confidence), SAME_IOU)


if __name__ == "__main__":
    main()
