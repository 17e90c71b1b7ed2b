"""Pictures into buckets: what the plan's report tells."""

import torch

from salient_crop.bucketing.grids import parse_grid
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.subject import Subject
from salient_crop.jobs.bucket_stages import measure_picture, sort_pictures
from salient_crop.jobs.settings import BucketSettings
from salient_crop.models.analysis import Analysis


def test_a_caption_whose_picture_lost_a_subject_is_flagged():
    subjects = [Subject(0.0, 0.2, 0.2, 0.8), Subject(0.7, 0.2, 0.95, 0.8)]
    heat = torch.zeros(10, 30)
    heat[2:8, 21:28] = 1
    settings = BucketSettings(parse_grid("square:512"), 512)
    options = measure_picture(Analysis(heat, subjects), (900, 300), Constraint(min_share=1.0), settings)
    whole = measure_picture(Analysis(heat, subjects[1:]), (900, 300), Constraint(min_share=1.0), settings)
    result = sort_pictures(["lost.jpg", "whole.jpg"], [(900, 300)] * 2, [options, whole], settings)
    assert [line.split(":")[0] for line in result.report.caption_checks] == ["lost.jpg"]
    assert (
        "check the caption: lost.jpg: 100 % of an object at the left is outside the crop" in result.report.format_text()
    )
