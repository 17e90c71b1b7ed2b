"""What finds subjects: the contract, and a cropper as a detector."""

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.subject import Subject
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper
from salient_crop.models.detectors.base import CropperDetector, SubjectDetector


class Bright(Cropper):
    """Finds a subject on the left of bright pictures."""

    name = "bright"

    def analyse(self, images):
        subject = Subject(0.0, 0.0, 0.5, 1.0, kind="person")
        return [Analysis(torch.ones(2, 2), [subject] if image.mean() > 0.5 else []) for image in images]


def test_a_cropper_is_a_detector_of_its_subjects() -> None:
    detector = CropperDetector(Bright())
    assert isinstance(detector, SubjectDetector)
    dark, bright = detector.detect(torch.tensor([0.1, 0.9]).view(2, 1, 1, 1).expand(2, 3, 4, 4))
    assert dark == ()
    assert [each.region for each in bright] == [(0.0, 0.0, 0.5, 1.0)]


def test_a_cropper_itself_is_no_detector() -> None:
    assert not isinstance(Bright(), SubjectDetector)


def test_what_the_cropper_refuses_is_refused() -> None:
    from salient_crop.models.baselines.centre import CentreCropper

    with pytest.raises(ValueError, match="images must"):
        CropperDetector(CentreCropper()).detect(torch.zeros(3, 4, 4))
