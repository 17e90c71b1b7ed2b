"""diffusers: metadata.jsonl tells everything, and a list of buckets under which the scripts keep every size."""

import json
import re

import pytest
from diffusers_scripts import crop_size, crop_size_without_list, parse_buckets

from salient_crop.bucketing.grids import parse_grid
from salient_crop.datasets.formats.base import Entry
from salient_crop.datasets.formats.diffusers import Diffusers, diffusers_bucket
from salient_crop.datasets.output_folder import OutputFolder


def test_metadata_tells_file_caption_mask_and_conditioning(tmp_path):
    entries = [
        Entry("a/b.png", (64, 96), " ein Hütchen\n", "masks/a/b.png", (("crop_coords", (0, 4)),)),
        Entry("c.png", (64, 64)),
    ]
    assert Diffusers().write_index(OutputFolder(tmp_path), iter(entries)) == ["metadata.jsonl"]
    content = (tmp_path / "metadata.jsonl").read_text("utf-8")
    assert content.endswith("\n") and "Hütchen" in content
    assert [json.loads(line) for line in content.splitlines()] == [
        {"file_name": "a/b.png", "text": "ein Hütchen", "crop_coords": [0, 4], "mask_file_name": "masks/a/b.png"},
        {"file_name": "c.png", "text": ""},
    ]


def test_a_file_name_that_is_no_unicode_does_not_stop_it(tmp_path):
    Diffusers().write_index(OutputFolder(tmp_path), [Entry("\udcff.png", (64, 64))])
    assert json.loads((tmp_path / "metadata.jsonl").read_text("utf-8"))["file_name"] == "\udcff.png"


def test_there_are_no_caption_files(tmp_path):
    with OutputFolder(tmp_path) as out:
        out.write("a.txt", b"of an earlier run")
        Diffusers().write_caption(out, "a.png", "a cat")
        Diffusers().write_caption(out, "b.png", "a cat")
    assert not list(tmp_path.glob("*.txt"))


BUCKETS = [(832, 1216), (1216, 832), (1024, 1024)]


def test_the_list_of_buckets_is_for_its_scripts_to_read():
    told, other = Diffusers().trainer_settings(BUCKETS, 1024)
    (text,) = re.findall(r'^--use_aspect_ratio_buckets --aspect_ratio_buckets "([^"]+)" ', told)
    assert parse_buckets(text) == [(1216, 832), (1024, 1024), (832, 1216)]
    assert "square of --resolution" in other
    assert Diffusers().trainer_settings([(768, 768)], 1024) == ["--resolution 768"]


@pytest.mark.parametrize("grid", ["auto:3", "sdxl", "kohya:768", "onetrainer:512,8", "832x1216,1216x832"])
def test_under_its_list_the_scripts_keep_every_size(grid):
    sizes = parse_grid(grid).sizes
    assert Diffusers().recropped_sizes(sizes, 1024) == {}
    told, _ = Diffusers().trainer_settings(sizes, 1024)
    buckets = parse_buckets(told.split('"')[1])
    assert all(crop_size(size, buckets) == size for size in sizes)


def test_without_the_list_the_scripts_crop_most_sizes():
    sizes = parse_grid("auto:3").sizes
    cropped = [size for size in sizes if crop_size_without_list(size, 1024) != size]
    assert len(cropped) / len(sizes) > 0.9


def test_of_sizes_of_one_ratio_all_but_the_last_are_cropped_again():
    sizes = [(512, 512), (768, 1024), (1024, 1024), (384, 512)]
    found = Diffusers().recropped_sizes(sizes, 1024)
    assert found == {(512, 512): (1024, 1024), (384, 512): (768, 1024)}
    told, _ = Diffusers().trainer_settings(sizes, 1024)
    buckets = parse_buckets(told.split('"')[1])
    assert {size: crop_size(size, buckets) for size in sizes if crop_size(size, buckets) != size} == found


@pytest.mark.parametrize(
    ("size", "buckets", "bucket"),
    [
        ((1000, 1000), [(512, 512)], (512, 512)),
        ((1000, 1500), [(512, 512), (512, 768)], (512, 768)),
        ((1000, 1400), [(1024, 1024), (64, 128)], (64, 128)),  # the difference of a small bucket is small
        ((10, 10), [(8, 8), (16, 16)], (16, 16)),
    ],
)
def test_its_bucket(size, buckets, bucket):
    assert diffusers_bucket(size, buckets) == bucket
    assert crop_size(size, [each[::-1] for each in buckets]) == bucket


def test_paths_follow_the_sources():
    assert Diffusers().crop_path("a/b", "png") == "a/b.png"
    assert Diffusers().mask_path("a/b.jpg") == "masks/a/b.png"
    assert Diffusers().recropped_size((7, 1001), 512) is None
    assert Diffusers().reads_all_pictures
