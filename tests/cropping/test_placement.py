import pytest
import torch

from salient_crop.cropping.placement import Placement

MIDDLE = (0.4, 0.4, 0.6, 0.6)


def rate(region, *boxes, has_head=False):
    return Placement(region, has_head).rate(torch.tensor(boxes, dtype=torch.float64)).tolist()


def test_a_tight_box_in_its_place_is_rated_best_and_one_off_its_place_less_the_further():
    tight, larger, aside, further = rate(
        MIDDLE, MIDDLE, (0.3, 0.3, 0.7, 0.7), (0.35, 0.3, 0.75, 0.7), (0.4, 0.3, 0.8, 0.7)
    )
    assert tight == pytest.approx(1)
    assert tight > larger > aside > further >= 0


def test_above_a_head_is_less_room_than_below_it():
    boxes = [(0.3, top, 0.7, top + 0.6) for top in (0.0, 0.1, 0.2, 0.26, 0.3, 0.4)]
    head, object_ = rate(MIDDLE, *boxes, has_head=True), rate(MIDDLE, *boxes)
    assert boxes[head.index(max(head))][1] == 0.26
    assert boxes[object_.index(max(object_))][1] == 0.2


def test_it_rates_the_boxes_of_each_picture_whatever_the_subjects():
    ratings = Placement(MIDDLE).ratings([[], []], (10, 10))
    assert ratings(torch.rand(2, 5, 4)).shape == (2, 5)
    assert torch.isfinite(ratings(torch.zeros(1, 1, 4))).all()
