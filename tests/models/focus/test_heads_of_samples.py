"""Nobody on the sample photographs loses the head: at every ratio, with every layout, in both frames and framings."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.model_sizes import parse_shapes
from salient_crop.cropping.objective import Objective
from salient_crop.cropping.regions import share_inside
from salient_crop.cropping.text_names import TEXT_REGION_PRESETS
from salient_crop.cropping.text_region import FRAMES, TextRegion
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import SearchBatch
from salient_crop.models.size_prior.framing import as_people_crop, leave_size_open

RATIOS = parse_shapes("21:9, 16:9, 3:2, 1:1, 2:3, 9:16")
LAYOUTS = [(), *((TextRegion(region, frame),) for region, frame in product(TEXT_REGION_PRESETS.values(), FRAMES))]
# Head and body of everybody, drawn by eye, in hundredths of width and height. A moose's antlers are left out.
GOLD = {
    "astronaut": [((30, 3, 59, 37), (3, 3, 72, 100))],
    "cat": [((8, 0, 84, 95), (0, 0, 100, 100))],
    "engineer": [((31, 8, 46, 24), (28, 8, 62, 94))],
    "moose": [((40, 38, 62, 70), (12, 38, 69, 91))],
    "photographer": [((31, 12, 54, 41), (5, 12, 56, 100))],
    "raccoon": [((38, 4, 92, 68), (0, 0, 92, 85))],
    "rear-admiral": [((29, 3, 75, 55), (0, 3, 98, 100))],
    "sheep": [((45, 12, 64, 34), (22, 12, 70, 90))],
    "two-dogs": [((31, 23, 53, 41), (31, 23, 55, 47)), ((47, 44, 66, 60), (47, 44, 70, 68))],
}
FRAMINGS = ("keep the most", "as people crop")
# Boxes drawn by eye are right to about a tenth of a head.
WHOLE = 0.9


def beheaded(head, body, crop) -> bool:
    """What image generators learn headless people from: a third of a body, but less than two thirds of its head."""
    return share_inside(head, crop) < 2 / 3 and share_inside(body, crop) > 1 / 3


def could_be_whole(head, size, ratio) -> bool:
    """Whether the largest box of the ratio holds the head."""
    width, height = ratio.largest_in(size)
    return (head[2] - head[0]) * size[0] <= width and (head[3] - head[1]) * size[1] <= height


@pytest.fixture(scope="module")
def focus():
    return load_cropper("focus")


@pytest.fixture(scope="module")
def framings():
    return dict(zip(FRAMINGS, [Objective(), as_people_crop()], strict=True))


def some_of_the_cases(sample) -> list[tuple]:
    """Every case without a layout, and a fifth of those with one: another fifth for the next sample."""
    cases = list(product(RATIOS, LAYOUTS, FRAMINGS))
    turn = list(GOLD).index(sample)
    return [case for index, case in enumerate(cases) if not case[1] or (index + turn) % 5 == 0]


@pytest.mark.parametrize("sample", GOLD)
def test_no_head_is_cut_that_could_be_whole(samples, focus, framings, sample):
    with Image.open(samples / f"{sample}.jpg") as file:
        image = file.convert("RGB")
    image.thumbnail((700, 700))
    size = image.size
    pixels = torch.from_numpy(np.asarray(image).copy()).movedim(-1, 0)[None].float() / 255
    batch = SearchBatch.of(focus.analyse(pixels), size)
    everybody = [tuple(tuple(each / 100 for each in part) for part in parts) for parts in GOLD[sample]]
    wrong = []
    for ratio, layout, framing in some_of_the_cases(sample):
        objective = framings[framing]
        constraint = Constraint((ratio,), text_regions=layout)
        open_constraint = constraint if framing == "keep the most" else leave_size_open(constraint)
        (crop,) = batch.best_crops(open_constraint, objective)
        region = crop.box.relative(size)
        fitting = [(head, body) for head, body in everybody if could_be_whole(head, size, ratio)]
        headless = any(beheaded(head, body, region) for head, body in fitting)
        # A layout may ask for another part of the picture; without one, somebody is there.
        nobody = fitting and not layout and not any(share_inside(head, region) >= WHOLE for head, _ in fitting)
        if headless or nobody:
            wrong.append(f"{ratio} {[(each.region, each.frame) for each in layout]} {framing}")
    assert not wrong, wrong
