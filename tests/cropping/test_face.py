"""Faces of five points: their size, roll and pose."""

import numpy as np
import pytest

from salient_crop.cropping.face import HEAD_MODEL, MEAN_FACE, Face, Pose
from salient_crop.cropping.similarity import Similarity


def seen(yaw: float, pitch: float, roll: float = 0.0, size: float = 200.0) -> Face:
    """A face as a camera sees the head model, turned by so many degrees."""
    y, p = np.radians(yaw), np.radians(pitch)
    across = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    down = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    pose = Pose(across @ down @ np.diag([1.0, -1.0, -1.0]), np.array([0.0, -3.9, 57.0]))
    place = Similarity.about((0.5, 0.5), (300, 250), size, roll)
    return Face(tuple(place.apply(pose.project(each)) for each in HEAD_MODEL))


def mirror(face: Face) -> Face:
    (a, b, nose, c, d) = [(1000 - x, y) for x, y in face.points]
    return Face((b, a, nose, d, c))


def test_the_mean_face_is_aligned_to_itself():
    face = Face(tuple((40 + 100 * x, 60 + 100 * y) for x, y in MEAN_FACE))
    assert face.alignment.apply((40, 60)) == pytest.approx((0, 0))
    assert face.size == pytest.approx(100) and face.roll == pytest.approx(0)
    assert face.eye_distance == pytest.approx(52.4)
    assert abs(face.pose.yaw) < 0.01 and abs(face.pose.pitch) < 2


@pytest.mark.parametrize("roll", [0, 37, -120])
@pytest.mark.parametrize("yaw", [0, 25, -50])
@pytest.mark.parametrize("pitch", [0, 20, -20])
def test_the_pose_is_that_of_the_head(yaw: int, pitch: int, roll: int):
    found = seen(yaw, pitch, roll).pose
    assert found.yaw == pytest.approx(yaw, abs=10)
    assert found.pitch == pytest.approx(pitch, abs=13)  # of a turned face some of it is taken for roll


def test_a_tilted_face_has_that_roll():
    assert seen(0, 0, 37).roll == pytest.approx(37, abs=0.5)


def test_a_mirrored_face_looks_the_other_way():
    face = seen(30, 10)
    assert mirror(face).pose.yaw == pytest.approx(-face.pose.yaw, abs=0.1)
    assert mirror(face).pose.pitch == pytest.approx(face.pose.pitch, abs=0.1)


def test_a_profile_is_told_from_a_frontal_face():
    assert seen(75, 0).pose.yaw > 65 and seen(-75, 0).pose.yaw < -65


@pytest.mark.parametrize(
    "points",
    [((0.0, 0.0),) * 5, tuple(MEAN_FACE[:4]), ((float("nan"), 0.0), *MEAN_FACE[1:]), ((1.0, 2.0, 3.0), *MEAN_FACE[1:])],
)
def test_what_is_no_face_is_refused(points: tuple):
    with pytest.raises(ValueError):
        Face(points)
