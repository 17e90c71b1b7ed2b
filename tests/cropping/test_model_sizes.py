"""One or several ratios, from a text or from objects."""

import pytest

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.model_sizes import MODEL_SIZES, parse_shapes
from salient_crop.cropping.ratio import Ratio


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ("2:3", ["2:3"]),
        (" 2:3 ,16:9,,", ["2:3", "16:9"]),
        ("2:3,4:6,1:1,2:3", ["2:3", "1:1"]),  # each once
        (Ratio(5, 4), ["5:4"]),
        ([Ratio(5, 4), "3:2"], ["5:4", "3:2"]),
        (iter(("3:2",)), ["3:2"]),
    ],
)
def test_ratios(ratios, expected):
    assert [str(ratio) for ratio in parse_shapes(ratios)] == expected


@pytest.mark.parametrize(
    ("ratios", "kind", "words"),
    [
        ("", ValueError, "^ratio: no ratio in ''"),
        (" , ", ValueError, "no ratio"),
        ([], ValueError, "no ratio"),
        ("2:3,x", ValueError, "'x' is not a ratio"),
        (["2:0"], ValueError, "2:0"),
        (["2:3,1:1"], ValueError, "2:3,1:1"),  # a list is not read for commas
        (None, TypeError, "^ratio: .*NoneType"),
        (1.5, TypeError, "^ratio: .*float"),
        ([1.5], TypeError, "^ratio: .*float"),
        ((2, 3), TypeError, "^ratio: .*int"),
    ],
)
def test_what_is_no_ratio_is_refused_by_name(ratios, kind, words):
    with pytest.raises(kind, match=words):
        parse_shapes(ratios)


@pytest.mark.parametrize(("name", "count", "step"), [
    ("sdxl", 40, 64), ("flux", 17, 16), ("qwen-image", 7, 16), ("wan", 2, 16), ("wan-480p", 2, 16), ("wan-5b", 2, 32),
])  # fmt: skip
def test_the_sizes_of_models_are_distinct_ratios_in_steps_and_both_ways(name, count, step):
    sizes = MODEL_SIZES[name].sizes
    assert len({Ratio.of(size) for size in sizes}) == len(sizes) == count
    assert not any(side % step for size in sizes for side in size)
    assert {size for size in sizes if size[::-1] not in sizes} == ({(1344, 704)} if name == "sdxl" else set())


def test_the_nearest_size_loses_the_least_area():
    for model in MODEL_SIZES.values():
        for picture in [(4000, 3000), (3000, 4000), (1000, 1000), (5000, 1000), (1, 9), (1920, 1080), (333, 500)]:
            area = {
                size: min(size[0] * picture[1], size[1] * picture[0]) ** 2 / (size[0] * size[1]) for size in model.sizes
            }
            assert area[model.nearest(picture)] == pytest.approx(max(area.values()))


def test_models_are_named_beside_ratios_and_once():
    assert [str(each) for each in parse_shapes("2:3, SDXL,sdxl , wan-480p")] == ["2:3", "sdxl", "wan-480p"]
    assert parse_shapes(MODEL_SIZES["flux"]) == (MODEL_SIZES["flux"],)
    with pytest.raises(ValueError, match="'sdx' is not a ratio; .* or name a model: sdxl, flux, qwen-image, wan"):
        parse_shapes("sdx")


def test_a_constraint_gives_the_ratios_and_the_exact_size_for_a_picture():
    constraint = Constraint(parse_shapes("1:1, sdxl, wan"))
    assert [str(each) for each in constraint.ratios_for((2000, 3000))] == ["1:1", "13:19", "9:16"]
    assert [str(each) for each in constraint.ratios_for((500, 500))] == ["1:1", "16:9"]
    assert constraint.exact_size(Ratio(13, 19), (2000, 3000)) == (832, 1216)
    assert constraint.exact_size(Ratio(1, 1), (2000, 3000)) is None
    assert constraint.exact_size(Ratio(1, 1), (500, 500)) == (1024, 1024)
    assert Constraint().ratios_for((40, 30)) == (Ratio(4, 3),)
    with pytest.raises(ValueError, match="multiple_of: does nothing with sdxl"):
        Constraint(parse_shapes("sdxl"), multiple_of=8)


@pytest.mark.parametrize("value", [0, 3, 128, True, "8", None])
def test_a_multiple_that_there_is_not_is_refused(value):
    with pytest.raises(ValueError, match="multiple_of must be one of 1, 2, 8, 16, 32, 64, got"):
        Constraint(multiple_of=value)
