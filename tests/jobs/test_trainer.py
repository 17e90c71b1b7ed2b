"""Plans for trainers, by each trainer's own rule: what is planned for its model is kept, and the rest is warned of."""

from __future__ import annotations

import random

import pytest
from diffusers_scripts import crop_size, parse_buckets
from one_trainer import STEPS, crop_resolution
from sd_scripts import no_upscale_bucket

from salient_crop.bucketing.grids import parse_grid
from salient_crop.datasets.formats import FORMATS, get_format
from salient_crop.datasets.formats.kohya import bucket_settings
from salient_crop.jobs.api import plan_buckets
from salient_crop.jobs.trainer import list_recropped

DRAW = random.Random(5)
PICTURES = [(DRAW.randint(600, 3000), DRAW.randint(600, 3000)) for _ in range(60)]


def told(report) -> str:
    return "\n".join(report.trainer_settings)


@pytest.mark.parametrize(("model", "step"), STEPS.items())
@pytest.mark.parametrize("grid", ["auto:3", "onetrainer"])
def test_onetrainer_keeps_what_was_planned_for_the_model(model, step, grid):
    report = plan_buckets(PICTURES, grid, dataset="onetrainer", step=step, resolution=512)
    assert report.recropped == []
    assert {size: crop_resolution(size, 512, step) for size in report.planned.counts} == {
        size: size for size in report.planned.counts
    }
    assert f"Resolution 512, Aspect Ratio Bucketing on, Crop Jitter off\na model whose step is {step} (" in told(report)


def test_the_grid_of_another_step_is_not_warned_of_and_tells_resolution_and_step():
    report = plan_buckets(PICTURES, "auto:3:onetrainer:512,8", dataset="onetrainer")
    assert report.recropped == []
    assert told(report).startswith("Resolution 512, ")
    assert "step is 8 (Stable Diffusion 1.5 and 2)" in told(report)


def test_sizes_that_onetrainer_does_not_know_are_warned_of_with_resolution_and_step():
    report = plan_buckets(PICTURES, "832x1216,1216x832", dataset="onetrainer", resolution=1024)
    assert sorted(report.recropped) == [
        "1216x832 to 1280x832, at 1024 in steps of 64",
        "832x1216 to 832x1280, at 1024 in steps of 64",
    ]
    shown = report.format_text()
    assert "\nthe trainer would crop: 832x1216 to 832x1280, at 1024 in steps of 64\n" in shown
    assert "\ntell the trainer: Resolution 1024, " in shown


def test_a_step_that_the_grid_denies_is_refused():
    with pytest.raises(ValueError, match="^step: 64, but the grid auto:3:onetrainer:512,8 has a step of 8"):
        plan_buckets(PICTURES, "auto:3:onetrainer:512,8", dataset="onetrainer", step=64)
    with pytest.raises(ValueError, match="^step: does nothing for the dataset format kohya"):
        plan_buckets(PICTURES, dataset="kohya", step=64)


@pytest.mark.parametrize("grid", ["auto:4", "sdxl", "832x1216,1216x832,1000x1000"])
def test_diffusers_keeps_what_was_planned_under_the_list_that_is_told(grid):
    report = plan_buckets(PICTURES, grid, dataset="diffusers")
    assert report.recropped == []
    buckets = parse_buckets(report.trainer_settings[0].split('"')[1])
    assert sorted(buckets) == sorted(size[::-1] for size in report.planned.counts)
    assert all(crop_size(size, buckets) == size for size in report.planned.counts)


@pytest.mark.parametrize("grid", ["auto:4", "496x496,512x496"])
def test_kohya_keeps_what_was_planned_under_its_config(grid):
    report = plan_buckets(PICTURES, grid, dataset="kohya")
    step, side = bucket_settings(list(report.planned.counts))
    assert all(no_upscale_bucket(size, side * side, step) == size for size in report.planned.counts)
    assert report.recropped == []
    assert ("does not start for" in told(report)) == (step < 64)


@pytest.mark.parametrize("step", [None, 8, 16, 32])
def test_ai_toolkit_keeps_sizes_that_its_step_divides(step):
    sizes = "848x1200,1200x848" if step in (8, 16) else "832x1216,1216x832"
    report = plan_buckets(PICTURES, sizes, dataset="ai-toolkit", step=step)
    assert report.recropped == []
    assert told(report) == "`resolution: 1024` for the data set, and no other"


@pytest.mark.parametrize("name", FORMATS)
def test_the_resolution_that_is_told_is_that_of_the_grid(name):
    report = plan_buckets(PICTURES, "square:640", dataset=name, resolution=1024)
    assert report.planned.counts == {(640, 640): 60}
    assert list(report.baseline.counts)[0][0] <= 640  # kohya's default, at the same resolution
    assert "1024" not in told(report)


def test_a_trainer_without_a_step_is_named_by_its_resolution_alone():
    class Trainer(get_format("plain")):
        name = "trainer"

        def recropped_size(self, size, resolution):
            return (8, 8)

    assert list_recropped(Trainer(), parse_grid("square:64").sizes, 512) == ["64x64 to 8x8, at 512"]
