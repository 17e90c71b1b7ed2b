"""OneTrainer: a flat folder, masks beside the crops, and only its own sizes kept."""

import pytest

from salient_crop.bucketing.grids import list_onetrainer_sizes, parse_grid
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
    ("grid", "name"),
    [
        ("auto:3", "auto:3:onetrainer"),
        (" Auto : 2 ", "Auto : 2:onetrainer"),
        ("auto:3:sdxl", "auto:3:sdxl"),
        ("kohya:1024", "kohya:1024"),
        ("512x512", "512x512"),
    ],
)
def test_auto_chooses_among_its_sizes(grid, name):
    assert OneTrainer().grid_name(grid) == name
    if name.endswith(":onetrainer"):
        assert set(parse_grid(name).sizes) == set(list_onetrainer_sizes(1024))
