"""What bucketing costs on photographs with recorded eye fixations: empty places in batches, area and fixations lost.

python benchmarks/buckets.py FIXATIONS [--cropper focus] [--all-pictures] [--pool 260] [--rounds 5] [--seed 0]
python benchmarks/buckets.py --planner [--pictures 20000]

FIXATIONS is a list of `{image, width, height, fixations}` with a folder `images` beside it (see `salient-crop evaluate
fixations`). Its photographs are all landscapes, so each gives two pictures of other ratios: windows at random places,
with ratios drawn from a mix of phone portraits, landscapes, squares and panoramas. A window has the fixations in it.
Only photographs that the bundled cropper never saw in training are taken, unless --all-pictures says so.

Rows: kohya's and SDXL's grids with kohya's rule and centre crops; kohya's grid with the cropper's crops; centre crops
with as few buckets as the plan has, on quantile:3 and on three buckets chosen for least area, with free counts and in
full batches; then the plans auto:3 and auto:5, with centre crops and with the cropper's crops. `empty` counts places
that stay empty in the batches of a round. A trainer fills them by repeating pictures, or drops the batch. Below each
table: the fixations that auto:3 loses, as a share of what another row loses.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path

import numpy as np
import torch

from salient_crop.bucketing.grids import choose_quantile_sizes, list_candidate_sizes, list_kohya_sizes, list_sdxl_sizes
from salient_crop.bucketing.loss import compute_loss
from salient_crop.bucketing.sizes import aspect_ratios, measure_area_loss
from salient_crop.bucketing.solver.plan import BucketPlan
from salient_crop.bucketing.solver.planner import plan_assignment
from salient_crop.bucketing.solver.policy import BucketPolicy
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.formats.centre_crop import centre_crop
from salient_crop.datasets.formats.kohya import kohya_bucket
from salient_crop.images.decode import decode
from salient_crop.models.base import Cropper
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import best_crops

RATIO_MIX = ("3:2",) * 25 + ("2:3",) * 20 + ("4:3",) * 15 + ("3:4",) * 15 + ("9:16",) * 10 + ("16:9",) * 5
RATIO_MIX += ("1:1",) * 5 + ("21:9",) * 5
RATIO_SPREAD = 0.03  # of the logarithm of a ratio: pictures are rarely cut to exactly a usual ratio
PICTURE_COUNTS, BATCH_SIZES = (20, 40, 100, 200), (4, 8)
CANDIDATES, KOHYA, SDXL = list_candidate_sizes(), list_kohya_sizes(1024), list_sdxl_sizes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fixations", type=Path, nargs="?")
    parser.add_argument("--cropper", default="focus")
    parser.add_argument("--all-pictures", action="store_true", help="also those that the cropper was trained on")
    parser.add_argument("--pool", type=int, default=260, help="pictures to draw the rounds from")
    parser.add_argument("--rounds", type=int, default=5, help="draws of each number of pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--planner", action="store_true", help="time the planner on drawn losses instead")
    parser.add_argument("--pictures", type=int, default=20_000, help="the most of them that --planner plans")
    arguments = parser.parse_args()
    if arguments.planner:
        time_planner(arguments.pictures, arguments.seed)
        return
    if arguments.fixations is None:
        parser.error("FIXATIONS is needed, or --planner")
    torch.set_num_threads(1)
    random = np.random.default_rng(arguments.seed)
    windows = draw_windows(arguments.fixations, arguments.pool, arguments.all_pictures, random)
    cropper = load_cropper(arguments.cropper)
    pictures = [measure_costs(window, cropper) for window in windows]
    photographs = len({window.path for window in windows})
    settings = f"cropper {arguments.cropper}, {arguments.rounds} rounds"
    print(f"{len(pictures)} pictures from {photographs} photographs, {settings}")
    for batch in BATCH_SIZES:
        for number in PICTURE_COUNTS:
            if number <= len(pictures):
                print_table(number, batch, run_rounds(pictures, number, batch, arguments.rounds, random))


# Pictures


@dataclass(frozen=True)
class Window:
    """A part of a photograph, taken as a picture: pixels x, y, width, height, and its fixations in its own pixels."""

    path: Path
    box: tuple[int, int, int, int]
    fixations: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        return self.box[2], self.box[3]


def draw_windows(file: Path, number: int, include_trained: bool, random: np.random.Generator) -> list[Window]:
    """Up to two windows a photograph: a second one only once every photograph has given its first."""
    entries = [
        each for each in json.loads(file.read_text(encoding="utf-8")) if include_trained or is_held_out(each["image"])
    ]
    order = [entries[index] for index in random.permutation(len(entries))]
    windows: list[Window] = []
    for entry in [*order, *order]:
        if len(windows) == number:
            break
        window = draw_window(file.parent / "images" / entry["image"], entry, random)
        if len(window.fixations) >= 20:
            windows.append(window)
    return windows


def is_held_out(name: str) -> bool:
    """The tenth that the bundled cropper's training kept apart, see training/focus/pictures.py."""
    return int(sha1(name.encode()).hexdigest()[:8], 16) % 10 == 0


def draw_window(path: Path, entry: dict, random: np.random.Generator) -> Window:
    ratio = Ratio.parse(RATIO_MIX[random.integers(len(RATIO_MIX))]).value * np.exp(random.normal(0, RATIO_SPREAD))
    width, height = entry["width"], entry["height"]
    crop_width, crop_height = (
        (width, round(width / ratio)) if ratio > width / height else (round(height * ratio), height)
    )
    left, top = int(random.integers(width - crop_width + 1)), int(random.integers(height - crop_height + 1))
    points = np.array([point for viewer in entry["fixations"] for point in viewer], float).reshape(-1, 2)
    points = points - (left, top)
    inside = ((points >= 0) & (points < (crop_width, crop_height))).all(axis=1)
    return Window(path, (left, top, crop_width, crop_height), points[inside])


@dataclass
class CropCosts:
    """What the crops of a picture lose in each bucket, as shares in 0..1."""

    size: tuple[int, int]
    planned: dict[tuple[int, int], tuple[float, float, float, float]] = field(default_factory=dict)
    """By bucket: fixations, heat and area that the cropper's crop loses, and its cut term."""
    centre: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    """By bucket: fixations and area that the centre crop loses."""


def measure_costs(window: Window, cropper: Cropper) -> CropCosts:
    x, y, width, height = window.box
    pixels = torch.from_numpy(decode(window.path)[y : y + height, x : x + width].copy())
    with torch.inference_mode():
        analysis = cropper.analyse(pixels.permute(2, 0, 1)[None].float() / 255)[0]
        found = CropCosts(window.size)
        for size in dict.fromkeys([*CANDIDATES, *KOHYA, *SDXL]):
            crop = best_crops([analysis], [window.size], Constraint((Ratio.of(size),), min_share=1.0))[0]
            area = 1 - crop.box.area / (width * height)
            found.planned[size] = (
                measure_fixation_loss(window, crop.box),
                1 - crop.kept,
                area,
                crop.terms.get("cut", 0.0),
            )
            box = centre_crop(window.size, size)
            found.centre[size] = measure_fixation_loss(window, box), 1 - box.area / (width * height)
    return found


def measure_fixation_loss(window: Window, box) -> float:
    points = window.fixations
    inside = (points >= (box.x, box.y)) & (points < (box.right, box.bottom))
    return 1 - float(inside.all(axis=1).mean())


# Rows


@dataclass(frozen=True)
class Row:
    """One way of placing some pictures in buckets."""

    buckets: int
    singletons: int
    empty_slots: int
    area: float
    fixations: float


def run_rounds(
    pictures: Sequence[CropCosts], number: int, batch: int, rounds: int, random: np.random.Generator
) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for _ in range(rounds):
        some = [pictures[index] for index in random.permutation(len(pictures))[:number]]
        sizes = [each.size for each in some]
        for name, grid in (("kohya:1024", KOHYA), ("sdxl", SDXL), ("quantile:3", choose_quantile_sizes(sizes, 3))):
            rows[f"{name}, middle"].append(
                summarise_centre_crops(some, [kohya_bucket(size, grid) for size in sizes], batch)
            )
        rows["kohya:1024, our crops"].append(
            summarise_planned_crops(some, [kohya_bucket(size, KOHYA) for size in sizes], batch)
        )
        least = measure_area_loss(sizes, CANDIDATES)
        free, full = (
            plan_assignment(least, BucketPolicy(3)),
            plan_assignment(least, BucketPolicy(3, batch_size=batch, smallest=2)),
        )
        rows["3 of least area, middle"].append(summarise_centre_crops(some, list_buckets(free), batch))
        rows["the same in batches"].append(summarise_centre_crops(some, list_buckets(full), batch))
        for limit in (3, 5):
            plan = plan_assignment(compute_losses(some), BucketPolicy(limit, batch_size=batch, smallest=2))
            rows[f"auto:{limit}, middle"].append(summarise_centre_crops(some, list_buckets(plan), batch))
            rows[f"auto:{limit}"].append(summarise_planned_crops(some, list_buckets(plan), batch))
    return rows


def compute_losses(pictures: Sequence[CropCosts]) -> np.ndarray:
    table = np.array([[each.planned[size] for size in CANDIDATES] for each in pictures])
    return compute_loss(table[..., 1], table[..., 3], table[..., 2], np.ones(table.shape[:2]))


def list_buckets(plan: BucketPlan) -> list[tuple[int, int]]:
    return [CANDIDATES[index] for index in plan.assignment]


def summarise_centre_crops(pictures: Sequence[CropCosts], buckets: Sequence[tuple[int, int]], batch: int) -> Row:
    found = [each.centre[bucket] for each, bucket in zip(pictures, buckets, strict=True)]
    return summarise(buckets, batch, [area for _, area in found], [fixations for fixations, _ in found])


def summarise_planned_crops(pictures: Sequence[CropCosts], buckets: Sequence[tuple[int, int]], batch: int) -> Row:
    found = [each.planned[bucket] for each, bucket in zip(pictures, buckets, strict=True)]
    return summarise(buckets, batch, [each[2] for each in found], [each[0] for each in found])


def summarise(buckets: Sequence, batch: int, areas: Sequence[float], fixations: Sequence[float]) -> Row:
    counts = Counter(buckets).values()
    return Row(
        len(counts),
        sum(count == 1 for count in counts),
        sum(-count % batch for count in counts),
        float(np.mean(areas)),
        float(np.mean(fixations)),
    )


def print_table(number: int, batch: int, rows: dict[str, list[Row]]) -> None:
    print(f"\n{number} pictures, batches of {batch} ({number % batch} over): means of {len(rows['auto:3'])} rounds")
    print(f"{'':<26}{'buckets':>8}{'single':>8}{'empty':>8}{'area lost':>11}{'fixations lost':>16}")
    for name, found in rows.items():
        mean = {key: np.mean([getattr(row, key) for row in found]) for key in Row.__annotations__}
        print(
            f"{name:<26}{mean['buckets']:8.1f}{mean['singletons']:8.1f}{mean['empty_slots']:8.1f}"
            f"{mean['area']:11.1%}{mean['fixations']:16.2%}"
        )
    planned = np.mean([row.fixations for row in rows["auto:3"]])
    for name in ("quantile:3, middle", "3 of least area, middle", "the same in batches", "auto:3, middle"):
        baseline = np.mean([row.fixations for row in rows[name]])
        print(f"auto:3 loses {planned / baseline:.2f} of the fixations that {name!r} loses")


# Planner


def time_planner(limit: int, seed: int) -> None:
    """Times plans over drawn losses like those of heatmaps: no two pictures have equal ones."""
    random = np.random.default_rng(seed)
    mix = np.array([Ratio.parse(each).value for each in RATIO_MIX])
    print(
        f"{'pictures':>9}{'buckets':>9}{'batch':>7}{'seconds':>9}{'of CPU':>8}{'gap':>9}{'left out':>10}{'MB peak':>9}"
    )
    for number in (n for n in (100, 1000, 10_000, 20_000, 100_000, 1_000_000) if n <= limit):
        shapes = random.choice(mix, number) * np.exp(random.normal(0, RATIO_SPREAD, number))
        relative = shapes[:, None] / aspect_ratios(CANDIDATES)[None]
        area = 1 - np.minimum(relative, 1 / relative)
        loss = 0.3 * area + area * random.uniform(0.1, 1, (number, 1)) * random.uniform(0.8, 1.2, area.shape)
        for buckets, batch in ((3, 1), (3, 4), (5, 8), (8, 8), (None, 8)):
            start, cpu = time.perf_counter(), time.process_time()
            plan = plan_assignment(loss, BucketPolicy(buckets, batch_size=batch, smallest=2))
            wall, spent = time.perf_counter() - start, time.process_time() - cpu
            row = f"{number:9}{buckets or 'all':>9}{batch:7}{wall:9.1f}{spent:8.1f}{plan.gap:9.4%}"
            print(f"{row}{len(plan.left_out):10}{peak_megabytes():9.0f}", flush=True)


def peak_megabytes() -> float:
    """Of this process so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
