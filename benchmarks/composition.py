"""The search with people's ratings beside the search without, and beside rating every box of the grid.

python benchmarks/composition.py [--pictures 16] [--size 1024x768] [--ratio 1:1] [--layout left] [--rounds 5]

The head rates some boxes of each scale and the search interpolates between them. Here it also rates all boxes of the
grid, one by one, and the last lines give the relative loss of the search's winner against the best of those.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from salient_crop.cropping.box_sets import ListedBoxSet
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.feasible import find_feasible_boxes
from salient_crop.cropping.grid import SearchGrid, list_scales
from salient_crop.cropping.grid_box_set import GridBoxSet, GridSums
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.objective import Objective
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.scorer import Scorer
from salient_crop.cropping.search import search
from salient_crop.cropping.subject import Subject, stack_subjects
from salient_crop.cropping.text_names import TEXT_REGION_PRESETS
from salient_crop.cropping.text_region import TextRegion
from salient_crop.models.composition.head import CompositionHead
from salient_crop.models.composition.loading import load_bundled_composition
from salient_crop.models.composition.subjects import encode_subjects

HEAD_SUBJECTS = 10  # that the head alone is timed with
PICTURES_CHECKED = 4  # in which every box is rated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=16)
    parser.add_argument("--size", type=whole_pair, default=(1024, 768), help="width x height of the pictures")
    parser.add_argument("--ratio", type=Ratio.parse, default=Ratio(1, 1))
    parser.add_argument("--layout", choices=tuple(TEXT_REGION_PRESETS), default="left")
    parser.add_argument("--subjects", type=int, default=2, help="in every picture, the first a person")
    parser.add_argument("--min-share", type=float, default=0.3)
    parser.add_argument("--rounds", type=int, default=5, help="of which the shortest counts")
    report(parser.parse_args())


def report(chosen: argparse.Namespace) -> None:
    head = load_bundled_composition()
    heat, subjects = make_scenes(chosen.pictures, chosen.subjects)
    constraint = Constraint((chosen.ratio,), chosen.min_share, text_regions=(TextRegion.preset(chosen.layout),))
    plain, rated = Objective(), Objective(rater=head)
    print(f"{chosen.pictures} pictures of {chosen.size}, {chosen.subjects} subjects each")
    print(f"{torch.get_num_threads()} threads")
    print(f"{'':34}{'ms/picture':>12}{'of CPU':>12}")
    for name, objective in (("ratio + layout", plain), ("ratio + layout + composition", rated)):
        seconds, cpu_seconds = measure(
            lambda of=objective: run_search(heat, subjects, chosen.size, constraint, of), chosen.rounds
        )
        print(f"{name:34}{1e3 * seconds / chosen.pictures:12.2f}{1e3 * cpu_seconds / chosen.pictures:12.2f}")
    report_head(head, make_scenes(1, HEAD_SUBJECTS)[1][0], chosen.size, chosen.rounds)
    report_winner(heat[:PICTURES_CHECKED], subjects[:PICTURES_CHECKED], chosen.size, constraint, rated)


def report_head(head: CompositionHead, subjects: Sequence[Subject], size: tuple[int, int], rounds: int) -> None:
    generator = torch.Generator().manual_seed(1)
    low = torch.rand(100_000, 2, generator=generator) * 0.4
    boxes = torch.cat([low, 1 - torch.rand(100_000, 2, generator=generator) * 0.4], 1)
    rows = encode_subjects(subjects)
    seconds, cpu_seconds = measure(lambda: head.score(boxes, rows, size), rounds)
    print(f"the head alone, {len(subjects)} subjects: {len(boxes) / seconds:,.0f} boxes a second, of CPU time", end=" ")
    print(f"{len(boxes) / cpu_seconds:,.0f}")


def report_winner(
    heat: torch.Tensor,
    subjects: Sequence[Sequence[Subject]],
    size: tuple[int, int],
    constraint: Constraint,
    objective: Objective,
) -> None:
    losses = []
    for heatmap, found in zip(heat, subjects, strict=True):
        winner = run_search(heatmap[None], [found], size, constraint, objective)[0].score
        best, boxes = rate_all(heatmap[None], [found], size, constraint, objective)
        losses.append(1 - winner / best)
    print(f"against rating each of {boxes:,} boxes a picture, the winner's score is lower by")
    print(
        f"{100 * sum(losses) / len(losses):.3f} % on average and {100 * max(losses):.3f} % at worst (below 0: better)"
    )


def run_search(
    heat: torch.Tensor,
    subjects: Sequence[Sequence[Subject]],
    size: tuple[int, int],
    constraint: Constraint,
    objective: Objective,
):
    return search(build_inputs(heat, subjects, size, objective), size, constraint, objective)


def build_inputs(
    heat: torch.Tensor, subjects: Sequence[Sequence[Subject]], size: tuple[int, int], objective: Objective
) -> SearchInputs:
    inputs = SearchInputs.from_maps(heat, stack_subjects(subjects))
    return replace(inputs, ratings=objective.rater.ratings(subjects, size)) if objective.rater else inputs


def rate_all(
    heat: torch.Tensor,
    subjects: Sequence[Sequence[Subject]],
    size: tuple[int, int],
    constraint: Constraint,
    objective: Objective,
) -> tuple[float, int]:
    """The best score over the whole grid, every box rated by the head itself, and the number of boxes."""
    inputs, grid = build_inputs(heat, subjects, size, objective), SearchGrid.over(size)
    (ratio,) = constraint.ratios
    scorer = Scorer.of(inputs, size, ratio, constraint, objective)
    scales = list(list_scales(find_feasible_boxes(constraint, ratio, size), grid))
    sums, best, boxes = GridSums(inputs.heat, grid, scales), [], 0
    for scale in scales:
        listed = list_boxes(GridBoxSet(sums, scale))
        best.append(scorer.score(ListedBoxSet(inputs.heat, grid, listed)).max().item())
        boxes += listed.shape[1]
    return max(best), boxes


def list_boxes(positions: GridBoxSet) -> torch.Tensor:
    """All boxes of one scale: `[1, N, 4]` relative."""
    top, left = (each.reshape(-1) for each in torch.meshgrid(positions.y1, positions.x1, indexing="ij"))
    width, height = positions.x2[0] - positions.x1[0], positions.y2[0] - positions.y1[0]
    return torch.stack([left, top, left + width, top + height], -1)[None]


def make_scenes(count: int, subjects_each: int) -> tuple[torch.Tensor, list[list[Subject]]]:
    """Heatmaps `[count, 64, 64]`, and a person and objects in each picture, with heat where they are."""
    generator = torch.Generator().manual_seed(0)
    heat, subjects = 0.05 * torch.rand(count, 64, 64, generator=generator), []
    for heatmap in heat:
        low = torch.rand(subjects_each, 2, generator=generator) * 0.7
        high = low + 0.08 + torch.rand(subjects_each, 2, generator=generator) * (0.92 - low)
        weights = torch.rand(subjects_each, generator=generator).tolist()
        edges = torch.cat([low, high.clamp_max(1)], 1).tolist()
        kinds = ["person", *["object"] * (subjects_each - 1)]
        of_picture = [Subject(*each, weight, kind) for each, weight, kind in zip(edges, weights, kinds, strict=True)]
        for subject in of_picture[:3]:
            x1, y1, x2, y2 = (round(64 * edge) for edge in subject.region)
            heatmap[y1:y2, x1:x2] += subject.weight
        subjects.append(of_picture)
    return heat, subjects


def measure(task: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The shortest of some runs after one that does not count: seconds by the clock, and seconds of CPU time."""
    task()
    seconds, cpu_seconds = [], []
    for _ in range(rounds):
        started = time.perf_counter(), time.process_time()
        task()
        seconds.append(time.perf_counter() - started[0])
        cpu_seconds.append(time.process_time() - started[1])
    return min(seconds), min(cpu_seconds)


def whole_pair(text: str) -> tuple[int, int]:
    width, height = text.lower().split("x")
    return int(width), int(height)


if __name__ == "__main__":
    main()
