"""What the editor shows of a picture."""

import json

import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.regions import share_inside
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_region import TextRegion
from salient_crop.jobs.per_subject import PerSubject
from salient_crop.jobs.subject_crops import suggest_subject_crops
from salient_crop.jobs.suggest import describe_scene, suggest_crops
from salient_crop.models.analysis import Analysis

HEAT = torch.full((20, 30), 0.01).index_put_((torch.tensor([4]), torch.tensor([25])), torch.tensor(9.0))
ANALYSIS = Analysis(HEAT, [Subject(0.7, 0.1, 0.9, 0.9, kind="person", head=(0.75, 0.1, 0.85, 0.3))])
SQUARE = Constraint((Ratio(1, 1),), min_share=0.3)


def test_the_chosen_crop_is_taken_at_its_word_and_the_others_differ_from_it():
    searched = suggest_crops(ANALYSIS, (300, 200), SQUARE)
    told = suggest_crops(ANALYSIS, (300, 200), SQUARE, chosen=searched.best)
    assert told == searched and 1 <= len(told.others) <= 3
    assert suggest_crops(ANALYSIS, (300, 200), SQUARE, chosen=Box(0, 0, 150, 150)).best == Box(0, 0, 150, 150)


def test_where_no_crop_obeys_there_is_none():
    assert suggest_crops(ANALYSIS, (300, 200), Constraint((Ratio(1, 1),), min_size=(999, 999), policy="error")) is None


def test_a_scene_is_json_with_heads_and_the_frame_of_each_region():
    constraint = Constraint(keep=((0.1, 0.1, 0.2, 0.2),), text_regions=(TextRegion.preset("top", "crop"),))
    scene = json.loads(json.dumps(describe_scene(ANALYSIS, constraint)))
    assert scene["subjects"][0]["head"] == [0.75, 0.1, 0.85, 0.3]
    assert [(each["kind"], each["frame"]) for each in scene["regions"]] == [("keep", "source"), ("text", "crop")]


def test_the_suggestions_of_a_subjects_crop_are_of_that_subject():
    left = Subject(0.1, 0.1, 0.3, 0.9, kind="person", head=(0.15, 0.1, 0.25, 0.3))
    both = Analysis(torch.ones(20, 30), [left, *ANALYSIS.subjects])
    for each in both.subjects:
        head = Box.from_relative(each.head, (300, 200))
        best, others = suggest_subject_crops(both, (300, 200), SQUARE, PerSubject("head"), head)
        assert len(others) <= 3 and best not in others
        for box in (best, *others):
            assert share_inside(each.head, box.relative((300, 200))) > 0.9
            assert box.height < 150  # hardly larger than a head needs


def test_a_subject_that_is_no_longer_there_has_no_suggestions():
    gone = Box(0, 100, 60, 60)
    assert suggest_subject_crops(ANALYSIS, (300, 200), SQUARE, PerSubject("head"), gone) is None
    strict = Constraint((Ratio(1, 1),), min_size=(999, 999), policy="error")
    head = Box.from_relative((0.75, 0.1, 0.85, 0.3), (300, 200))
    assert suggest_subject_crops(ANALYSIS, (300, 200), strict, PerSubject("head"), head) is None
