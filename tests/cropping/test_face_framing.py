"""Squares around faces. Those of the peers are compared with their formulas, worked by hand."""

from math import atan, degrees

import numpy as np
import pytest

from salient_crop.cropping.face import MEAN_FACE, Face, Pose
from salient_crop.cropping.face_framing import FRAMINGS, FaceFraming, Square, dfl_square, faceswap_square
from salient_crop.cropping.similarity import Similarity

# The unit square is 100 pixels a side, its left top corner at (50, 30).
ALIGNMENT = Similarity(0.01, 0.0, -0.5, -0.3)
LOOKING = Pose(np.diag([1.0, -1.0, -1.0]), np.array([0.0, -4.0, 56.0]))


def face_at(left: float = 0, top: float = 0, size: float = 100, angle: float = 0) -> Face:
    place = Similarity.about((0.5, 0.5), (left + size / 2, top + size / 2), size, angle)
    return Face(tuple(place.apply(each) for each in MEAN_FACE))


@pytest.mark.parametrize(
    ("kind", "yaw", "scale", "dx", "dy"),
    [
        # Half the diagonal: 100 √2 (padding √2 + ½); so the side is 100 (1 + 2 √2 padding), and the scale 512 / side.
        # The centre, (100, 80) less the shift, comes to (256, 256).
        ("half_face", 0.0, 5.12, -256.0, -153.6),
        ("midfull", 0.0, 4.2992015, -173.9201480, -87.9361184),
        ("full", 0.0, 3.2067716, -64.6771606, -0.5417285),
        ("whole_face", 0.0, 2.4022098, 15.7790173, 80.6386826),  # 7 up
        ("head", 0.0, 1.7181790, 84.1820954, 204.4546286),  # 50 up
        # tanh 0.4 = 0.3799490: 100 · 0.2 · 0.3799490 / 2 = 3.79949 to the right; and as far to the left
        ("head", 0.2, 1.7181790, 77.6538919, 204.4546286),
        ("head", -0.2, 1.7181790, 90.7102988, 204.4546286),
    ],
)
def test_deepfacelabs_squares_are_its_formulas(kind: str, yaw: float, scale: float, dx: float, dy: float):
    found = dfl_square(ALIGNMENT, kind, yaw).to_pixels(512)
    assert found.rows() == (pytest.approx((scale, 0, dx), abs=1e-6), pytest.approx((0, scale, dy), abs=1e-6))


@pytest.mark.parametrize(
    ("kind", "scale", "dx", "dy"),
    [
        # padding round(512 · 0.375 / 2) = 96, core 320: 320 · M + 96
        ("legacy", 3.2, -64.0, 0.0),
        # (0, −1.5, 4.2) is seen 4 · (1.5 − 4) / (56 − 4.2) = −0.1930502 beside the middle; 128 and 256
        ("face", 2.56, 0.0, 100.6208494),
        # (0, 0, −2.3): 4 · −4 / 58.3 = −0.2744425; 160 and 192
        ("head", 1.92, 64.0, 155.0929674),
    ],
)
def test_faceswaps_squares_are_its_formulas(kind: str, scale: float, dx: float, dy: float):
    found = faceswap_square(ALIGNMENT, kind, LOOKING, 512).to_pixels(512)
    assert found.rows() == (pytest.approx((scale, 0, dx), abs=1e-6), pytest.approx((0, scale, dy), abs=1e-6))


def test_faceswaps_padding_is_whole_pixels():
    found = faceswap_square(ALIGNMENT, "legacy", LOOKING, 100).to_pixels(100)
    assert found.scale == pytest.approx(0.62)  # 100 − 2 · round(18.75)


def test_deepfacelab_moves_along_the_face_not_the_picture():
    lying = Similarity.about((100, 80), (0.5, 0.5), 0.01, -90)  # the forehead points to the right of the picture
    square = dfl_square(lying, "whole_face", 0.0)
    assert square.centre == pytest.approx((107, 80)) and square.angle == pytest.approx(90)


@pytest.mark.parametrize("name", FRAMINGS)
def test_every_framing_turns_with_the_face_and_scales_with_it(name: str):
    if name == "half figure":
        pytest.skip("it stays upright")
    head = None
    upright = FaceFraming(name).square(face_at(), head, 256)
    turned = FaceFraming(name).square(face_at(angle=40), head, 256)
    larger = FaceFraming(name).square(face_at(size=300), head, 256)
    assert turned.angle - upright.angle == pytest.approx(40)
    assert turned.side == pytest.approx(upright.side)
    assert larger.side == pytest.approx(3 * upright.side)
    eye = face_at().points[0], face_at(angle=40).points[0], face_at(size=300).points[0]
    places = [each.to_pixels(256).apply(point) for each, point in zip((upright, turned, larger), eye, strict=True)]
    assert places[1] == pytest.approx(places[0]) and places[2] == pytest.approx(places[0])


def test_upright_keeps_place_and_side_without_the_turn():
    face = face_at(angle=25)
    turned, upright = (FaceFraming("face", upright=each).square(face, None, 256) for each in (False, True))
    assert upright.angle == 0 and upright.centre == turned.centre and upright.side == turned.side


def test_padding_adds_on_each_side_and_shift_moves_along_the_face():
    plain, padded = (FaceFraming("dfl:full", padding=each).square(face_at(), None, 256) for each in (0.0, 0.25))
    assert padded.side == pytest.approx(1.5 * plain.side) and padded.centre == pytest.approx(plain.centre)
    lower = FaceFraming("dfl:full", shift=0.1).square(face_at(angle=90), None, 256)
    level = FaceFraming("dfl:full").square(face_at(angle=90), None, 256)
    assert lower.centre[0] == pytest.approx(level.centre[0] - 0.1 * level.side)  # the chin points to the left


def test_the_head_is_the_box_of_the_whole_head_with_a_little_room():
    square = FaceFraming("head").square(face_at(100, 100), (60.0, 20.0, 240.0, 260.0), 512)
    assert square.centre == pytest.approx((150, 140)) and square.side == pytest.approx(264)


def test_the_head_of_a_tilted_face_is_as_long_as_an_upright_one():
    # An ellipse with the axes 240 and 180, turned by 20°, has a box of 187.7 × 234.8.
    head = 150 - 93.86, 140 - 117.4, 150 + 93.86, 140 + 117.4
    square = FaceFraming("head").square(face_at(100, 100, angle=20), head, 512)
    assert square.side == pytest.approx(264, rel=0.005) and square.angle == pytest.approx(20)


def test_a_head_beside_its_face_is_not_believed():
    square = FaceFraming("head").square(face_at(100, 100), (600.0, 0.0, 700.0, 100.0), 512)
    assert square == FaceFraming("head").square(face_at(100, 100), None, 512)


def test_a_half_figure_is_upright_with_the_head_above():
    square = FaceFraming("half figure").square(face_at(100, 100, angle=15), (60.0, 20.0, 240.0, 260.0), 512)
    top = square.centre[1] - square.side / 2
    assert square.angle == 0 and -60 < top < 20 and square.side > 3 * 240


def test_corners_of_a_turned_square():
    square = Square((10, 20), 8, degrees(atan(1)))
    assert square.corners()[0] == pytest.approx((10, 20 - 4 * 2**0.5))


@pytest.mark.parametrize(
    "wrong",
    [{"name": "dfl:mouth"}, {"padding": -0.5}, {"padding": float("nan")}, {"shift": 9.0}],
)
def test_framings_that_cannot_be_are_named(wrong: dict):
    with pytest.raises(ValueError, match="framing|padding|shift"):
        FaceFraming(**wrong)


@pytest.mark.parametrize(
    ("square", "share"),
    [
        (Square((50, 50), 40), 0.0),
        (Square((0, 50), 40), 0.5),
        (Square((0, 0), 40), 0.75),
        (Square((0, 50), 40, 45), 0.5),
        (Square((-100, 50), 40), 1.0),
        (Square((50, 50), 200), 0.75),
        (Square((50, 0), 20 * 2**0.5, 45), 0.5),
    ],
)
def test_the_share_beside_the_picture(square: Square, share: float):
    assert square.share_outside((100, 100)) == pytest.approx(share)
