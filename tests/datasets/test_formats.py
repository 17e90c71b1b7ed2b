"""Data sets as trainers read them, SDXL's conditioning, duplicates."""

import json

import numpy as np
import pytest
import torch

try:
    import tomllib
except ImportError:  # Python 3.10
    tomllib = None
from PIL import Image

from salient_crop.bucketing.grids import parse_grid
from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.datasets.deduplicate import file_hash, find_duplicates, perceptual_hash
from salient_crop.datasets.formats.layouts import Entry, finish, mask_place, place, toml_numbers, write_caption
from salient_crop.datasets.formats.trainers import kohya_own_bucket
from salient_crop.jobs.bucket_stages import SortRequest, measure, sort_pictures
from salient_crop.jobs.stages import crop_record
from salient_crop.models.analysis import Analysis


@pytest.mark.skipif(tomllib is None, reason="tomllib came with Python 3.11")
def test_kohyas_toml_keeps_every_size_as_it_is(tmp_path):
    sizes = parse_grid("auto:3").sizes
    entries = [Entry(f"3_it's a cat/{index}.png", size) for index, size in enumerate(sizes)]
    finish("kohya", tmp_path, entries, batch_size=4)
    told = tomllib.loads((tmp_path / "dataset.toml").read_text(encoding="utf-8"))
    general, (dataset,) = told["general"], told["datasets"]
    assert general["enable_bucket"] and general["bucket_no_upscale"]
    # What sd-scripts asserts before it starts.
    assert general["min_bucket_reso"] <= dataset["resolution"] <= general["max_bucket_reso"]
    assert general["min_bucket_reso"] % general["bucket_reso_steps"] == 0
    assert general["max_bucket_reso"] % general["bucket_reso_steps"] == 0
    for size in sizes:
        assert kohya_own_bucket(size, dataset["resolution"] ** 2, general["bucket_reso_steps"]) == size
    (subset,) = dataset["subsets"]
    assert (subset["image_dir"], subset["num_repeats"], subset["class_tokens"]) == ("3_it's a cat", 3, "it's a cat")


@pytest.mark.skipif(tomllib is None, reason="tomllib came with Python 3.11")
@pytest.mark.parametrize("masks", [["masks/1_a/0.png", "masks/1_a/1.png"], ["masks/1_a/0.png", None]])
def test_kohyas_toml_uses_masks_where_every_picture_has_one(tmp_path, masks):
    entries = [Entry(f"1_a/{index}.png", (512, 512), mask=mask) for index, mask in enumerate(masks)]
    finish("kohya", tmp_path, entries)
    ((subset,),) = (each["subsets"] for each in tomllib.loads((tmp_path / "dataset.toml").read_text())["datasets"])
    # sd-scripts refuses class_tokens beside conditioning_data_dir, and a masked subset with a picture without a mask.
    expected = {"conditioning_data_dir": "masks/1_a"} if all(masks) else {"class_tokens": "a"}
    assert subset == {"image_dir": "1_a", "num_repeats": 1, **expected}


@pytest.mark.parametrize("sizes", [[(512, 512)], [(832, 1216), (1000, 1000)], [(64, 2048)], [(1023, 7)]])
def test_the_tomls_numbers_fit_any_sizes(sizes):
    step, side = toml_numbers(sizes)
    for width, height in sizes:
        assert width % step == height % step == 0
        assert width * height <= side * side
        assert kohya_own_bucket((width, height), side * side, step) == (width, height)


def test_captions_are_what_each_trainer_can_read(tmp_path):
    for layout, read in (("kohya", "a b c"), ("ai-toolkit", "a b c"), ("onetrainer", "a b\n c")):
        write_caption(layout, tmp_path, f"{layout}.png", " a b\n c\n")
        assert (tmp_path / f"{layout}.txt").read_text(encoding="utf-8") == read + "\n"
    write_caption("kohya", tmp_path, "kohya.png", " \n")
    assert not (tmp_path / "kohya.txt").exists()  # sd-scripts stops at an empty caption


def test_diffusers_metadata_tells_file_caption_mask_and_conditioning(tmp_path):
    entry = Entry("a/b.png", (64, 96), "ein Hütchen", "masks/a/b.png", (("crop_coords", (0, 4)),))
    finish("diffusers", tmp_path, [entry])
    line = json.loads((tmp_path / "metadata.jsonl").read_text(encoding="utf-8"))
    assert line == {
        "file_name": "a/b.png",
        "text": "ein Hütchen",
        "crop_coords": [0, 4],
        "mask_file_name": "masks/a/b.png",
    }


def test_places():
    assert place("kohya", "a/b", "png", "cat", 10) == "10_cat/a_b.png"
    assert place("plain", "a/b", "jpg") == "a/b.jpg"
    assert mask_place("onetrainer", "b.png") == "b-masklabel.png"
    for bad in ("", "..", "a/b", "a\\b", ".x"):
        with pytest.raises(ValueError, match="cannot be part"):
            place("kohya", "a", "png", bad)
    with pytest.raises(ValueError, match="no layout"):
        place("koya", "a", "png")


def test_sdxls_conditioning_is_measured_in_the_resized_picture():
    # A 2000 × 1000 picture cropped square to the right, at 512: the picture becomes 1024 × 512, the crop starts at 300.
    record = crop_record(Crop(Box(586, 0, 1000, 1000), Ratio(1, 1), 1.0), (2000, 1000), (512, 512), None)
    assert record.original_size == (1000, 2000)
    assert record.crop_coords == (0, 300)
    assert record.target_size == (512, 512)
    # sd-scripts#1443: where kohya says (0, 256), the middle of that picture starts at 512 of its 2048 columns.
    record = crop_record(Crop(Box(500, 0, 1000, 1000), Ratio(1, 1), 1.0), (2000, 1000), (1024, 1024), None)
    assert record.crop_coords == (0, 512)


def test_duplicates_are_found_whatever_was_done_to_the_file(samples, tmp_path):
    names = ["astronaut.jpg", "cat.jpg", "coffee.jpg"]
    paths = {name: samples / name for name in names}
    with Image.open(paths["cat.jpg"]) as picture:
        picture.resize((300, 240)).save(tmp_path / "cat-small.webp", quality=60)
        picture.crop((0, 0, picture.width // 2, picture.height)).save(tmp_path / "cat-half.png")
    (tmp_path / "coffee-again.jpg").write_bytes(paths["coffee.jpg"].read_bytes())
    for name in ("cat-half.png", "cat-small.webp", "coffee-again.jpg"):
        paths[name] = tmp_path / name
    sights = {name: perceptual_hash(np.asarray(Image.open(path).convert("RGB"))) for name, path in paths.items()}
    contents = {name: file_hash(path) for name, path in paths.items()}
    found = {each.name: (each.of, each.exact) for each in find_duplicates(list(paths), contents, sights)}
    assert found == {"cat-small.webp": ("cat.jpg", False), "coffee-again.jpg": ("coffee.jpg", True)}
    assert [each.exact for each in find_duplicates(list(paths), contents, sights, near=-1)] == [True]


def test_near_hashes_are_found_however_their_bits_differ():
    random = np.random.default_rng(0)
    first = int(random.integers(2**63))
    for _ in range(50):
        flips = sum(1 << int(bit) for bit in random.choice(64, 6, replace=False))
        assert len(find_duplicates(["a", "b"], {}, {"a": first, "b": first ^ flips})) == 1
        more = next(bit for bit in range(64) if not flips >> bit & 1)
        assert not find_duplicates(["a", "b"], {}, {"a": first, "b": first ^ flips ^ (1 << more)})


def test_a_caption_whose_picture_lost_a_subject_is_flagged():
    subjects = [Subject(0.0, 0.2, 0.2, 0.8), Subject(0.7, 0.2, 0.95, 0.8)]
    heat = torch.zeros(10, 30)
    heat[2:8, 21:28] = 1
    request = SortRequest(parse_grid("square:512"), 512)
    options = measure(Analysis(heat, subjects), (900, 300), Constraint(min_share=1.0), request)
    whole = measure(Analysis(heat, subjects[1:]), (900, 300), Constraint(min_share=1.0), request)
    result = sort_pictures(["lost.jpg", "whole.jpg"], [(900, 300)] * 2, [options, whole], request)
    assert [line.split(":")[0] for line in result.report.check] == ["lost.jpg"]
    assert "check the caption: lost.jpg: 100% of a subject" in result.report.text()
