"""How large crops come out, in pixels."""

import pytest

from salient_crop.cropping.ratio import Ratio
from salient_crop.jobs.output_size import fit_size, ratio_error, shrink_to_multiple, target_size


@pytest.mark.parametrize(
    ("ratio", "resolution", "size"),
    [
        ("1:1", 8, (8, 8)),
        ("1:1", 1024, (1024, 1024)),
        ("2:3", 1024, (832, 1248)),
        ("832x1216", 1024, (832, 1216)),
        ("16:9", 1024, (1408, 792)),
        ("3:2", 512, (624, 416)),
        ("1000:667", 512, (624, 416)),
        ("20:21", 200, (192, 208)),  # in the exact ratio it would be a third smaller: each side is rounded
        ("2:3", 8, (8, 8)),
        ("1:9", 8, (8, 24)),
    ],
)
def test_target_sizes(ratio, resolution, size):
    assert target_size(Ratio.parse(ratio), resolution) == size


@pytest.mark.parametrize("step", [2, 16, 64])
@pytest.mark.parametrize("ratio", ["1:1", "2:3", "16:9", "9:16", "13:19", "21:9", "1000:667"])
def test_target_sizes_are_multiples_near_the_ratio_and_the_area(ratio, step):
    asked = Ratio.parse(ratio)
    width, height = target_size(asked, 1024, step)
    assert width % step == height % step == 0
    assert abs(width * asked.height / asked.width - height) <= step or abs(width - height * asked.value) <= step
    assert 0.75 <= width * height / 1024**2 <= 1.25


@pytest.mark.parametrize(
    ("size", "wanted", "multiple", "expected"),
    [
        ((30, 20), (0, 0), 1, (30, 20)),
        ((30, 20), (60, 0), 1, (60, 40)),
        ((30, 20), (0, 10), 1, (15, 10)),
        ((30, 20), (7, 9), 1, (7, 9)),
        ((3000, 1), (10, 0), 1, (10, 1)),
        ((1, 3000), (0, 10), 1, (1, 10)),
        ((31, 20), (0, 10), 1, (16, 10)),
        ((30, 20), (64, 0), 16, (64, 48)),
        ((3000, 1), (64, 0), 32, (64, 32)),
    ],
)
def test_the_size_of_the_result(size, wanted, multiple, expected):
    assert fit_size(size, wanted, multiple) == expected


def test_a_side_that_is_no_multiple_is_named():
    with pytest.raises(ValueError, match="^height: 100 is no multiple of 16"):
        fit_size((30, 20), (64, 100), 16)


def test_a_size_is_shrunk_to_multiples_and_measured_beside_a_ratio():
    assert shrink_to_multiple((95, 64), 32) == (64, 64)
    assert shrink_to_multiple((5, 200), 1) == (5, 200)
    assert ratio_error((100, 100), Ratio(1, 1)) == 0
    assert ratio_error((90, 100), Ratio(1, 1)) == pytest.approx(-0.1)
