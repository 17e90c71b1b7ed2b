"""kohya: folders, one-line captions, and a dataset.toml under which sd-scripts keeps every size."""

import re

import pytest
from sd_scripts import no_upscale_bucket

from salient_crop.bucketing.grids import list_kohya_sizes, parse_grid
from salient_crop.datasets.formats.base import Entry
from salient_crop.datasets.formats.kohya import Kohya, bucket_settings, kohya_bucket
from salient_crop.datasets.output_folder import OutputFolder

try:
    import tomllib
except ImportError:  # Python 3.10
    tomllib = None

needs_tomllib = pytest.mark.skipif(tomllib is None, reason="tomllib came with Python 3.11")


def config(folder, entries, **settings):
    with OutputFolder(folder) as out:
        assert Kohya(**settings).write_index(out, iter(entries)) == ["dataset.toml"]
    return tomllib.loads((folder / "dataset.toml").read_text("utf-8"))


def test_paths_and_captions():
    dataset = Kohya("cat", 10)
    assert dataset.crop_path("a/b", "png") == "10_cat/a_b.png"
    assert dataset.mask_path("10_cat/a_b.jpg") == "masks/10_cat/a_b.png"
    assert dataset.format_caption(" a\n b\r\n") == "a b"
    with pytest.raises(ValueError, match="concept"):
        Kohya("a/b")
    with pytest.raises(ValueError, match="repeats"):
        Kohya("cat", 0)


@needs_tomllib
def test_the_config_keeps_every_size_as_it_is(tmp_path):
    sizes = parse_grid("auto:3").sizes
    entries = [Entry(f"3_it's a cat/{index}.png", size) for index, size in enumerate(sizes)]
    written = config(tmp_path, entries, batch_size=4)
    general, (dataset,) = written["general"], written["datasets"]
    assert general["enable_bucket"] is general["bucket_no_upscale"] is True
    assert (general["caption_extension"], dataset["batch_size"]) == (".txt", 4)
    # What sd-scripts asserts before it starts.
    assert general["min_bucket_reso"] <= dataset["resolution"] <= general["max_bucket_reso"]
    assert general["min_bucket_reso"] % general["bucket_reso_steps"] == 0
    assert general["max_bucket_reso"] % general["bucket_reso_steps"] == 0
    for size in sizes:
        assert no_upscale_bucket(size, dataset["resolution"] ** 2, general["bucket_reso_steps"]) == size
    (subset,) = dataset["subsets"]
    assert subset == {"image_dir": "3_it's a cat", "num_repeats": 3, "class_tokens": "it's a cat"}


@needs_tomllib
def test_the_configs_numbers(tmp_path):
    general = config(tmp_path, [Entry("1_a/0.png", (448, 640)), Entry("1_a/1.png", (2048, 128))])["general"]
    assert (general["bucket_reso_steps"], general["min_bucket_reso"], general["max_bucket_reso"]) == (64, 128, 2048)
    written = config(tmp_path, [Entry("1_a/0.png", (496, 496))])
    assert written["general"]["bucket_reso_steps"] == 16
    assert written["general"]["max_bucket_reso"] == written["datasets"][0]["resolution"] == 496


@needs_tomllib
@pytest.mark.parametrize("name", ['say "hi"', "back'slash", "tab\there", "ünï 日本 🐈", "line\nbreak", "#no comment"])
def test_any_folder_name_survives_the_config(tmp_path, name):
    ((subset,),) = (each["subsets"] for each in config(tmp_path, [Entry(f"2_{name}/0.png", (64, 64))])["datasets"])
    assert subset == {"image_dir": f"2_{name}", "num_repeats": 2, "class_tokens": name}


@needs_tomllib
def test_every_folder_is_a_subset_in_order(tmp_path):
    entries = [Entry(f"{folder}/0.png", (64, 64)) for folder in ("2_b_c", "1_a", "2_b_c")]
    (dataset,) = config(tmp_path, entries)["datasets"]
    assert [each["image_dir"] for each in dataset["subsets"]] == ["1_a", "2_b_c"]
    assert dataset["subsets"][1]["class_tokens"] == "b_c"


@needs_tomllib
@pytest.mark.parametrize("masks", [["masks/1_a/0.png", "masks/1_a/1.png"], ["masks/1_a/0.png", None]])
def test_masks_are_used_where_every_picture_has_one(tmp_path, masks):
    entries = [Entry(f"1_a/{index}.png", (512, 512), mask=mask) for index, mask in enumerate(masks)]
    ((subset,),) = (each["subsets"] for each in config(tmp_path, entries)["datasets"])
    # sd-scripts refuses class_tokens beside conditioning_data_dir, and a masked subset with a picture without a mask.
    expected = {"conditioning_data_dir": "masks/1_a"} if all(masks) else {"class_tokens": "a"}
    assert subset == {"image_dir": "1_a", "num_repeats": 1, **expected}
    assert ("--masked_loss" in (tmp_path / "dataset.toml").read_text("utf-8")) == all(masks)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(512, 512)], (64, 512)),
        ([(128, 128)], (64, 128)),  # never more than 64, though 128 divides
        ([(832, 1216), (1000, 1000)], (8, 1008)),
        ([(64, 2048)], (64, 384)),
        ([(1023, 7)], (1, 85)),
        ([(1, 1)], (1, 1)),
        ([(512, 576)], (64, 576)),
    ],
)
def test_the_settings_cover_every_size_and_no_more(sizes, expected):
    step, side = bucket_settings(sizes)
    assert (step, side) == expected
    for size in sizes:
        assert no_upscale_bucket(size, side * side, step) == size
        assert Kohya().recropped_size(size, 512) is None
    assert any(width * height > (side - step) ** 2 for width, height in sizes)


@pytest.mark.parametrize(
    ("sizes", "refusing"),
    [
        ([(832, 1216)], None),
        ([(512, 512), (544, 480)], "32: it does not start for Stable Diffusion 1.5 and 2"),
        ([(496, 496)], "16: it does not start for Stable Diffusion 1.5 and 2; SDXL, and LoRAs"),
        ([(1000, 1000)], "8: it does not start for .*; Lumina, Anima, and the whole of FLUX.1"),
        ([(1001, 1000)], "1: it does not start for .*; the whole of SD 3"),
    ],
)
def test_it_is_told_where_the_config_lies_and_which_training_refuses_it(sizes, refusing):
    """`verify_bucket_reso_steps` of sd-scripts 48d368f stops where the step of the config is no multiple of its own."""
    start, *more = Kohya().trainer_settings(sizes, 1024)
    assert start == "start sd-scripts in this folder with --dataset_config dataset.toml"
    assert len(more) == (refusing is not None)
    if more:
        assert re.match(f"bucket_reso_steps is {refusing}", more[0])


@pytest.mark.parametrize(
    ("size", "grid", "bucket"),
    [  # recorded from sd-scripts 48d368f
        ((4000, 6000), list_kohya_sizes(1024), (704, 1024)),
        ((4000, 6000), list_kohya_sizes(1024, max_side=2048), (832, 1216)),
        ((832, 1216), list_kohya_sizes(1024, max_side=2048), (832, 1216)),
        ((512, 768), list_kohya_sizes(512), (384, 640)),  # sd-scripts#543
        ((64, 64), [(128, 128), (64, 64)], (64, 64)),  # its own size before another one of its ratio
        ((100, 100), [(100, 150), (150, 100), (50, 50), (25, 25)], (25, 25)),
    ],
)
def test_the_bucket_of_a_grid(size, grid, bucket):
    assert kohya_bucket(size, grid) == bucket


@pytest.mark.parametrize(
    ("size", "bucket"),
    [((300, 300), (256, 256)), ((3072, 3000), (960, 960)), ((50, 900), (0, 896)), ((832, 1152), (832, 1152))],
)
def test_the_rule_that_data_sets_are_checked_with_is_sd_scripts_own(size, bucket):
    assert no_upscale_bucket(size, 1024**2) == bucket
