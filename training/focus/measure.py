"""Measures the `focus` cropper on the held-out tenth of its pictures: the figures of its model card.

    python -m salient_crop.training.focus.measure --data DATA --labels LABELS [--weights FILE] [--every-person]

Prints the benchmark `fixations` for the held-out pictures with fixations. For photographs of one person with one head,
it prints two figures of the largest crops at 1:1, 4:5, 2:3, 3:2 and 16:9: `heads_whole`, the share of crops with at
least 90 % of the head's box inside (74 % of the centred crops reach that), and `person_kept`, the share of the person's
pixels inside.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from ...cropping.constraint import Constraint
from ...cropping.objective import Objective, ObjectiveWeights
from ...cropping.ratio import Ratio
from ...evaluation.fixations import BEST, CENTRE, OURS, evaluate_fixations
from ...evaluation.peers import PEERS, Peer
from ...evaluation.pixels import load_image
from ...evaluation.positions import list_positions, pick_middle, regions_kept
from ...models.base import Cropper
from ...models.registry import load_cropper
from ...models.selection import best_crops
from .pictures import LabelledPicture, is_held_out, read_pictures

RATIOS = (Ratio(1, 1), Ratio(4, 5), Ratio(2, 3), Ratio(3, 2), Ratio(16, 9))
WHOLE = 0.9  # share of a head's box that counts as all of it
FIGURES = ("heads_whole", "person_kept")


@dataclass(frozen=True)
class Person:
    """A photograph of one person.

    Attributes:
        image: `[1, 3, H, W]` in 0..1.
        mask: `[H, W]` booleans, True on the person.
        head: `[4]` x1, y1, x2, y2 in pixels.
    """

    image: Tensor
    mask: np.ndarray
    head: np.ndarray

    @classmethod
    def read(cls, picture: LabelledPicture) -> Person:
        """Reads photograph and mask of a picture that has exactly one head."""
        image = load_image(picture.path)
        height, width = image.shape[-2:]
        with Image.open(picture.mask) as mask:
            person = np.asarray(mask.convert("L").resize((width, height))) > 127
        (head,) = picture.heads or ()
        return cls(image, person, np.clip(np.array(head), 0, 1) * [width, height, width, height])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.mask.shape[1], self.mask.shape[0]

    def measure(self, boxes: np.ndarray) -> np.ndarray:
        """Of boxes `[N, 4]` in pixels, `[N, 2]`: whether the head is whole, and the share of the person inside."""
        sums = np.pad(self.mask.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        x1, y1, x2, y2 = boxes.round().astype(int).T
        inside = sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]
        whole = regions_kept(self.head[None], boxes)[:, 0] >= WHOLE
        return np.stack([whole, inside / max(1, self.mask.sum())], 1)


def evaluate_people(
    pictures: Sequence[LabelledPicture],
    cropper: Cropper,
    weights: ObjectiveWeights | None = None,
    peers: Sequence[Peer] = PEERS,
) -> dict[str, Any]:
    """Means over the photographs of one person with one head, and over `RATIOS`.

    Args:
        pictures: all others are left out.
        cropper: to measure.
        weights: of the objective; the default ones where None.
        peers: other croppers; those that are not installed are left out.

    Returns:
        `{"n", "rows": {"ours": {"heads_whole", "person_kept"}, "centre": …, "best possible": …}}`; no rows where `n`
        is 0.
    """
    single = [picture for picture in pictures if picture.group == "people" and len(picture.heads or ()) == 1]
    objective = Objective(weights or ObjectiveWeights())
    installed = [peer for peer in peers if peer.available()]
    rows: dict[str, list[np.ndarray]] = defaultdict(list)
    for picture in tqdm(single, desc="people", leave=False):
        for row, figures in _measure_person(Person.read(picture), cropper, objective, installed):
            rows[row].append(figures)
    means = {row: dict(zip(FIGURES, np.mean(each, 0).tolist(), strict=True)) for row, each in rows.items()}
    return {"n": len(single), "rows": means}


def _measure_person(
    person: Person, cropper: Cropper, objective: Objective, peers: Sequence[Peer]
) -> Iterator[tuple[str, np.ndarray]]:
    """For each ratio and row, the row's name and its figures `[2]`."""
    analyses = cropper.analyse(person.image)
    for ratio in RATIOS:
        constraint = Constraint(ratios=(ratio,), min_share=1.0)
        box = best_crops(analyses, [person.size], constraint, objective)[0].box
        positions = list_positions(person.size, ratio.largest_in(person.size))
        boxes = {OURS: np.array([box.x, box.y, box.right, box.bottom]), CENTRE: pick_middle(positions)}
        boxes |= {peer.name: peer.crop(person.image[0], ratio) for peer in peers}
        for row, edges in boxes.items():
            yield row, person.measure(edges[None])[0]
        # The best position has the head whole where that is possible, and then as much of the person as possible.
        yield BEST, max(person.measure(positions), key=tuple)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with gaze/ and people/")
    parser.add_argument("--labels", type=Path, required=True, help="folder that label.py wrote")
    parser.add_argument("--weights", default="focus", help="a file, or the bundled cropper")
    parser.add_argument("--every-person", action="store_true", help="all people, also those that were trained on")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args(arguments)
    cropper = load_cropper(given.weights)
    fixations = given.data / "gaze" / "fixations.json"
    try:
        result = evaluate_fixations(fixations, cropper, select=lambda path: is_held_out(path.name))
    except ValueError as error:  # no picture with fixations is held out
        parser.error(str(error))
    pictures = [each for each in read_pictures(given.data, given.labels) if given.every_person or each.held_out]
    result["subsets"]["people"] = evaluate_people(pictures, cropper)
    print(json.dumps(result, indent=1) if given.json else format_table(result["subsets"]))


def format_table(subsets: Mapping[str, Any]) -> str:
    """The figures as text: for each subset its name, its size and one line a row."""
    lines = []
    for name, subset in subsets.items():
        columns = list(dict.fromkeys(column for row in subset["rows"].values() for column in row))
        lines.append(f"{name} ({subset['n']})".ljust(22) + "".join(column.rjust(13) for column in columns))
        for row, values in subset["rows"].items():
            cells = (f"{values[column]:.3f}" if column in values else "" for column in columns)
            lines.append(f"  {row}".ljust(22) + "".join(cell.rjust(13) for cell in cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
