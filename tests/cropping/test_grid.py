from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.feasible import FeasibleBoxes
from salient_crop.cropping.grid import GridScale, SearchGrid, list_scales
from salient_crop.cropping.ratio import Ratio

SQUARE = Ratio(1, 1)


@pytest.mark.parametrize(
    ("size", "columns", "rows", "edge"),
    [
        ((1, 1), 1, 1, 1),
        ((5, 3), 5, 3, 1),  # below 256, one cell a pixel
        ((256, 256), 256, 256, 4),
        ((300, 256), 300, 256, 4),
        ((512, 512), 256, 256, 4),
        ((1024, 768), 342, 256, 4),  # no cell is larger than 1/256 of the short side
        ((768, 1024), 256, 342, 4),
        ((257, 1000), 256, 997, 4),
        ((96, 200), 96, 200, 2),
        ((95, 200), 95, 200, 1),
        ((200, 163), 200, 163, 3),
        ((8192, 256), 8192, 256, 4),
        ((32_768, 1000), 8192, 256, 4),
        ((1_000_000, 150), 8192, 150, 2),  # however long a picture is
        ((3, 2_000_000), 3, 8192, 1),
        ((2_000_000, 1), 8192, 1, 1),
    ],
)
def test_cells(size, columns, rows, edge):
    grid = SearchGrid.over(size)
    assert (grid.columns, grid.rows, grid.edge) == (columns, rows, edge)


def test_where_there_are_few_sizes_all_are_scales_to_the_pixel():
    scales = list(list_scales(FeasibleBoxes((7, 4), Ratio(3, 2), 2, 6), SearchGrid.over((7, 4))))
    assert scales == [
        GridScale(6, 6, 4, range(0, 2), range(0, 1)),
        GridScale(5, 5, 3, range(0, 3), range(0, 2)),
        GridScale(4, 4, 3, range(0, 4), range(0, 2)),
        GridScale(3, 3, 2, range(0, 5), range(0, 3)),
        GridScale(2, 2, 1, range(0, 6), range(0, 4)),
    ]


@pytest.mark.parametrize(
    ("shortest", "longest", "expected"),
    [
        (5, 5, [5]),
        (10, 33, list(range(33, 9, -1))),
        (100, 123, list(range(123, 99, -1))),  # 24 sizes
        (100, 1000, [round(10 ** (3 - step / 23)) for step in range(24)]),
    ],
)
def test_sizes_are_evenly_spaced_by_their_ratio(shortest, longest, expected):
    feasible = FeasibleBoxes((1000, 1000), SQUARE, shortest, longest)
    assert [scale.long_side for scale in list_scales(feasible, SearchGrid.over((1000, 1000)))] == expected


def test_one_size_more_than_24_leaves_one_out():
    feasible = FeasibleBoxes((1000, 1000), SQUARE, 100, 124)
    long_sides = [scale.long_side for scale in list_scales(feasible, SearchGrid.over((1000, 1000)))]
    assert (len(long_sides), long_sides[0], long_sides[-1]) == (24, 124, 100)


@pytest.mark.parametrize("required", [None, Box(300, 200, 400, 100), Box(701, 411, 3, 5)])
def test_positions_lie_within_half_a_cell_of_those_allowed(required):
    size = (1023, 767)
    grid = SearchGrid.over(size)
    feasible = FeasibleBoxes(size, Ratio(4, 3), 400, 1000, required)
    for scale in list_scales(feasible, grid):
        ranges = feasible.ranges_of(torch.tensor(scale.long_side)).tolist()
        for axis, (nodes, cells, taken) in enumerate(
            [(scale.lefts, grid.columns, scale.width), (scale.tops, grid.rows, scale.height)]
        ):
            cell = size[axis] / cells
            assert abs(taken * cell - ranges[0][axis]) <= cell / 2 + 1e-9
            first, last = nodes[0] * cell, nodes[-1] * cell
            assert ranges[1][axis] - cell / 2 - 1e-9 <= first <= ranges[1][axis] + cell + 1e-9
            assert ranges[2][axis] - cell - 1e-9 <= last <= ranges[2][axis] + cell / 2 + 1e-9
            assert nodes[0] >= 0
            assert nodes[-1] + taken <= cells


@pytest.mark.parametrize(
    ("size", "required", "lefts"),
    [
        ((512, 512), None, range(0, 129)),  # two pixels a cell, 256 of 512 taken
        ((512, 512), Box(256, 0, 256, 1), range(128, 129)),
        ((512, 512), Box(253, 0, 256, 1), range(126, 127)),  # the lower of two nodes that are as near
        ((512, 512), Box(200, 0, 100, 1), range(22, 101)),
        ((512, 512), Box(201, 0, 100, 1), range(23, 101)),
    ],
)
def test_nodes_nearest_to_the_positions_allowed(size, required, lefts):
    (scale,) = list_scales(FeasibleBoxes(size, SQUARE, 256, 256, required), SearchGrid.over(size))
    assert scale.lefts == lefts
