"""What the editor shows of a picture."""

import json

import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_region import TextRegion
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
