"""Where the scenes of a clip begin."""

import numpy as np
import pytest
from PIL import Image

from salient_crop.images.scenes import find_scenes, sign_frame


@pytest.fixture(scope="module")
def photographs(samples):
    names = ("sheep.jpg", "raccoon.jpg", "rocket.jpg", "coffee.jpg")
    return [Image.open(samples / name).convert("RGB").resize((320, 240)) for name in names]


def shot(photograph, count, speed=0.0, gain=None):
    """Frames that look at 160 × 90 pixels of a photograph, `speed` pixels further in each, with a camera's noise."""
    generator = np.random.default_rng(count)
    frames = []
    for index in range(count):
        left = 5 + speed * index
        view = np.asarray(photograph.resize((160, 90), Image.Resampling.BILINEAR, box=(left, 40, left + 160, 130)))
        view = view * (1 if gain is None else gain(index)) + generator.normal(0, 6, view.shape)
        frames.append(sign_frame(view.clip(0, 255).astype(np.uint8)))
    return frames


def test_cuts_are_found_wherever_they_are(photographs):
    shots = [shot(each, count, 1.5) for each, count in zip(photographs, (30, 3, 12, 40), strict=True)]
    assert find_scenes(sum(shots, [])) == [0, 30, 33, 45]
    assert find_scenes([*shots[0][:1], *shots[1]]) == [0, 1]


@pytest.mark.parametrize("speed", [0, 1, 6])
def test_a_pan_is_no_cut_at_any_speed(photographs, speed):
    for each in photographs:
        assert find_scenes(shot(each, 25, speed)) == [0]


def test_flashes_and_lost_frames_are_no_cuts(photographs):
    frames = shot(photographs[0], 20, 1)
    for count in (1, 2):
        for value in (0.0, 1.0):
            broken = [*frames[:9], *[np.full_like(frames[0], value)] * count, *frames[9:]]
            assert find_scenes(broken) == [0]


def test_a_slow_change_of_light_is_no_cut(photographs):
    assert find_scenes(shot(photographs[3], 40, gain=lambda index: 0.2 + index / 50)) == [0]
    shots = zip(np.linspace(0, 1, 24), shot(photographs[0], 24), shot(photographs[1], 24), strict=True)
    fade = [(1 - share) * one + share * other for share, one, other in shots]
    assert find_scenes(fade) == [0]


def test_clips_of_a_few_frames():
    grey = np.full((8, 8, 3), 0.5, np.float32)
    assert find_scenes([grey]) == [0]
    assert find_scenes([grey, grey]) == [0]
    assert sign_frame(np.full((1, 1, 3), 255, np.uint8)).shape == (8, 8, 3)
