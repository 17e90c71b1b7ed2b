"""Connected parts of a map, beside SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import find_objects, label

from salient_crop.models.focus.parts import find_parts


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.55, 0.6, 0.7, 0.95, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3), (12, 17), (44, 56), (16, 124)])
def test_parts_are_those_of_scipy_in_the_same_order(shape: tuple[int, int], share: float) -> None:
    for seed in range(20):
        cells = np.random.default_rng(seed).random(shape) < share
        labels, count = label(cells)
        found, around = find_parts(cells)
        assert (found == labels).all()
        assert around == find_objects(labels, count)


def test_what_grows_together_at_its_end_is_one_part() -> None:
    comb = np.zeros((6, 9), bool)
    comb[:, ::2] = True
    comb[-1] = True
    assert find_parts(comb)[1] == [(slice(0, 6), slice(0, 9))]
    assert find_parts(~comb)[1] == [(slice(0, 5), slice(left, left + 1)) for left in (1, 3, 5, 7)]


def test_a_map_without_cells_has_no_parts() -> None:
    assert find_parts(np.zeros((0, 4), bool))[1] == []
