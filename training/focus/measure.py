"""What issue and model card ask of the `focus` cropper, measured on the held-out tenth.

    python -m salient_crop.training.focus.measure --data DATA --labels LABELS [--weights FILE] [--every-person]

Prints `evaluation.fixations` for the pictures with fixations, and for the photographs of one person the largest crops
at 1:1, 4:5, 2:3, 3:2 and 16:9: heads whole (at least 90 % of the head's box inside: with this bar the centre crop
keeps 74 % of them) and the share of the person's pixels kept.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from ...cropping.constraint import Constraint
from ...cropping.objective import Objective, ObjectiveWeights
from ...cropping.ratio import Ratio
from ...evaluation.fixations import CENTRE, OURS, POSSIBLE, evaluate_fixations, middle, positions, shares_inside
from ...evaluation.peers import PEERS, Peer
from ...images.decode import decode
from ...models.base import Cropper
from ...models.registry import load_cropper
from ...models.selection import best_crops
from .pictures import Picture, is_held_out, read_pictures

RATIOS = (Ratio(1, 1), Ratio(4, 5), Ratio(2, 3), Ratio(3, 2), Ratio(16, 9))
WHOLE = 0.9


@dataclass(frozen=True)
class Person:
    """A photograph of one person: pixels `[H, W, 3]`, mask `[H, W]`, head x1, y1, x2, y2 in pixels."""

    pixels: np.ndarray
    mask: np.ndarray
    head: np.ndarray

    @classmethod
    def read(cls, picture: Picture) -> Person:
        pixels = decode(picture.path)
        height, width = pixels.shape[:2]
        with Image.open(picture.mask) as mask:
            person = np.asarray(mask.convert("L").resize((width, height))) > 127
        (head,) = picture.heads or ()
        return cls(pixels, person, np.clip(np.array(head), 0, 1) * [width, height, width, height])

    @property
    def size(self) -> tuple[int, int]:
        return self.pixels.shape[1], self.pixels.shape[0]

    def judge(self, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Head whole and share of the person kept, each `[N]`, for boxes `[N, 4]` in pixels."""
        table = np.pad(self.mask.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        x1, y1, x2, y2 = boxes.round().astype(int).T
        kept = table[y2, x2] - table[y1, x2] - table[y2, x1] + table[y1, x1]
        return shares_inside(self.head[None], boxes)[:, 0] >= WHOLE, kept / max(1, self.mask.sum())


def evaluate_people(
    pictures: Sequence[Picture],
    cropper: Cropper,
    weights: ObjectiveWeights | None = None,
    peers: Sequence[Peer] = PEERS,
) -> dict[str, Any]:
    """Rows of `heads_whole` and `person_kept` over all pictures of one person with one head."""
    rows: dict[str, list[tuple[float, float]]] = defaultdict(list)
    single = [picture for picture in pictures if picture.group == "people" and len(picture.heads or ()) == 1]
    objective = Objective(weights or ObjectiveWeights())
    for picture in tqdm(single, desc="people", leave=False):
        person = Person.read(picture)
        image = torch.from_numpy(person.pixels).permute(2, 0, 1).float() / 255
        analysis = cropper.analyse(image[None])
        for ratio in RATIOS:
            constraint = Constraint(ratios=(ratio,), min_share=1.0)
            x, y, width, height = best_crops(analysis, [person.size], constraint, objective)[0].box.as_list()
            offered = positions(person.size, ratio.largest_in(person.size))
            boxes = {OURS: np.array([x, y, x + width, y + height]), CENTRE: middle(offered)}
            boxes |= {peer.name: peer.crop(image, ratio) for peer in peers if peer.available()}
            for name, box in boxes.items():
                whole, kept = person.judge(box[None])
                rows[name].append((whole[0], kept[0]))
            whole, kept = person.judge(offered)
            best = max(range(len(offered)), key=lambda index: (whole[index], kept[index]))
            rows[POSSIBLE].append((whole[best], kept[best]))
    columns = ("heads_whole", "person_kept")
    means = {name: dict(zip(columns, np.mean(values, 0).tolist(), strict=True)) for name, values in rows.items()}
    return {"n": len(single), "rows": means}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--weights", default="focus", help="a file, or the bundled cropper")
    parser.add_argument("--every-person", action="store_true", help="all people, also those that were trained on")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    cropper = load_cropper(given.weights)
    fixations = given.data / "gaze" / "fixations.json"
    found = evaluate_fixations(fixations, cropper, chosen=lambda path: is_held_out(path.name))
    pictures = [each for each in read_pictures(given.data, given.labels) if given.every_person or each.held_out]
    found["subsets"]["people"] = evaluate_people(pictures, cropper)
    print(json.dumps(found, indent=1) if given.json else _table(found["subsets"]))


def _table(subsets: dict[str, Any]) -> str:
    lines = []
    for name, subset in subsets.items():
        columns = list(next(iter(subset["rows"].values())))
        lines.append(f"{name} ({subset['n']})".ljust(22) + "".join(column.rjust(13) for column in columns))
        for row, values in subset["rows"].items():
            shown = (f"{values[column]:.3f}" if column in values else "" for column in columns)
            lines.append(f"  {row}".ljust(22) + "".join(value.rjust(13) for value in shown))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
