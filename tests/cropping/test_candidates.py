"""The next best crops: distinct, of the ratio, inside, and the best ones first."""

import pytest
import torch

from salient_crop.cropping.boxes import iou_xyxy, xywh_to_xyxy
from salient_crop.cropping.candidates import DISTINCT_IOU, find_candidates
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.correction import has_ratio
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.search import score_boxes, search

SIZE = (600, 400)


@pytest.fixture(scope="module")
def inputs():
    heat = torch.full((1, 40, 60), 0.01)
    heat[0, 5:9, 5:9], heat[0, 25:30, 45:50] = 5, 4
    return SearchInputs.from_maps(heat)


@pytest.mark.parametrize("ratio", [Ratio(1, 1), Ratio(2, 3), Ratio(3, 1)])
def test_they_are_distinct_of_the_ratio_and_inside(inputs, ratio):
    constraint = Constraint((ratio,), min_share=0.2)
    (crop,) = search(inputs, SIZE, constraint)
    found = find_candidates(inputs, SIZE, constraint, crop, count=4)
    assert 1 <= len(found) <= 4
    assert all(each.inside(SIZE) and has_ratio(each, ratio) for each in found)
    boxes = xywh_to_xyxy(torch.tensor([crop.box.as_list(), *(each.as_list() for each in found)])).double()
    for index, box in enumerate(boxes):
        assert (iou_xyxy(box, boxes[:index]) < DISTINCT_IOU).all()
    scores = score_boxes(inputs, SIZE, ratio, constraint, torch.tensor([each.as_list() for each in found]))
    assert (scores.diff() <= 1e-9).all()
    assert scores.max() <= crop.score + 1e-9


def test_where_only_one_box_is_allowed_there_is_no_other(inputs):
    constraint = Constraint((Ratio(3, 2),), min_share=1.0)
    (crop,) = search(inputs, SIZE, constraint)
    assert find_candidates(inputs, SIZE, constraint, crop) == []
