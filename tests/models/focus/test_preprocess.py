"""The size at which a picture is analysed."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from salient_crop.models.focus.preprocess import AREA, resize_to_working_size, working_size


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((448, 352), (448, 352)),
        ((4000, 3000), (448, 352)),
        ((3000, 4000), (352, 448)),
        ((1, 1), (384, 384)),
        ((9000, 1), (960, 160)),
        ((1, 9000), (160, 960)),
        ((6000, 1000), (960, 160)),
    ],
)
def test_working_sizes(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert working_size(*size) == expected


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_the_working_size_keeps_the_shape_and_the_cost(width: int, height: int) -> None:
    across, down = working_size(width, height)
    assert across % 32 == down % 32 == 0
    assert 0.75 * AREA < across * down < 1.3 * AREA
    wanted = min(max(width / height, 1 / 6), 6)
    assert (across - 16) / (down + 16) <= wanted <= (across + 16) / max(down - 16, 1)


def test_a_small_area_still_gives_a_cell() -> None:
    assert working_size(100, 100, area=1) == (32, 32)


def test_resizing_filters_and_clamps() -> None:
    stripes = torch.tensor([0.0, 1.0]).repeat(896).expand(1, 3, 1408, -1)
    resized = resize_to_working_size(stripes)
    assert resized.shape == (1, 3, 352, 448)
    assert (resized[..., 2:-2] - 0.5).abs().max() < 0.05, "stripes finer than a pixel average out"
    assert resize_to_working_size(torch.full((1, 3, 352, 448), 1.2)).max() == 1
    assert resize_to_working_size(torch.full((1, 3, 352, 448), -0.2)).min() == 0
