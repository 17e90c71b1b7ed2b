"""ai-toolkit: two folders, one-line captions, and its own rounding of sizes."""

import pytest

from salient_crop.bucketing.grids import parse_grid
from salient_crop.datasets.formats.ai_toolkit import AiToolkit, ai_toolkit_bucket


def test_pictures_and_masks_lie_in_two_folders():
    assert AiToolkit().crop_path("a/b", "webp") == "pictures/a_b.webp"
    assert AiToolkit().mask_path("pictures/a_b.webp") == "masks/a_b.png"
    assert AiToolkit().format_caption(" a\n b\t c ") == "a b c"


@pytest.mark.parametrize(
    ("size", "resolution", "bucket"),
    [
        ((4000, 5000), 1024, (960, 1088)),  # recorded from ai-toolkit 27a03a9, like the next
        ((832, 1216), 1024, (832, 1216)),
        ((1024, 1088), 1024, (1024, 1024)),  # more pixels than it allows
        ((500, 500), 1024, (512, 512)),  # nearest in area, though larger than the picture
        ((40, 40), 1024, (64, 64)),
        ((90, 90), 100, (64, 128)),
        ((120, 120), 120, (64, 128)),  # 128 a side would be nearest, but is over the budget
        ((63, 10_000), 64, (64, 768)),  # none fits: rounded down, but at least one step a side
        ((10_000, 63), 64, (768, 64)),
    ],
)
def test_its_bucket(size, resolution, bucket):
    assert ai_toolkit_bucket(size, resolution) == bucket
    assert AiToolkit().recropped_size(size, resolution) == (None if bucket == size else bucket)


@pytest.mark.parametrize("size", [*parse_grid("sdxl").sizes, *parse_grid("auto:3").sizes])
def test_usual_buckets_are_kept(size):
    assert AiToolkit().recropped_size(size, 1024) is None
