"""How blurred pixels are."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from salient_crop.images.blur import measure_blur


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(1).random((96, 96, 3)).astype(np.float32)


def test_more_blur_is_more(noise: np.ndarray):
    found = [measure_blur(gaussian_filter(noise, (radius, radius, 0))) for radius in (0, 0.7, 1.5, 3, 6)]
    assert found == sorted(found) and found[0] < 0.3 < 0.7 < found[-1]


def test_contrast_does_not_matter(noise: np.ndarray):
    assert measure_blur(noise * 0.1 + 0.4) == pytest.approx(measure_blur(noise), abs=1e-4)


def test_blur_along_one_axis_counts(noise: np.ndarray):
    assert measure_blur(gaussian_filter(noise, (0, 5, 0))) > 0.6


def test_a_flat_picture_has_no_detail():
    assert measure_blur(np.full((20, 20, 3), 0.5, np.float32)) == 1
