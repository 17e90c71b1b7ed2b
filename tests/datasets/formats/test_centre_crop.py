"""What a trainer leaves where it crops by itself."""

import pytest

from salient_crop.datasets.formats.centre_crop import centre_crop


@pytest.mark.parametrize(
    ("size", "bucket", "box"),
    [
        ((832, 1216), (832, 1216), [0, 0, 832, 1216]),
        ((2000, 1000), (1024, 1024), [500, 0, 1000, 1000]),
        ((1000, 2000), (1024, 1024), [0, 500, 1000, 1000]),
        ((1001, 500), (64, 64), [250, 0, 500, 500]),
        ((10_000, 10), (64, 8192), [4999, 0, 1, 10]),  # less than a pixel wide: one pixel
    ],
)
def test_the_centre_that_covers_the_bucket(size, bucket, box):
    assert centre_crop(size, bucket).as_list() == box
