"""The trainers' grids as the trainers compute them, our candidates, and what is no grid."""

import numpy as np
import pytest

from salient_crop.bucketing.grids import (
    MAX_SIDE,
    BucketGrid,
    choose_quantile_sizes,
    list_candidate_sizes,
    list_kohya_sizes,
    list_novelai_sizes,
    list_onetrainer_sizes,
    list_sdxl_sizes,
    parse_grid,
)
from salient_crop.bucketing.sizes import aspect_ratios

# Recorded from kohya-ss/sd-scripts 48d368f make_bucket_resolutions; each size stands for its transpose too.
KOHYA = {
    (512, 64, 256, 1024): "256x832 256x896 256x960 256x1024 320x704 320x768 384x640 448x576 512x512",
    (768, 64, 256, 1024): "256x1024 320x1024 384x1024 448x1024 512x1024 576x960 576x1024 640x896 704x832 768x768",
    (1024, 64, 256, 1024): "256x1024 320x1024 384x1024 448x1024 512x1024 576x1024 640x1024 704x1024 768x1024 832x1024"
    " 896x1024 960x1024 1024x1024",
    (1024, 64, 256, 2048): "256x2048 320x2048 384x2048 448x2048 512x1856 512x1920 512x1984 512x2048 576x1664 576x1728"
    " 576x1792 640x1536 640x1600 704x1408 704x1472 768x1280 768x1344 832x1216 896x1152 960x1088 1024x1024",
    (1024, 64, 512, 2048): "512x1856 512x1920 512x1984 512x2048 576x1664 576x1728 576x1792 640x1536 640x1600 704x1408"
    " 704x1472 768x1280 768x1344 832x1216 896x1152 960x1088 1024x1024",
}
# NovelAI 6e977c5 gen_buckets and Nerogar/mgds AspectBucketing.
NOVELAI = "256x1024 320x1024 384x1024 384x960 384x896 448x832 512x768 512x704 512x512 576x640"
ONETRAINER = "512x2048 576x1920 576x1792 640x1600 704x1472 768x1344 832x1280 896x1152 1024x1024"
# Appendix I of the paper has these beside kohya's of 512 to 2048; the last one has no transpose.
SDXL_MORE = "832x1152 896x1088 960x1024", (1344, 704)
CANDIDATES = (
    "640x1472 640x1536 640x1600 704x1344 704x1408 704x1472 768x1216 768x1280 768x1344 832x1152 832x1216 896x1088"
    " 896x1152 960x1024 960x1088 1024x1024"
)


def both_ways(text):
    sizes = {tuple(map(int, each.split("x"))) for each in text.split()}
    return sizes | {(height, width) for width, height in sizes}


@pytest.mark.parametrize("numbers", KOHYA)
def test_kohyas_grid_is_the_real_one(numbers):
    found = list_kohya_sizes(*numbers)
    assert found == sorted(both_ways(KOHYA[numbers]))
    resolution, *rest = numbers
    assert set(parse_grid(f"kohya:{resolution}:{','.join(map(str, rest))}").sizes) == set(found)


def test_kohyas_defaults_are_those_of_its_arguments():
    assert list_kohya_sizes(1024) == list_kohya_sizes(1024, 64, 256, 1024)
    assert parse_grid("kohya", 768).sizes == parse_grid("kohya:768:64,256,1024").sizes
    # Above 1024, the default limit of a side leaves the square as the only large bucket.
    large = list_kohya_sizes(1536)
    assert max(max(size) for size in set(large) - {(1536, 1536)}) == 1024
    assert (1024, 1024) in large
    raised = list_kohya_sizes(1536, max_side=2048)
    assert {(1152, 2048), (1216, 1920), (1280, 1792), (1472, 1600)} < set(raised)
    assert all(width * height <= 1536 * 1536 for width, height in raised)


def test_kohyas_other_steps_and_a_side_that_fits_no_step():
    assert list_kohya_sizes(100, 64, 64, 128) == [(64, 64), (64, 128), (128, 64)]
    assert list_kohya_sizes(32, 64, 64, 128) == []
    assert list_kohya_sizes(32, 64, 16, 128) == [(16, 64), (64, 16)]
    assert (96, 96) in list_kohya_sizes(100, 32, 64, 128)


def test_the_other_grids_are_the_real_ones():
    assert list_novelai_sizes() == sorted(both_ways(NOVELAI))
    assert list_onetrainer_sizes() == sorted(both_ways(ONETRAINER))
    assert list_onetrainer_sizes(512, 8)[:2] == [(256, 1024), (272, 960)]
    assert list_onetrainer_sizes(64) == [(64, 64), (64, 128), (128, 64)]  # no side is rounded to nothing
    more, single = SDXL_MORE
    assert sorted(list_sdxl_sizes()) == sorted(both_ways(KOHYA[1024, 64, 512, 2048]) | both_ways(more) | {single})


def test_the_candidates_have_nearly_the_pixels_of_the_square_and_never_more():
    found = list_candidate_sizes()
    assert set(found) == both_ways(CANDIDATES)
    assert len(found) == 31
    for resolution in (512, 768, 1536):
        sizes = np.array(list_candidate_sizes(resolution))
        assert (sizes % 64 == 0).all()
        share = sizes.prod(axis=1) / resolution**2
        assert share.min() >= 0.88 and share.max() == 1.0
        assert 0.4 <= aspect_ratios(sizes).min() < 0.45 and 2.2 < aspect_ratios(sizes).max() <= 2.5
    assert list_candidate_sizes(63) == []
    assert list_candidate_sizes(64) == [(64, 64)]


@pytest.mark.parametrize(
    ("pictures", "groups", "sizes"),
    [
        ([], 3, []),
        ([(400, 600)], 3, [(832, 1216)]),  # fewer pictures than groups
        ([(400, 600)] * 4 + [(600, 600)] * 4 + [(900, 600)] * 4, 3, [(832, 1216), (1024, 1024), (1216, 832)]),
        ([(600, 600)] * 2 + [(400, 600)] * 2, 2, [(832, 1216), (1024, 1024)]),  # in any order
        ([(400, 800), (800, 400)], 1, [(1152, 896)]),  # nearest to the mean ratio 1.25
    ],
)
def test_quantile_buckets_hold_equal_numbers(pictures, groups, sizes):
    assert choose_quantile_sizes(pictures, groups) == sizes


def test_quantile_takes_the_nearest_ratio_as_a_logarithm():
    # Between 896:1152 (0.778) and 832:1152 (0.722) the middle is 0.7495 on a logarithmic scale.
    assert choose_quantile_sizes([(7490, 10_000)], 1) == [(832, 1152)]
    assert choose_quantile_sizes([(7500, 10_000)], 1) == [(896, 1152)]


@pytest.mark.parametrize(
    ("text", "resolution", "sizes", "max_buckets"),
    [
        ("square:768", 1024, [(768, 768)], None),
        ("square", 512, [(512, 512)], None),
        (" SQUARE : 768 ", 1024, [(768, 768)], None),
        ("1216x832, 832x1216,", 1024, [(832, 1216), (1216, 832)], None),
        ("832×1216", 1024, [(832, 1216)], None),
        ("16x16,16384x16384", 1024, [(16, 16), (16384, 16384)], None),
        ("auto:1:64x64,128x64", 1024, [(64, 64), (128, 64)], 1),
        ("auto:2:square:64", 1024, [(64, 64)], 2),
        ("auto:3", 64, [(64, 64)], 3),
        ("auto:3:", 64, [(64, 64)], 3),
        ("quantile:2", 1024, [(832, 1216), (1216, 832)], None),
        ("auto:1:quantile:2", 1024, [(832, 1216), (1216, 832)], 1),
    ],
)
def test_grids_by_name(text, resolution, sizes, max_buckets):
    grid = parse_grid(text, resolution, np.array([(400, 600), (900, 600)]))
    assert list(grid.sizes) == sizes
    assert grid.max_buckets == max_buckets
    assert grid.name == text.strip()


def test_grids_by_name_use_the_resolution_unless_they_name_one():
    assert set(parse_grid("auto:3", 768).sizes) == set(list_candidate_sizes(768))
    assert set(parse_grid("onetrainer", 512).sizes) == set(list_onetrainer_sizes(512))
    assert set(parse_grid("onetrainer:512,8").sizes) == set(list_onetrainer_sizes(512, 8))
    assert set(parse_grid("auto:3:kohya:512").sizes) == set(list_kohya_sizes(512))
    assert parse_grid("auto:3:sdxl", 512).sizes == parse_grid("sdxl").sizes
    assert set(parse_grid("novelai").sizes) == set(list_novelai_sizes())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is no bucket grid; use one of kohya:RES"),
        ("foo", "'foo' is no bucket grid"),
        ("832x", "'832x' is not a bucket size"),
        ("auto", "'auto' needs whole numbers from 1 to 16384 after the colon"),
        ("auto:", "'auto:' needs whole numbers"),
        ("auto:0", "'auto:0' needs whole numbers"),
        ("auto:x", "'auto:x' needs whole numbers"),
        ("auto:3,4", "'auto:3,4' needs whole numbers"),
        ("auto:3:auto:2", "it cannot be auto again"),
        ("square:16385", "needs whole numbers from 1 to 16384"),
        ("kohya:1024:64,256,1024,5", "needs whole numbers"),
        ("kohya:1024:1,1,1000000000", "needs whole numbers"),
        ("kohya:32:64,512,1024", "holds no bucket size at all"),
        ("quantile:3", "takes its buckets from the pictures, but there are none"),
        ("sdxl:2", "the SDXL grid has no settings"),
        ("novelai:2", "the NovelAI grid has no settings"),
        ("15x16", "holds a bucket of 15x16; trainers have sides of 16 to 16384 pixels"),
        ("16x15", "holds a bucket of 16x15"),
        ("16385x16", "holds a bucket of 16385x16"),
        ("16x16385", "holds a bucket of 16x16385"),
    ],
)
def test_what_is_no_grid_is_refused_with_its_name(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_grid(text)


@pytest.mark.parametrize("resolution", [1_000_000, 16_385, 15, 0, -64, float("nan"), float("inf"), 512.0, "512", None])
@pytest.mark.parametrize("text", ["auto:3", "sdxl"])
def test_a_resolution_out_of_bounds_is_refused_by_name_at_once(text, resolution):
    with pytest.raises(ValueError, match="resolution must be a whole number of pixels from 16 to 16384"):
        parse_grid(text, resolution)


def test_the_bounds_of_a_resolution_are_possible():
    assert parse_grid("square", 16).sizes == ((16, 16),)
    assert parse_grid("square", MAX_SIDE).sizes == ((16_384, 16_384),)
    assert parse_grid("sdxl", np.int64(16)).sizes == parse_grid("sdxl").sizes


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: list_kohya_sizes(0), "resolution"),
        (lambda: list_kohya_sizes(1024, step=0), "step"),
        (lambda: list_kohya_sizes(1024, min_side=0), "min_side"),
        (lambda: list_kohya_sizes(1024, max_side=10**9), "max_side"),
        (lambda: list_onetrainer_sizes(10**9), "resolution"),
        (lambda: list_onetrainer_sizes(1024, 0), "step"),
        (lambda: list_candidate_sizes(10**6), "resolution"),
        (lambda: list_candidate_sizes(0), "resolution"),
        (lambda: choose_quantile_sizes([(1, 1)], 0), "groups"),
        (lambda: choose_quantile_sizes([(1, 0)], 1), "pictures"),
        (lambda: choose_quantile_sizes(3, 1), "pictures"),
        (lambda: list_kohya_sizes(True), "resolution"),
        (lambda: list_kohya_sizes(1024, step=True), "step"),
        (lambda: list_candidate_sizes(2**70), "resolution"),
    ],
)
def test_a_number_out_of_bounds_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        call()


@pytest.mark.parametrize("text", [None, 3, 1.5, b"sdxl", ["832x1216"], ("sdxl",)])
def test_a_name_that_is_no_text_is_refused(text):
    with pytest.raises(TypeError, match="a bucket grid must be of the type str, got"):
        parse_grid(text)


@pytest.mark.parametrize(
    "text",
    ["9" * 100_000, "9x" * 50_000, "auto:3:" + "x" * 5_000, "832x1216," * 1_000, "\n" * 3_000, "9" * 1_900 + "x1"],
)
def test_however_long_a_name_is_its_refusal_is_one_short_line(text):
    with pytest.raises(ValueError, match="is no(t a)? bucket (grid|size)") as raised:
        parse_grid(text)
    assert len(str(raised.value)) < 400
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("groups", [0.5, float("nan"), None, "3", True])
def test_groups_that_are_no_number_are_refused(groups):
    with pytest.raises(TypeError, match="^groups must be a whole number"):
        choose_quantile_sizes([(1, 1)], groups)


def test_more_groups_than_pictures_are_as_many_as_pictures():
    pictures = [(100, 150), (150, 100)]
    assert choose_quantile_sizes(pictures, 10**12) == choose_quantile_sizes(pictures, 2)
    assert choose_quantile_sizes([], 3) == []


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"name": 3}, TypeError, "name must be of the type str"),
        ({"sizes": 3}, TypeError, "sizes must be a sequence"),
        ({"sizes": ()}, ValueError, "sizes must hold at least one"),
        ({"sizes": ((0, 64),)}, ValueError, "sizes must be at least 1×1 pixel"),
        ({"sizes": ((64.0, 64),)}, TypeError, "sizes must be a whole number"),
        ({"sizes": ((64, 64, 64),)}, ValueError, "sizes needs width and height"),
        ({"resolution": 0}, ValueError, "resolution must be a whole number of pixels from 1"),
        ({"step": 1.5}, ValueError, "step must be a whole number of pixels from 1"),
        ({"max_buckets": 0}, ValueError, "max_buckets must be at least 1, got 0"),
        ({"max_buckets": 2.0}, TypeError, "max_buckets must be a whole number"),
        ({"max_buckets": 10**6}, ValueError, "max_buckets must be at most 16384"),
    ],
)
def test_a_grid_that_cannot_be_is_refused_by_the_name_of_its_field(change, error, words):
    with pytest.raises(error, match=words):
        BucketGrid(**{"name": "mine", "sizes": ((64, 64),), **change})


@pytest.mark.parametrize(
    ("name", "resolution", "step"),
    [
        ("sdxl", 1024, None),
        ("auto:3", None, None),
        ("832x1216", None, None),
        ("kohya", None, None),
        ("kohya:768", 768, None),
        ("kohya:768:32,256,1024", 768, None),
        ("square:640", 640, None),
        ("onetrainer", None, None),
        ("onetrainer:512", 512, None),
        ("onetrainer:512,8", 512, 8),
        ("auto:3:onetrainer:512,8", 512, 8),
        ("auto:3:kohya:768", 768, None),
        ("auto:3:sdxl", 1024, None),
    ],
)
def test_a_grid_knows_the_resolution_and_step_that_its_name_says(name, resolution, step):
    grid = parse_grid(name, 1024)
    assert (grid.name, grid.resolution, grid.step) == (name, resolution, step)


def test_one_pixel_is_a_number_of_pixels():
    assert list_kohya_sizes(1, 1, 1, 1) == [(1, 1)]
    assert (1, 1) in list_onetrainer_sizes(1, 1)
    assert list_candidate_sizes(1) == []
