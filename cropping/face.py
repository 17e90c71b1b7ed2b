"""A face by five points: where it lies, how it is turned, and how it is aligned to the mean face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import asin, atan2, cos, degrees, hypot, sin

import numpy as np

from .checks import check_number, show
from .similarity import Point, Similarity, fit_similarity

Points = tuple[Point, Point, Point, Point, Point]
"""Eye, eye, tip of the nose, corner, corner of the mouth; of each pair first the one on the left of an upright face.
An eye is the middle between its corners."""

# In the unit square that DeepFaceLab and faceswap align to (brows at its top, lower lip near its bottom): our five
# points among their 51, in faceswap's symmetric form. DeepFaceLab's lies `DFL_LEFT` further left.
MEAN_FACE: Points = ((0.238, 0.224), (0.762, 0.224), (0.5, 0.516), (0.264, 0.780), (0.736, 0.780))
DFL_LEFT = 0.010
# The same points in space, in the units (about a centimetre) and axes of the head model that faceswap fits: x as the
# picture's, y up from the eyes, z to the viewer from within the skull. Medians of what MediaPipe's mesh
# finds in photographs.
HEAD_MODEL = np.array(
    [(-3.55, -0.05, 4.2), (3.55, -0.05, 4.2), (0.0, -3.85, 8.9), (-2.95, -7.4, 5.1), (2.95, -7.4, 5.1)]
)
FOCAL = 4.0  # of the camera, in sides of the unit square; it looks at the square's middle
_AT_REST = (0.0, -3.9, 57.0)  # where the head is, to begin with
_NOSE_REACH = 0.33  # of a profile: how far the nose's tip lies beside eyes and mouth, in sides of the unit square
_ROUNDS, _DAMPING, _NO_GAIN = 30, 1e-3, 1e-9
_NEAREST = 20.0  # units of the model, from the camera: within less, some of the head would be behind it
_FACING = np.diag([1.0, -1.0, -1.0])  # the rotation of a head that looks into the camera


@dataclass(frozen=True)
class Pose:
    """How a head is turned, and where it is before the camera.

    Attributes:
        rotation: `[3, 3]`, from the head model to the camera (x right, y down, z away).
        translation: `[3]`, in units of the model.
    """

    rotation: np.ndarray
    translation: np.ndarray

    def project(self, point: Sequence[float]) -> Point:
        """Where a point of the head model is seen in the unit square."""
        x, y, z = (self.rotation @ np.asarray(point, np.float64) + self.translation).tolist()
        return 0.5 + FOCAL * x / z, 0.5 + FOCAL * y / z

    @property
    def yaw(self) -> float:
        """Degrees: above 0 where the face looks to the right of the picture."""
        x, _, z = self.rotation[:, 2].tolist()
        return degrees(atan2(x, -z))

    @property
    def pitch(self) -> float:
        """Degrees: above 0 where the face looks up."""
        return degrees(asin(min(1.0, max(-1.0, -float(self.rotation[1, 2])))))


@dataclass(frozen=True)
class Face:
    """Five points of a face in pixels of its picture.

    Raises:
        TypeError: when a coordinate is no number.
        ValueError: when there are not five points, one is not finite, or all lie in one place.
    """

    points: Points

    def __post_init__(self) -> None:
        if len(self.points) != len(MEAN_FACE) or any(len(each) != 2 for each in self.points):
            raise ValueError(f"points: a face has five of two numbers, got {show(self.points)}")
        points = tuple((check_number("points", x), check_number("points", y)) for x, y in self.points)
        object.__setattr__(self, "points", points)
        _ = self.alignment

    @cached_property
    def alignment(self) -> Similarity:
        """From the picture to the unit square of the mean face."""
        return fit_similarity(self.points, MEAN_FACE)

    @property
    def size(self) -> float:
        """The side of the unit square in pixels of the picture: about the height from the brows to the chin."""
        return 1 / self.alignment.scale

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes."""
        (x1, y1), (x2, y2) = self.points[:2]
        return hypot(x2 - x1, y2 - y1)

    @property
    def roll(self) -> float:
        """Degrees by which the face is tilted clockwise in the picture."""
        return -self.alignment.angle

    @cached_property
    def pose(self) -> Pose:
        """How the head is turned, apart from its roll: that of the head model whose five points are seen closest to
        these, as faceswap fits 26 (perspective camera, least squares by Levenberg and Marquardt's method).

        Five points tell less than 26: an expression or a very long chin is taken for a nod.
        """
        return _fit_pose(np.array([self.alignment.apply(each) for each in self.points]))


def _fit_pose(seen: np.ndarray) -> Pose:
    """The pose in which the model's points are seen closest to `[5, 2]` in the unit square."""
    beside = float(seen[2, 0] - seen[[0, 1, 3, 4], 0].mean()) / _NOSE_REACH
    yaw = asin(min(0.9, max(-0.9, beside)))
    pose, damping = Pose(_turn_matrix((0.0, -yaw, 0.0)) @ _FACING, np.array(_AT_REST)), _DAMPING
    rest = _rest_of(pose, seen)
    for _ in range(_ROUNDS):
        slopes = _slopes_of(pose)
        square = slopes.T @ slopes
        step = np.linalg.solve(square + damping * np.diag(square.diagonal()), -slopes.T @ rest)
        moved = Pose(_turn_matrix(step[:3].tolist()) @ pose.rotation, pose.translation + step[3:])
        found = _rest_of(moved, seen)
        gain = float(rest @ rest - found @ found)
        if gain > 0 and moved.translation[2] > _NEAREST:
            pose, rest, damping = moved, found, damping / 4
        else:
            damping *= 8
        if 0 <= gain < _NO_GAIN:
            break
    return pose


def _rest_of(pose: Pose, seen: np.ndarray) -> np.ndarray:
    """`[10]`: how far the model's points are seen from where they should be."""
    places = HEAD_MODEL @ pose.rotation.T + pose.translation
    return (0.5 + FOCAL * places[:, :2] / places[:, 2:] - seen).ravel()


def _slopes_of(pose: Pose) -> np.ndarray:
    """`[10, 6]`: how these move with a small turn before the camera, and with the translation."""
    turned = HEAD_MODEL @ pose.rotation.T
    (px, py, pz), (x, y, z) = turned.T, (turned + pose.translation).T
    none = np.zeros_like(z)
    # A turn by w moves p by w × p.
    across = np.stack([-x * py / z, pz + x * px / z, -py, np.ones_like(z), none, -x / z], 1)
    down = np.stack([-pz - y * py / z, y * px / z, px, none, np.ones_like(z), -y / z], 1)
    return (np.stack([across, down], 1) * (FOCAL / z)[:, None, None]).reshape(10, 6)


def _turn_matrix(vector: Sequence[float]) -> np.ndarray:
    """The rotation about a vector by its length in radians (Rodrigues' formula)."""
    angle = hypot(*vector)
    if angle == 0:
        return np.eye(3)
    x, y, z = (each / angle for each in vector)
    across = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + sin(angle) * across + (1 - cos(angle)) * across @ across
