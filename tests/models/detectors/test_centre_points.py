"""Boxes decoded from maps of centres and distances."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from salient_crop.models.detectors.centre_points import MAX_DETECTIONS, Detection, decode_detections, suppress_overlaps

WIDTH, HEIGHT = 40, 30


def maps_of(*boxes: tuple[float, float, float, float], logit: float = 4.0) -> tuple[Tensor, Tensor, Tensor]:
    """The maps of a perfect network for boxes x1, y1, x2, y2 of people, in cells."""
    centres, distances = torch.full((1, HEIGHT, WIDTH), -8.0), torch.zeros(1, 4, HEIGHT, WIDTH)
    for x1, y1, x2, y2 in boxes:
        column, row = int((x1 + x2) / 2), int((y1 + y2) / 2)
        x, y = column + 0.5, row + 0.5
        centres[0, row, column] = logit
        distances[0, :, row, column] = torch.tensor([x - x1, y - y1, x2 - x, y2 - y]).log()
    return centres, distances, torch.full_like(centres, -4.0)


def in_cells(detection: Detection) -> tuple[float, ...]:
    x1, y1, x2, y2 = detection[:4]
    return x1 * WIDTH, y1 * HEIGHT, x2 * WIDTH, y2 * HEIGHT


@pytest.mark.parametrize(
    "boxes",
    [
        [],
        [(2.0, 3.0, 9.0, 12.5)],
        [(2.0, 3.0, 9.0, 12.5), (20.5, 8.0, 35.0, 29.0)],
        [(-3.0, -2.0, 5.0, 4.0)],  # reaches beyond the picture
        [(10.0, 10.0, 11.0, 11.0), (12.0, 10.0, 13.0, 11.0)],  # small neighbours
    ],
)
def test_boxes_are_read_where_they_are(boxes: list[tuple[float, float, float, float]]) -> None:
    (found,) = decode_detections(*maps_of(*boxes), 0.3, 0.45)
    assert sorted(map(in_cells, found)) == [pytest.approx(each, abs=1e-3) for each in sorted(boxes)]


def test_the_surest_come_first_and_the_unsure_not_at_all() -> None:
    centres, distances, animal = maps_of((2, 2, 6, 6), (12, 2, 16, 6), (22, 2, 26, 6))
    centres[0, 4, 4], centres[0, 4, 14], centres[0, 4, 24] = 1.0, 3.0, -1.0
    (found,) = decode_detections(centres, distances, animal, 0.3, 0.45)
    assert [each.confidence for each in found] == pytest.approx([0.9526, 0.7311], abs=1e-4)
    assert len(decode_detections(centres, distances, animal, 0.26, 0.45)[0]) == 3
    assert len(decode_detections(centres, distances, animal, 0.96, 0.45)[0]) == 0


def test_of_which_kind_a_box_is_stands_at_its_centre_and_has_no_part_in_what_is_found() -> None:
    boxes = [(2.0, 2.0, 6.0, 6.0), (12.0, 2.0, 16.0, 6.0), (22.0, 2.0, 26.0, 6.0)]
    centres, distances, animal = maps_of(*boxes)
    centres[0, 4, 4], centres[0, 4, 14], centres[0, 4, 24] = 3.0, 2.0, 1.0
    animal[0, 4, 14], animal[0, 4, 24], animal[0, 4, 3] = 0.1, 0.0, 9.0
    (found,) = decode_detections(centres, distances, animal, 0.3, 0.45)
    assert [each.of_animal for each in found] == [False, True, False], "in doubt, a person's"
    (people,) = decode_detections(centres, distances, torch.full_like(animal, -20.0), 0.3, 0.45)
    assert [each[:5] for each in people] == [each[:5] for each in found]
    assert not any(each.of_animal for each in people)


def test_one_box_marked_by_two_centres_is_found_once() -> None:
    maps = maps_of((4.0, 4.0, 20.0, 20.0), (6.0, 5.0, 21.0, 21.0), (26.0, 4.0, 36.0, 16.0))
    assert len(decode_detections(*maps, 0.3, 0.45)[0]) == 2
    assert len(decode_detections(*maps, 0.3, 0.99)[0]) == 3


def test_a_cell_beside_a_surer_one_is_no_centre() -> None:
    centres, distances, animal = maps_of((4.0, 4.0, 6.0, 6.0))
    centres[0, 5, 6] = 3.9  # right of the centre
    assert len(decode_detections(centres, distances, animal, 0.3, 2.0)[0]) == 1


def test_pictures_of_a_batch_do_not_mix_and_maps_may_be_tiny() -> None:
    one, other = maps_of((2, 2, 6, 6)), maps_of((22, 12, 26, 16), (30, 4, 36, 9))
    together = decode_detections(*(torch.cat(pair) for pair in zip(one, other, strict=True)), 0.3, 0.45)
    assert together == [*decode_detections(*one, 0.3, 0.45), *decode_detections(*other, 0.3, 0.45)]
    cell = torch.full((1, 1, 1), 9.0)
    ((tiny,),) = decode_detections(cell, torch.zeros(1, 4, 1, 1), cell, 0.3, 0.45)
    assert tiny[:4] == (-0.5, -0.5, 1.5, 1.5)


def test_no_more_than_the_surest_hundred_are_kept() -> None:
    centres = torch.full((1, 60, 60), -8.0)
    centres[0, ::3, ::3] = torch.linspace(0, 4, 400).view(20, 20)
    (found,) = decode_detections(centres, torch.full((1, 4, 60, 60), -2.0), centres, 0.3, 0.45)
    assert len(found) == MAX_DETECTIONS
    assert found[-1].confidence > 0.94


@pytest.mark.parametrize(
    ("detections", "max_iou", "kept"),
    [
        ([], 0.5, []),
        ([(0, 0, 2, 2, 0.9)], 0.5, [0]),
        ([(0, 0, 2, 2, 0.9), (0, 0, 2, 2, 0.8)], 1.0, [0]),  # equal boxes: IoU 1
        ([(0, 0, 2, 2, 0.9), (0, 0, 2, 1, 0.8)], 0.5, [0]),  # IoU exactly at the bar
        ([(0, 0, 2, 2, 0.9), (0, 0, 2, 1, 0.8)], 0.51, [0, 1]),
        ([(0, 0, 2, 2, 0.9), (2, 0, 4, 2, 0.8)], 0.01, [0, 1]),  # they touch
        ([(0, 0, 2, 2, 0.9), (1, 0, 3, 2, 0.8), (2, 0, 4, 2, 0.7)], 0.3, [0, 2]),  # the removed one removes nothing
    ],
)
def test_of_two_overlapping_detections_the_surer_is_kept(
    detections: list[tuple[float, ...]], max_iou: float, kept: list[int]
) -> None:
    given = [Detection(*each) for each in detections]
    assert suppress_overlaps(given, max_iou) == [given[index] for index in kept]
