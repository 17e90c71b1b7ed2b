"""ai-toolkit: two folders, one-line captions, and its own rounding of sizes."""

import pytest

from salient_crop.bucketing.grids import parse_grid
from salient_crop.datasets.formats.ai_toolkit import AiToolkit, ai_toolkit_bucket


def test_pictures_and_masks_lie_in_two_folders():
    assert AiToolkit().crop_path("a/b", "webp") == "pictures/a_b.webp"
    assert AiToolkit().mask_path("pictures/a_b.webp") == "masks/a_b.png"
    assert AiToolkit().format_caption(" a\n b\t c ") == "a b c"


@pytest.mark.parametrize(
    ("size", "resolution", "step", "bucket"),
    [  # recorded from ai-toolkit 27a03a9, with which 20,000 random ones agreed
        ((4000, 5000), 1024, 64, (960, 1088)),
        ((4000, 5000), 1024, 32, (928, 1120)),
        ((4000, 5000), 1024, 16, (912, 1136)),
        ((832, 1216), 1024, 64, (832, 1216)),
        ((848, 1200), 1024, 16, (848, 1200)),
        ((848, 1200), 1024, 32, (864, 1184)),
        ((1024, 1088), 1024, 16, (1008, 1040)),  # more pixels than it allows
        ((500, 500), 1024, 64, (512, 512)),  # nearest in area, though larger than the picture
        ((40, 40), 1024, 64, (64, 64)),
        ((90, 90), 100, 32, (96, 96)),
        ((120, 120), 120, 64, (64, 128)),  # 128 a side would be nearest, but is over the budget
        ((63, 10_000), 64, 32, (32, 800)),  # none fits: rounded down, but at least one step a side
        ((10_000, 63), 64, 64, (768, 64)),
    ],
)
def test_its_bucket(size, resolution, step, bucket):
    assert ai_toolkit_bucket(size, resolution, step) == bucket
    assert AiToolkit(step=step).recropped_size(size, resolution) == (None if bucket == size else bucket)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"size": (0, 0)}, "size"),
        ({"size": (float("nan"), 5)}, "size"),
        ({"resolution": float("nan")}, "resolution"),
        ({"resolution": 0}, "resolution"),
        ({"step": 0}, "step"),
        ({"step": 1.5}, "step"),
    ],
)
def test_a_bucket_of_nothing_is_refused_by_name(change, name):
    with pytest.raises((TypeError, ValueError), match=f"^{name} must "):
        ai_toolkit_bucket(**{"size": (64, 64), "resolution": 64, "step": 32, **change})


def test_without_a_step_only_what_every_model_keeps_is_kept():
    assert AiToolkit().recropped_sizes([(848, 1200), (832, 1216)], 1024) == {(848, 1200): (864, 1184)}
    assert AiToolkit(step=16).recropped_sizes([(848, 1200), (832, 1216)], 1024) == {}
    assert AiToolkit().trainer_settings([(832, 1216)], 1024) == ["`resolution: 1024` for the data set, and no other"]


@pytest.mark.parametrize("size", [*parse_grid("sdxl").sizes, *parse_grid("auto:3").sizes])
def test_usual_buckets_are_kept(size):
    assert AiToolkit().recropped_size(size, 1024) is None
