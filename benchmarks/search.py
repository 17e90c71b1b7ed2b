"""The search over all boxes beside the same score of random boxes, one by one, as published searches do it.

python benchmarks/search.py [--pictures 64] [--heat 64x64] [--size 1024x768] [--ratio 1:1] [--device cpu]

"The published way" samples boxes and scores each on its own; 500 of them are what "Image Cropping under Design
Constraints" calls 500 iterations. It is timed twice: with the full score, read from a summed-area table by one call a
box, and with the share of heat alone, added up from the pixels under each box. The search is timed with the same two
scores; the last column is the best score on the same few pictures, so it says what sampling loses.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.box_sets import ListedBoxSet
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.feasible import FeasibleBoxes, find_feasible_boxes
from salient_crop.cropping.grid import SearchGrid, list_scales
from salient_crop.cropping.heads import stack_protected
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import Scorer
from salient_crop.cropping.search import search
from salient_crop.cropping.subject import Subject, stack_subjects
from salient_crop.cropping.text_region import TextRegion
from salient_crop.models.composition.loading import load_bundled_composition

RANDOM_BOXES = 500
TIMED_SINGLY = 4  # pictures whose boxes are also scored one by one, which is slow
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=64, help=f"at least {TIMED_SINGLY}")
    parser.add_argument("--heat", type=whole_pair, default=(64, 64), help="width x height of the heatmaps")
    parser.add_argument("--size", type=whole_pair, default=(1024, 768), help="width x height of the pictures")
    parser.add_argument("--ratio", type=Ratio.parse, default=Ratio(1, 1))
    parser.add_argument("--min-share", type=float, default=0.3)
    parser.add_argument("--batch", type=int, default=16, help="pictures at once in the designer's searches")
    parser.add_argument("--device", default="cpu")
    chosen = parser.parse_args()
    report(chosen)
    report_design(chosen)


def report(chosen: argparse.Namespace) -> None:
    heat = heatmaps(chosen.pictures, chosen.heat).to(chosen.device)
    constraint = Constraint((chosen.ratio,), chosen.min_share)
    feasible = find_feasible_boxes(constraint, chosen.ratio, chosen.size)
    scales = list(list_scales(feasible, SearchGrid.over(chosen.size)))
    boxes = sum(len(scale.lefts) * len(scale.tops) for scale in scales)
    print(f"{chosen.pictures} heatmaps of {chosen.heat}, pictures of {chosen.size}, ratio {chosen.ratio}")
    print(f"{len(scales)} scales, {boxes:,} boxes a picture, {torch.get_num_threads()} threads, {chosen.device}")
    print(f"{'':34}{'ms/picture':>12}{'of CPU':>12}{'boxes/s':>14}{'best score':>12}")
    sampled = random_boxes(feasible, RANDOM_BOXES)
    for name, objective, sample in (
        ("full score", Objective(), one_by_one),
        ("share of heat", Objective(ObjectiveWeights(size=0.0, cut=0.0)), by_adding_up),
    ):
        every = timed(
            lambda of=objective: search(SearchInputs.from_maps(heat), chosen.size, constraint, of),
            chosen.device,
        )
        every.row(f"{name}: search of all boxes", len(heat), boxes, [crop.score for crop in every.result])
        some = timed(lambda by=sample: by(heat[:TIMED_SINGLY], sampled, chosen.size, constraint), chosen.device)
        some.row(f"{name}: {RANDOM_BOXES} one by one", TIMED_SINGLY, RANDOM_BOXES, some.result)
        gain = (boxes * len(heat) / every.seconds) / (RANDOM_BOXES * TIMED_SINGLY / some.seconds)
        print(f"{'':34}{gain:,.0f} times more boxes a second")


def report_design(chosen: argparse.Namespace) -> None:
    heat = heatmaps(chosen.batch, chosen.heat).to(chosen.device)
    head = load_bundled_composition().to(chosen.device)
    person = Subject(0.3, 0.2, 0.5, 0.9, 0.5, "person", head=(0.35, 0.2, 0.45, 0.35))
    subjects = [[person, Subject(0.6, 0.5, 0.8, 0.9, 0.1)]] * chosen.batch
    constraint = Constraint((chosen.ratio,), chosen.min_share, text_regions=(TextRegion.preset("top"),))
    calm = replace(constraint, text_regions=(TextRegion.preset("top", "crop"),))
    feasible = find_feasible_boxes(constraint, chosen.ratio, chosen.size)
    boxes = sum(len(scale.lefts) * len(scale.tops) for scale in list_scales(feasible, SearchGrid.over(chosen.size)))

    def found(of: Constraint, seen: Sequence[Sequence[Subject]], rated: bool) -> list[Crop]:
        inputs = SearchInputs.from_maps(heat, stack_subjects(seen), protected=stack_protected(seen))
        if rated:
            inputs = replace(inputs, ratings=head.ratings(seen, chosen.size))
        return search(inputs, chosen.size, of)

    print(f"\n{chosen.batch} pictures at once, ratio and layout")
    for name, of, seen, rated in (
        ("layout in the source", constraint, [[]] * chosen.batch, False),
        ("layout in the crop", calm, [[]] * chosen.batch, False),
        ("layout, a person and a thing", constraint, subjects, False),
        ("the same, rated", constraint, subjects, True),
    ):
        every = timed(lambda of=of, seen=seen, rated=rated: found(of, seen, rated), chosen.device)
        every.row(name, chosen.batch, boxes, [crop.score for crop in every.result])


def heatmaps(count: int, size: tuple[int, int]) -> torch.Tensor:
    """Three blobs a picture over a little noise: smooth like a network's, and never twice the same."""
    generator = torch.Generator().manual_seed(0)
    width, height = size
    x, y = torch.linspace(0, 1, width), torch.linspace(0, 1, height)[:, None]
    heat = 0.05 * torch.rand(count, height, width, generator=generator)
    for _ in range(3):
        across, down, spread, strength = torch.rand(4, count, 1, 1, generator=generator)
        distance = (x - across).square() + (y - down).square()
        heat += strength * torch.exp(-distance / (0.005 + 0.05 * spread))
    return heat


def random_boxes(feasible: FeasibleBoxes, count: int) -> list[Box]:
    generator = torch.Generator().manual_seed(1)
    draws = torch.rand(3, count, generator=generator)
    long_side = feasible.shortest + (draws[0] * (feasible.longest - feasible.shortest + 1)).long()
    corner = torch.stack([draws[1] * feasible.size[0], draws[2] * feasible.size[1]], 1).long()
    boxes, _ = feasible.nearest_boxes(long_side, corner)
    return [Box(*box) for box in boxes.tolist()]


def one_by_one(heat: torch.Tensor, boxes: Sequence[Box], size: tuple[int, int], constraint: Constraint) -> list[float]:
    """The best score of each picture among the boxes, each box scored by a call of its own."""
    best = []
    for one in heat:
        inputs = SearchInputs.from_maps(one[None])
        scorer = Scorer.of(inputs, size, constraint.ratios[0], constraint)
        scores = [
            scorer.score(
                ListedBoxSet(inputs.heat, SearchGrid.over(size), one.new_tensor([[box.relative(size)]]))
            ).item()
            for box in boxes
        ]
        best.append(max(scores))
    return best


def by_adding_up(heat: torch.Tensor, boxes: Sequence[Box], size: tuple[int, int], _: Constraint) -> list[float]:
    """The best share of heat among the boxes, from the heatmap brought to the picture's size."""
    best = []
    for one in heat:
        full = torch.nn.functional.interpolate(one[None, None], size=size[::-1], mode="nearest")[0, 0].double()
        full = full / full.sum()
        best.append(max(full[box.y : box.bottom, box.x : box.right].sum().item() for box in boxes))
    return best


@dataclass(frozen=True)
class Timed:
    """The shortest of a few runs, by the clock and by the time that the processor spent; and the result."""

    seconds: float
    busy: float
    result: list

    def row(self, name: str, pictures: int, boxes: int, scores: Sequence[float]) -> None:
        each, busy = self.seconds / pictures, self.busy / pictures
        best = sum(scores[:TIMED_SINGLY]) / TIMED_SINGLY
        print(f"{name:34}{1e3 * each:12.2f}{1e3 * busy:12.2f}{boxes / each:14,.0f}{best:12.4f}")


@torch.inference_mode()
def timed(task: Callable, device: str) -> Timed:
    result, seconds, busy = task(), [], []
    for _ in range(ROUNDS):
        started = time.perf_counter(), time.process_time()
        task()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started[0])
        busy.append(time.process_time() - started[1])
    return Timed(min(seconds), min(busy), result)


def whole_pair(text: str) -> tuple[int, int]:
    width, height = text.lower().split("x")
    return int(width), int(height)


if __name__ == "__main__":
    main()
