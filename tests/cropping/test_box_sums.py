from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from salient_crop.cropping.box_sums import normalise, read_along, read_points, resample, summed_area


def maps(*rows) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)[None]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (maps([1, 3]), maps([0.25, 0.75])),
        (maps([0, 0], [0, 0]), maps([0.25, 0.25], [0.25, 0.25])),  # nothing anywhere: everything alike
        (maps([0, 0, 0]), maps([1 / 3, 1 / 3, 1 / 3])),
        (maps([1e-310, 3e-310]), maps([0.25, 0.75])),
        (maps([1e308, 1e308]), maps([0.5, 0.5])),  # whose sum is not finite
        (torch.tensor([[[0.0, 2.0]], [[0.0, 0.0]], [[5.0, 0.0]]]), torch.tensor([[[0, 1]], [[0.5, 0.5]], [[1, 0]]])),
        (torch.tensor([[[1, 3]]]), maps([0.25, 0.75])),  # whole numbers
    ],
)
def test_heat_sums_to_1(given, expected):
    found = normalise(given)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected.double(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("value", [-1e-9, math.nan, math.inf, -math.inf])
def test_heat_that_is_negative_or_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="finite values of 0 or more"):
        normalise(maps([1.0, value, 1.0]))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (torch.zeros(0, 1, 2), ValueError, r"heat must be .* with at least one cell, got \[0, 1, 2\]"),
        (torch.zeros(1, 0, 8), ValueError, r"heat must be .* with at least one cell, got \[1, 0, 8\]"),
        (torch.zeros(8, 8), ValueError, r"heat must be \[B, h, w\], got \[8, 8\]"),
        (torch.zeros(1, 1, 8, 8), ValueError, r"heat must be \[B, h, w\], got \[1, 1, 8, 8\]"),
        (
            torch.zeros(1, 8, 8, dtype=torch.complex64),
            TypeError,
            "heat must be a plain tensor of real numbers, got .*com",
        ),
        (torch.zeros(1, 8, 8).to_sparse(), TypeError, "heat must be a plain tensor"),
        (torch.zeros(1, 8, 8, device="meta"), TypeError, "heat must be a plain tensor .* on meta"),
        (
            torch.quantize_per_tensor(torch.zeros(1, 8, 8), 1.0, 0, torch.quint8),
            TypeError,
            "heat must be a plain tensor",
        ),
        (np.ones((1, 8, 8)), TypeError, r"heat must be a tensor \[B, h, w\], got array"),
        (None, TypeError, "heat must be a tensor .*, got None"),
        ([[1.0]], TypeError, "heat must be a tensor"),
    ],
)
def test_what_is_no_heat_is_refused_by_name(given, error, words):
    with pytest.raises(error, match=words):
        normalise(given, "heat")


def test_the_sum_of_the_first_rows_and_columns():
    found = summed_area(torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [0.0, 0.0]]]))
    assert found[0].tolist() == [[0, 0, 0], [0, 1, 3], [0, 4, 10]]
    assert found[1].tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 1]]


def test_maps_are_read_from_edge_to_edge():
    found = resample(maps([0, 4], [2, 6]), (3, 5))
    assert found[0].tolist() == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [2, 3, 4, 5, 6]]


TABLE = maps([0, 1, 5], [2, 4, 9])  # nodes at y 0 and 1, at x 0, 0.5 and 1


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ([], [], []),
        ([0.0, 0.5, 1.0], [0.0, 0.0, 0.0], [0, 1, 5]),
        ([0.0, 0.5, 1.0], [1.0, 1.0, 1.0], [2, 4, 9]),
        ([0.25, 0.75], [0.0, 1.0], [0.5, 6.5]),
        ([0.25, 1.0], [0.5, 0.25], [(0.5 + 3) / 2, 6]),
        ([-0.5, 1.5], [-2.0, 2.0], [0, 9]),  # beyond the picture, as on its edge
    ],
)
def test_points_between_nodes(x, y, expected):
    x, y = torch.tensor([x], dtype=torch.float64), torch.tensor([y], dtype=torch.float64)
    assert read_points(TABLE, x, y)[0].tolist() == pytest.approx(expected)


def test_each_picture_has_a_table_of_its_own():
    tables = torch.cat([TABLE, TABLE * 10])
    x = torch.tensor([[0.5], [1.0]], dtype=torch.float64)
    assert read_points(tables, x, torch.zeros_like(x)).tolist() == [[1], [50]]


@pytest.mark.parametrize(
    ("position", "expected"),
    [([], []), ([0.0, 0.5, 1.0], [1.0, 3.0, 11.0]), ([0.25, 0.9], [2.0, 9.4])],
)
def test_values_between_nodes(position, expected):
    values = torch.tensor([1.0, 3.0, 11.0], dtype=torch.float64)
    at = torch.tensor(position, dtype=torch.float64)
    assert read_along(values, 0, at).tolist() == pytest.approx(expected)
    many = values[None, :, None] * torch.arange(1.0, 5)
    torch.testing.assert_close(read_along(many, 1, at)[0, :, 3], 4 * torch.tensor(expected, dtype=torch.float64))
