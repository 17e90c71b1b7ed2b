"""Sums inside many boxes: by hand, and the same for all positions of a grid as for each of them listed."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.box_sets import ListedBoxSet, share_before
from salient_crop.cropping.box_sums import summed_area
from salient_crop.cropping.feasible import FeasibleBoxes
from salient_crop.cropping.grid import GridScale, SearchGrid, list_scales
from salient_crop.cropping.grid_box_set import GridBoxSet, GridSums
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.ratio import Ratio


def listed(heat: torch.Tensor, *boxes: tuple[float, float, float, float], grid: SearchGrid | None = None):
    rows, columns = heat.shape
    table = summed_area(heat[None].double())
    return ListedBoxSet(table, grid or SearchGrid(columns, rows), torch.tensor([boxes], dtype=torch.float64))


HEAT = torch.tensor([[1.0, 2.0, 0.0, 1.0], [3.0, 0.0, 4.0, 5.0]]) / 16


def test_sums_inside_listed_boxes():
    boxes = [(0, 0, 1, 1), (0, 0, 0.5, 1), (0.25, 0.5, 1, 1), (0.125, 0.25, 0.375, 0.75), (0.5, 0.5, 0.5, 0.5)]
    found = listed(HEAT, *boxes)
    assert found.heat_sum()[0].tolist() == pytest.approx([1, 6 / 16, 9 / 16, (1 + 2 + 3) / 4 / 16, 0])
    assert found.area_share()[0].tolist() == pytest.approx([1, 0.5, 0.375, 0.125, 0])
    detail = summed_area(torch.ones(1, 1, 1, dtype=torch.float64))
    assert found.table_sum(detail)[0].tolist() == pytest.approx([1, 0.5, 0.375, 0.125, 0])


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ((0.0, 0.0, 1.0, 1.0), 6 / 16),
        ((0.0, 0.0, 1.0, 0.5), 3 / 16),
        ((0.5, 0.0, 1.0, 1.0), 2 / 16),
        ((0.0, 0.5, 0.5, 1.0), 3 / 16),
        ((0.25, 0.25, 0.75, 0.75), 1.5 / 16),
    ],
)
def test_sums_inside_a_part_of_a_box(region, expected):
    left_half = listed(HEAT, (0.0, 0.0, 0.5, 1.0))
    assert left_half.region_sum(summed_area(HEAT[None].double()), region).item() == pytest.approx(expected)


def test_shares_of_regions_inside_listed_boxes():
    regions = torch.tensor([[[0.0, 0.0, 0.5, 1.0], [0.25, 0.5, 0.75, 1.0]]], dtype=torch.float64)
    found = listed(HEAT, (0, 0, 1, 1), (0, 0, 0.5, 0.75), (0.5, 0, 1, 0.5)).coverage(regions)
    assert found[0].tolist() == [[1, 0.75, 0], [1, 0.25, 0]]
    assert listed(HEAT, (0, 0, 1, 1)).coverage(regions[:, :0]).shape == (1, 0, 1)


def test_the_share_of_a_span_before_a_place():
    spans = torch.tensor([[[0.25, 0.75], [0.0, 1.0]]])
    found = share_before(torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0]), spans)
    assert found[0].tolist() == [[0, 0, 0.5, 1, 1], [0, 0.25, 0.5, 0.75, 1]]


@pytest.mark.parametrize(
    ("cells", "box", "expected"),
    [
        ([(3, 3)], Box(3, 3, 4, 4), 1),  # the first pixel inside the edge
        ([(2, 2)], Box(3, 3, 4, 4), 1),  # the last outside
        ([(1, 3)], Box(3, 3, 4, 4), 0),  # a pixel further
        ([(3, 1)], Box(3, 3, 4, 4), 0),
        ([(4, 4)], Box(3, 3, 4, 4), 0),  # well inside
        ([(6, 5)], Box(3, 3, 4, 4), 1),
        ([(7, 5)], Box(3, 3, 4, 4), 1),
        ([(8, 5)], Box(3, 3, 4, 4), 0),
        ([(0, 4)], Box(0, 3, 4, 4), 0),  # the border of the picture is no edge of a crop
        ([(3, 4)], Box(0, 3, 4, 4), 1),
        ([(4, 0)], Box(3, 0, 4, 4), 0),
        ([(9, 4)], Box(6, 3, 4, 4), 0),
        ([(4, 9)], Box(3, 6, 4, 4), 0),
        ([(5, 5)], Box(0, 0, 10, 10), 0),
        ([(4, 4), (3, 3), (7, 3), (9, 9)], Box(3, 3, 4, 4), 0.5),
    ],
)
def test_heat_along_edges_beyond_an_even_pictures(cells, box, expected):
    """A picture of 10 × 10 cells, a band of one cell on either side of each edge."""
    heat = torch.zeros(10, 10)
    for x, y in cells:
        heat[y, x] = 1 / len(cells)
    band = set()
    for x in range(10):
        for y in range(10):
            near = box.x - 1 <= x <= box.right and box.y - 1 <= y <= box.bottom
            left = box.x + 1 if box.x else 0
            right = box.right - 1 if box.right < 10 else 10
            top = box.y + 1 if box.y else 0
            bottom = box.bottom - 1 if box.bottom < 10 else 10
            if near and not (left <= x < right and top <= y < bottom):
                band.add((x, y))
    found = listed(heat, box.relative((10, 10))).edge_sum().item()
    assert found == pytest.approx(expected - len(band) / 100)


def test_a_smooth_function_is_asked_for_the_boxes_themselves():
    boxes = [(0.0, 0.25, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)]
    asked = []

    def function(given: torch.Tensor) -> torch.Tensor:
        asked.append(given)
        return given[..., 0].float() + given[..., 1].float()

    found = listed(HEAT, *boxes).evaluate_smooth(function)
    assert found.tolist() == [[0.25, 0.5]]
    assert found.dtype == torch.float64
    assert torch.equal(asked[0], torch.tensor([boxes], dtype=torch.float64))


# All positions of a grid


def sums_over(size: tuple[int, int], ratio: Ratio, shortest: int, count: int = 2) -> tuple[GridSums, list[GridScale]]:
    generator = torch.Generator().manual_seed(sum(size))
    inputs = SearchInputs.from_maps(torch.rand(count, 7, 11, generator=generator) ** 3)
    grid = SearchGrid.over(size)
    scales = list(list_scales(FeasibleBoxes(size, ratio, shortest, max(ratio.largest_in(size))), grid))
    return GridSums(inputs.heat, grid, scales), scales


def boxes_of(found: GridBoxSet) -> torch.Tensor:
    edges = torch.broadcast_tensors(found.x1, found.y1[:, None], found.x2, found.y2[:, None])
    return torch.stack(edges, -1).flatten(0, 1)


@pytest.mark.parametrize(
    ("size", "ratio", "shortest"),
    [
        ((12, 9), Ratio(1, 1), 3),
        ((9, 14), Ratio(3, 2), 4),
        ((1, 5), Ratio(1, 1), 1),
        ((6, 1), Ratio(2, 1), 1),
        ((130, 110), Ratio(4, 5), 100),  # a band of two cells
        ((100, 96), Ratio(1, 12), 12),  # and boxes no wider than it
        ((96, 100), Ratio(12, 1), 12),
        ((600, 500), Ratio(2, 1), 599),  # cells of two pixels, a band of four
    ],
)
def test_a_grid_gives_what_its_boxes_give_one_by_one(size, ratio, shortest):
    sums, scales = sums_over(size, ratio, shortest)
    generator = torch.Generator().manual_seed(4)
    detail = summed_area(torch.rand(2, 5, 4, generator=generator, dtype=torch.float64))
    regions = torch.tensor([[[0.0, 0.0, 0.3, 0.7], [0.25, 0.5, 1.0, 0.75]]] * 2, dtype=torch.float64)
    for scale in scales:
        found = GridBoxSet(sums, scale)
        boxes = boxes_of(found)
        assert found.heat_sum().shape == (2, len(scale.tops), len(scale.lefts))
        one_by_one = ListedBoxSet(sums.heat, sums.grid, boxes.expand(2, -1, -1))
        part = (0.1, 0.2, 0.6, 1.0)
        for name, arguments in (
            ("heat_sum", ()),
            ("table_sum", (detail,)),
            ("region_sum", (detail, part)),
            ("edge_sum", ()),
        ):
            ours, expected = getattr(found, name)(*arguments), getattr(one_by_one, name)(*arguments)
            torch.testing.assert_close(ours.flatten(1), expected, rtol=0, atol=1e-12)
        torch.testing.assert_close(found.coverage(regions).flatten(2), one_by_one.coverage(regions), rtol=0, atol=1e-12)
        area = found.area_share().expand_as(found.heat_sum()).flatten(1)
        torch.testing.assert_close(area, one_by_one.area_share(), rtol=0, atol=1e-12)


def test_the_positions_of_a_grid_in_the_picture():
    sums, _ = sums_over((8, 4), Ratio(1, 1), 2)
    found = GridBoxSet(sums, GridScale(2, 2, 2, range(1, 4), range(0, 2)))
    assert found.x1.tolist() == [1 / 8, 2 / 8, 3 / 8]
    assert found.x2.tolist() == [3 / 8, 4 / 8, 5 / 8]
    assert (found.y1.tolist(), found.y2.tolist()) == ([0, 0.25], [0.5, 0.75])


def test_a_smooth_function_is_asked_once_for_nine_by_nine_positions_of_every_scale():
    sums, scales = sums_over((40, 30), Ratio(1, 1), 12)
    asked = []

    def bilinear(boxes: torch.Tensor) -> torch.Tensor:
        asked.append(boxes)
        return boxes[..., 0] + 2 * boxes[..., 1] + 3 * boxes[..., 0] * boxes[..., 1]

    for scale in scales:
        found = GridBoxSet(sums, scale)
        values = found.evaluate_smooth(bilinear)
        x, y = found.x1, found.y1[:, None]
        # Between evenly spaced positions of a bilinear function, interpolation is exact.
        torch.testing.assert_close(values, (x + 2 * y + 3 * x * y).expand(2, -1, -1), rtol=0, atol=1e-12)
    (boxes,) = asked
    expected = sum(min(9, len(scale.tops)) * min(9, len(scale.lefts)) for scale in scales)
    assert boxes.shape == (2, expected, 4)
    sides = boxes[0, :, 2:] - boxes[0, :, :2]
    assert sides.prod(-1).max() == pytest.approx(30 / 40)
    assert sides[:, 0].min() * 40 == pytest.approx(12)


def test_a_function_that_bends_is_read_between_its_values():
    """(x − ½)² at 9 of 17 positions from 0 to ½, linear between."""
    sums, _ = sums_over((32, 16), Ratio(1, 1), 16)
    scale = GridScale(16, 16, 16, range(0, 17), range(0, 1))
    sums = GridSums(sums.heat, sums.grid, [scale])
    values = GridBoxSet(sums, scale).evaluate_smooth(lambda boxes: (boxes[..., 0] - 0.5).square())[0, 0]
    exact = (torch.arange(17, dtype=torch.float64) / 32 - 0.5).square()
    torch.testing.assert_close(values[::2], exact[::2], rtol=0, atol=1e-12)
    torch.testing.assert_close(values[1::2], (exact[:-1:2] + exact[2::2]) / 2, rtol=0, atol=1e-12)
    assert (values[1::2] > exact[1::2]).all()


def test_functions_are_told_apart():
    sums, scales = sums_over((12, 9), Ratio(1, 1), 9)
    found = GridBoxSet(sums, scales[0])
    ones = found.evaluate_smooth(lambda boxes: torch.ones(boxes.shape[:-1]))
    twos = found.evaluate_smooth(lambda boxes: 2 * torch.ones(boxes.shape[:-1]))
    assert (ones.unique().tolist(), twos.unique().tolist()) == ([1], [2])
