"""What the help of `faces` says without importing what is slow, beside what is true."""

import argparse

import pytest

from salient_crop.cli import faces
from salient_crop.cropping import face_framing
from salient_crop.jobs import face_settings


@pytest.fixture(scope="module")
def defaults():
    parser = argparse.ArgumentParser()
    faces.add_arguments(parser)
    return vars(parser.parse_args(["photos", "--out", "squares"]))


def test_framings_and_sorts_are_those_that_there_are():
    assert tuple(face_framing.FRAMINGS) == faces.FRAMINGS
    assert faces.SORTS == face_settings.SORTS


def test_the_defaults_are_those_of_python(defaults):
    expected = face_settings.FaceSettings("0" * 64)
    for name in ("size", "least_size", "most_enlarged", "most_blurred", "least_certain", "sort", "spread"):
        assert defaults[name] == getattr(expected, name), name
