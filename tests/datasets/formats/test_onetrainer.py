"""OneTrainer: a flat folder, masks beside the crops, and only its own sizes kept, other ones for each step."""

import random

import pytest
from one_trainer import STEPS, crop_resolution

from salient_crop.bucketing.grids import list_onetrainer_sizes, parse_grid
from salient_crop.datasets.formats import onetrainer
from salient_crop.datasets.formats.onetrainer import OneTrainer, onetrainer_bucket


def test_masks_lie_beside_the_crops():
    assert OneTrainer().crop_path("a/b", "jpg") == "a_b.jpg"
    assert OneTrainer().mask_path("a_b.jpg") == "a_b-masklabel.png"
    assert OneTrainer().format_caption(" a b\n c\n") == "a b\n c"


def test_only_its_own_sizes_are_kept():
    assert OneTrainer().recropped_size((832, 1216), 1024) == (832, 1280)
    assert all(OneTrainer().recropped_size(size, 1024) is None for size in list_onetrainer_sizes(1024))
    assert OneTrainer().recropped_size((1024, 1024), 512) == (512, 512)


def test_its_bucket_is_the_nearest_height_to_width():
    assert onetrainer_bucket((4000, 6000), list_onetrainer_sizes(1024)) == (832, 1280)
    # 3:4 lies between 1:1 and 1:2 by height : width (1.33 to 1 and 2), not by width : height (.75 to 1 and .5).
    assert onetrainer_bucket((300, 440), [(100, 100), (100, 200)]) == (100, 100)
    assert onetrainer_bucket((1, 1), [(64, 64), (128, 128)]) == (64, 64)


@pytest.mark.parametrize(
    ("grid", "step", "name"),
    [
        ("auto:3", None, "auto:3:onetrainer"),
        (" Auto : 2 ", None, "Auto : 2:onetrainer"),
        ("auto:3:", None, "auto:3:onetrainer"),
        ("auto:3:sdxl", None, "auto:3:sdxl"),
        ("kohya:1024", None, "kohya:1024"),
        ("512x512", None, "512x512"),
        ("onetrainer:768", None, "onetrainer:768"),
        ("auto:3", 8, "auto:3:onetrainer:512,8"),
        ("onetrainer", 8, "onetrainer:512,8"),
        ("onetrainer:768", 8, "onetrainer:768,8"),
        ("auto:3:onetrainer", 8, "auto:3:onetrainer:512,8"),
        ("auto:3: OneTrainer : 768", 8, "auto:3:onetrainer:768,8"),
        ("auto:3:onetrainer:768,16", 8, "auto:3:onetrainer:768,16"),
        ("auto:3:sdxl", 8, "auto:3:sdxl"),
        ("sdxl", 8, "sdxl"),
        ("", 8, ""),
    ],
)
def test_auto_chooses_among_its_sizes(grid, step, name):
    found = OneTrainer(step=step).grid_name(grid, 512)
    assert found == name
    if "onetrainer" in found:
        assert (parse_grid(found).step or 64) in (64, step, 16)


@pytest.mark.parametrize(("model", "step"), STEPS.items())
@pytest.mark.parametrize("resolution", [512, 768, 1024])
def test_its_own_rule_keeps_what_is_sorted_for_the_model(model, step, resolution):
    dataset = OneTrainer(step=step)
    grid = parse_grid(dataset.grid_name("auto:3", resolution), resolution)
    assert dataset.recropped_sizes(grid.sizes, resolution) == {}
    for size in grid.sizes:
        assert crop_resolution(size, resolution, step) == size


def test_the_rule_is_onetrainers_own():
    draw = random.Random(7)
    for _ in range(2000):
        size = draw.randint(1, 3000), draw.randint(1, 3000)
        resolution, step = draw.choice((512, 768, 1024)), draw.choice(list(STEPS.values()))
        ours = OneTrainer(step=step).recropped_size(size, resolution) or size
        theirs = crop_resolution(size, resolution, step)
        assert ours == theirs or size[1] / size[0] - ours[1] / ours[0] == theirs[1] / theirs[0] - size[1] / size[0]


def test_every_model_has_its_step_in_words():
    assert set(onetrainer.STEPS) == set(STEPS.values())
    assert OneTrainer.usual_step in onetrainer.STEPS


@pytest.mark.parametrize(("step", "share"), [(8, 0.8), (16, 0.8), (32, 0.7), (128, 0.6)])
def test_a_data_set_for_another_step_is_warned_of(step, share):
    sizes = parse_grid("onetrainer:1024").sizes
    warned = OneTrainer(step=step).recropped_sizes(sizes, 1024)
    assert warned == {size: found for size in sizes if (found := crop_resolution(size, 1024, step)) != size}
    assert len(warned) / len(sizes) > share


@pytest.mark.parametrize("name", ["auto:3:onetrainer:512,8", "onetrainer:512,8"])
def test_the_step_of_a_grid_is_taken(name):
    grid = parse_grid(name, 1024)
    assert OneTrainer(repeats=2).for_grid(grid) == OneTrainer(repeats=2, step=8)
    assert OneTrainer(step=8).for_grid(grid) == OneTrainer(step=8)
    assert OneTrainer().for_grid(grid).recropped_sizes(grid.sizes, 512) == {}
    assert OneTrainer(step=16).for_grid(parse_grid("sdxl")) == OneTrainer(step=16)
    with pytest.raises(ValueError, match=f"^step: 64, but the grid {name} has a step of 8"):
        OneTrainer(step=64).for_grid(grid)


@pytest.mark.parametrize(("step", "resolution"), [(8, 512), (16, 1024), (32, 768), (64, 1024), (64, 512), (128, 1024)])
def test_step_and_resolution_are_found_from_the_sizes_alone(step, resolution):
    sizes = list_onetrainer_sizes(resolution, step)
    fitted = OneTrainer().fitted_to(sizes)
    assert (fitted.rule_step, fitted.resolution_for(sizes)) == (step, resolution)
    assert fitted.recropped_sizes(sizes, resolution) == {}
    assert OneTrainer(step=64).fitted_to(sizes) == OneTrainer(step=64)


def test_sizes_that_no_setting_keeps_are_still_given_one():
    sizes = [(500, 700), (333, 999)]
    fitted = OneTrainer().fitted_to(sizes)
    assert set(fitted.recropped_sizes(sizes, fitted.resolution_for(sizes))) <= set(sizes)
    assert OneTrainer().fitted_to([]).resolution_for([]) == 64


def test_it_is_told_resolution_and_model():
    assert OneTrainer(step=8).trainer_settings([(512, 512)], 512) == [
        "Resolution 512, Aspect Ratio Bucketing on, Crop Jitter off",
        "a model whose step is 8 (Stable Diffusion 1.5 and 2); others need a data set of their own",
    ]
    assert "step is 24 (no model of its own)" in OneTrainer(step=24).trainer_settings([], 512)[1]


@pytest.mark.parametrize("size", [(1, 1), (63, 5), (5, 63)])
@pytest.mark.parametrize("step", [8, 64, 128])
def test_a_picture_smaller_than_the_step_has_a_bucket(size, step):
    found = OneTrainer(step=step).recropped_size(size, 64)
    assert found is not None and min(found) >= step
