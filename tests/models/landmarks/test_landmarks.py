"""The network of face points: its shapes, its mirror, and what the bundled weights find."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.images.warp import read_tensor
from salient_crop.jobs.face_search import find_faces
from salient_crop.models.detectors.centre_points import Detection
from salient_crop.models.landmarks.loading import LandmarkFinder, load_bundled_finder
from salient_crop.models.landmarks.network import SIDE, brightness, normalise_contrast, read_outputs

# The middles of the eyes, the tip of the nose and the corners of the mouth in samples/astronaut.jpg, set by hand.
ASTRONAUT = ((202.0, 100.5), (248.5, 103.5), (226.0, 126.5), (203.0, 140.0), (247.5, 138.5))
HEAD = (0.29, 0.0, 0.58, 0.39)


@pytest.fixture(scope="module")
def finder() -> LandmarkFinder:
    return load_bundled_finder()


@pytest.fixture(scope="module")
def astronaut(root: Path) -> torch.Tensor:
    return torch.from_numpy(np.array(Image.open(root / "samples" / "astronaut.jpg").convert("RGB"))).float() / 255


def look(picture: torch.Tensor, finder: LandmarkFinder, head: tuple = HEAD) -> list:
    size = picture.shape[1], picture.shape[0]
    pixels = Detection(head[0] * size[0], head[1] * size[1], head[2] * size[0], head[3] * size[1], 0.5)
    return find_faces(read_tensor(picture), size, [pixels], finder, 0.5)


def test_light_contrast_and_colour_do_not_matter(finder: LandmarkFinder, astronaut: torch.Tensor):
    view = brightness(astronaut[80:144, 190:254])[None, None]
    plain, pale = finder.find(view), finder.find(view * 0.4 + 0.5)
    assert torch.allclose(plain.points, pale.points, atol=0.02)
    assert normalise_contrast(torch.full((1, 1, SIDE, SIDE), 0.4)).abs().max() < 1e-3
    assert brightness(torch.ones(2, 3)).tolist() == pytest.approx([1, 1])


def test_outputs_are_points_spread_and_certainty():
    marks = read_outputs(torch.zeros(2, 12))
    assert marks.points.shape == (2, 5, 2) and marks.points.eq(0.5).all()
    assert marks.spread.tolist() == [1, 1] and marks.certainty.tolist() == [0.5, 0.5]


def test_a_mirrored_view_has_mirrored_points(finder: LandmarkFinder):
    images = torch.rand(3, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    one, other = finder.find(images), finder.find(images.flip(3))
    swapped = other.points[:, [1, 0, 2, 4, 3]] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    assert torch.allclose(one.points, swapped, atol=1e-5) and torch.allclose(one.certainty, other.certainty, atol=1e-5)


def test_the_face_of_a_photograph_is_found_where_it_is(finder: LandmarkFinder, astronaut: torch.Tensor):
    (found,) = look(astronaut, finder)
    error = np.hypot(*(np.array(found.face.points) - np.array(ASTRONAUT)).T) / 46.6
    assert error.mean() < 0.12 and found.certainty > 0.8
    assert abs(found.face.roll) < 8 and abs(found.face.pose.yaw) < 30


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_photograph_has_a_turned_face(finder: LandmarkFinder, astronaut: torch.Tensor, quarters: int):
    (upright,) = look(astronaut, finder)
    turned, head = astronaut, HEAD
    for _ in range(quarters):  # clockwise by 90°
        turned = turned.permute(1, 0, 2).flip(1).contiguous()
        head = 1 - head[3], head[0], 1 - head[1], head[2]
    (lying,) = look(turned, finder, head)
    off = (lying.face.roll - upright.face.roll - 90 * quarters + 180) % 360 - 180
    assert abs(off) < 5 and lying.certainty > 0.8


def test_where_there_is_no_face_none_is_certain(finder: LandmarkFinder, astronaut: torch.Tensor):
    assert look(astronaut, finder, (0.66, 0.02, 0.9, 0.3)) == []  # the shuttle behind her
    assert look(torch.full((200, 200, 3), 0.5), finder, (0.2, 0.2, 0.8, 0.8)) == []
