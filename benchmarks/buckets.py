"""What bucketing costs on photographs that people were watched looking at: pictures left over, area, fixations lost.

python benchmarks/buckets.py FIXATIONS [--cropper focus] [--all-pictures] [--pool 260] [--rounds 5] [--seed 0]
python benchmarks/buckets.py --planner [--pictures 20000]

FIXATIONS is a list of `{image, width, height, fixations}` with a folder `images` beside it (see `salient-crop evaluate
fixations`). Its photographs lie flat, so each gives two pictures of other ratios: windows whose ratios are drawn from
a mix of phone portraits, landscapes, squares and panoramas, placed at random; fixations outside a window are not its.
Only photographs that the bundled cropper never saw in training are taken, unless --all-pictures says so.

Rows: kohya's and SDXL's grids with kohya's rule and the middle cut out; kohya's grid with our crops; then what kohya's
centre crop does with no more buckets than ours: on quantile:3, and on three buckets chosen for least area, free and in
full batches; then auto:3 and auto:5 planned, cropped by the cropper, and once more the very same plan with the middle
cut out. `empty` is how many places stay empty in the batches of a round: pictures that a trainer repeats, or up to so
many a bucket that it drops. Below each table: the fixations that auto:3 loses as a share of what those lose.
"""

from __future__ import annotations

import argparse
import json
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
from salient_crop.bucketing.solver.planner import BucketPlan, plan_assignment
from salient_crop.bucketing.solver.policy import BucketPolicy
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.formats.centre_crop import centre_crop
from salient_crop.datasets.formats.kohya import kohya_bucket
from salient_crop.images.decode import decode
from salient_crop.models.base import Cropper
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import best_crops

MIX = ("3:2",) * 25 + ("2:3",) * 20 + ("4:3",) * 15 + ("3:4",) * 15 + ("9:16",) * 10 + ("16:9",) * 5
MIX += ("1:1",) * 5 + ("21:9",) * 5
SCATTER = 0.03  # of the logarithm of a ratio: what scissors and screens make of the usual ones
NUMBERS, BATCHES = (20, 40, 100, 200), (4, 8)
CANDIDATES, KOHYA, SDXL = list_candidate_sizes(), list_kohya_sizes(1024), list_sdxl_sizes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fixations", type=Path, nargs="?")
    parser.add_argument("--cropper", default="focus")
    parser.add_argument("--all-pictures", action="store_true", help="also those that the cropper was trained on")
    parser.add_argument("--pool", type=int, default=260, help="pictures to draw the rounds from")
    parser.add_argument("--rounds", type=int, default=5, help="draws of each number of pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--planner", action="store_true", help="time the planner on made-up losses instead")
    parser.add_argument("--pictures", type=int, default=20_000, help="the most of them that --planner plans")
    given = parser.parse_args()
    if given.planner:
        time_planner(given.pictures, given.seed)
        return
    if given.fixations is None:
        parser.error("FIXATIONS is needed, or --planner")
    torch.set_num_threads(1)
    random = np.random.default_rng(given.seed)
    windows = draw_windows(given.fixations, given.pool, given.all_pictures, random)
    cropper = load_cropper(given.cropper)
    pictures = [measure(window, cropper) for window in windows]
    photographs = len({window.path for window in windows})
    print(f"{len(pictures)} pictures from {photographs} photographs, cropper {given.cropper}, {given.rounds} rounds")
    for batch in BATCHES:
        for number in NUMBERS:
            if number <= len(pictures):
                print_table(number, batch, rounds_of(pictures, number, batch, given.rounds, random))


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


def draw_windows(file: Path, number: int, every: bool, random: np.random.Generator) -> list[Window]:
    """Two windows a photograph, the second ones after all first ones."""
    entries = [each for each in json.loads(file.read_text(encoding="utf-8")) if every or never_seen(each["image"])]
    order = [entries[index] for index in random.permutation(len(entries))]
    windows: list[Window] = []
    for entry in [*order, *order]:
        if len(windows) == number:
            break
        window = draw_window(file.parent / "images" / entry["image"], entry, random)
        if len(window.fixations) >= 20:
            windows.append(window)
    return windows


def never_seen(name: str) -> bool:
    """The tenth that the bundled cropper's training kept apart, see training/focus/pictures.py."""
    return int(sha1(name.encode()).hexdigest()[:8], 16) % 10 == 0


def draw_window(path: Path, entry: dict, random: np.random.Generator) -> Window:
    ratio = Ratio.parse(MIX[random.integers(len(MIX))]).value * np.exp(random.normal(0, SCATTER))
    width, height = entry["width"], entry["height"]
    wide, high = (width, round(width / ratio)) if ratio > width / height else (round(height * ratio), height)
    left, top = int(random.integers(width - wide + 1)), int(random.integers(height - high + 1))
    points = np.array([point for viewer in entry["fixations"] for point in viewer], float).reshape(-1, 2)
    points = points - (left, top)
    inside = ((points >= 0) & (points < (wide, high))).all(axis=1)
    return Window(path, (left, top, wide, high), points[inside])


@dataclass
class Measured:
    """What each size would cost a picture: by size, the cropper's crop and the middle; shares in 0..1."""

    size: tuple[int, int]
    ours: dict[tuple[int, int], tuple[float, float, float, float]] = field(default_factory=dict)
    """Fixations, heat and area lost, and the cut term."""
    middle: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    """Fixations and area lost."""


def measure(window: Window, cropper: Cropper) -> Measured:
    x, y, width, height = window.box
    pixels = torch.from_numpy(decode(window.path)[y : y + height, x : x + width].copy())
    with torch.inference_mode():
        analysis = cropper.analyse(pixels.permute(2, 0, 1)[None].float() / 255)[0]
        found = Measured(window.size)
        for size in dict.fromkeys([*CANDIDATES, *KOHYA, *SDXL]):
            crop = best_crops([analysis], [window.size], Constraint((Ratio.of(size),), min_share=1.0))[0]
            area = 1 - crop.box.area / (width * height)
            found.ours[size] = lost(window, crop.box), 1 - crop.kept, area, crop.terms.get("cut", 0.0)
            box = centre_crop(window.size, size)
            found.middle[size] = lost(window, box), 1 - box.area / (width * height)
    return found


def lost(window: Window, box) -> float:
    points = window.fixations
    inside = (points >= (box.x, box.y)) & (points < (box.right, box.bottom))
    return 1 - float(inside.all(axis=1).mean())


# Rows


@dataclass(frozen=True)
class Row:
    """One way of sorting some pictures."""

    buckets: int
    alone: int
    empty: int
    area: float
    fixations: float


def rounds_of(
    pictures: Sequence[Measured], number: int, batch: int, rounds: int, random: np.random.Generator
) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for _ in range(rounds):
        some = [pictures[index] for index in random.permutation(len(pictures))[:number]]
        sizes = [each.size for each in some]
        for name, grid in (("kohya:1024", KOHYA), ("sdxl", SDXL), ("quantile:3", choose_quantile_sizes(sizes, 3))):
            rows[f"{name}, middle"].append(in_the_middle(some, [kohya_bucket(size, grid) for size in sizes], batch))
        rows["kohya:1024, our crops"].append(cropped(some, [kohya_bucket(size, KOHYA) for size in sizes], batch))
        least = measure_area_loss(sizes, CANDIDATES)
        free, full = (
            plan_assignment(least, BucketPolicy(3)),
            plan_assignment(least, BucketPolicy(3, batch_size=batch, smallest=2)),
        )
        rows["3 of least area, middle"].append(in_the_middle(some, given_by(free), batch))
        rows["the same in batches"].append(in_the_middle(some, given_by(full), batch))
        for most in (3, 5):
            plan = plan_assignment(losses(some), BucketPolicy(most, batch_size=batch, smallest=2))
            rows[f"auto:{most}, middle"].append(in_the_middle(some, given_by(plan), batch))
            rows[f"auto:{most}"].append(cropped(some, given_by(plan), batch))
    return rows


def losses(pictures: Sequence[Measured]) -> np.ndarray:
    table = np.array([[each.ours[size] for size in CANDIDATES] for each in pictures])
    return compute_loss(table[..., 1], table[..., 3], table[..., 2], np.ones(table.shape[:2]))


def given_by(plan: BucketPlan) -> list[tuple[int, int]]:
    return [CANDIDATES[index] for index in plan.assignment]


def in_the_middle(pictures: Sequence[Measured], buckets: Sequence[tuple[int, int]], batch: int) -> Row:
    found = [each.middle[bucket] for each, bucket in zip(pictures, buckets, strict=True)]
    return summed(buckets, batch, [area for _, area in found], [fixations for fixations, _ in found])


def cropped(pictures: Sequence[Measured], buckets: Sequence[tuple[int, int]], batch: int) -> Row:
    found = [each.ours[bucket] for each, bucket in zip(pictures, buckets, strict=True)]
    return summed(buckets, batch, [each[2] for each in found], [each[0] for each in found])


def summed(buckets: Sequence, batch: int, areas: Sequence[float], fixations: Sequence[float]) -> Row:
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
            f"{name:<26}{mean['buckets']:8.1f}{mean['alone']:8.1f}{mean['empty']:8.1f}"
            f"{mean['area']:11.1%}{mean['fixations']:16.2%}"
        )
    ours = np.mean([row.fixations for row in rows["auto:3"]])
    for name in ("quantile:3, middle", "3 of least area, middle", "the same in batches", "auto:3, middle"):
        theirs = np.mean([row.fixations for row in rows[name]])
        print(f"auto:3 loses {ours / theirs:.2f} of the fixations that {name!r} loses")


# Planner


def time_planner(most: int, seed: int) -> None:
    """Losses as heat gives them: every picture its own, none alike."""
    random = np.random.default_rng(seed)
    mix = np.array([Ratio.parse(each).value for each in MIX])
    print(f"{'pictures':>9}{'buckets':>9}{'batch':>7}{'seconds':>9}{'of CPU':>8}{'gap':>9}{'left out':>10}")
    for number in (n for n in (100, 1000, 10_000, 20_000, 100_000) if n <= most):
        shapes = random.choice(mix, number) * np.exp(random.normal(0, SCATTER, number))
        between = shapes[:, None] / aspect_ratios(CANDIDATES)[None]
        area = 1 - np.minimum(between, 1 / between)
        loss = 0.3 * area + area * random.uniform(0.1, 1, (number, 1)) * random.uniform(0.8, 1.2, area.shape)
        for buckets, batch in ((3, 1), (3, 4), (5, 8)):
            start, cpu = time.perf_counter(), time.process_time()
            plan = plan_assignment(loss, BucketPolicy(buckets, batch_size=batch, smallest=2))
            wall, spent = time.perf_counter() - start, time.process_time() - cpu
            print(
                f"{number:9}{buckets:9}{batch:7}{wall:9.1f}{spent:8.1f}{plan.gap:9.4%}{len(plan.left_out):10}",
                flush=True,
            )


if __name__ == "__main__":
    main()
