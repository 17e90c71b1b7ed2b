"""TranSalNet against its authors' code, run once on the same made-up weights; only its numbers are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from made_up import fingerprint, made_up_state, uniform
from published_transalnet import published

from salient_crop.models.transalnet import cropper as transalnet
from salient_crop.models.transalnet.network import FRAME, TranSalNet

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "transalnet.json").read_text())
SEED = 3
SMALL = (128, 96)  # a ninth of the cells, so that the behaviour around the network is tested quickly


@pytest.fixture(scope="module")
def small() -> transalnet.TranSalNetCropper:
    return transalnet.load(made_up_state(published("res", SMALL), SEED), SMALL)


def agrees(network: TranSalNet, golden: dict, frame: tuple[int, int]) -> None:
    width, height = frame
    with torch.no_grad():
        saliency = network(uniform("picture", (1, 3, height, width)))[0, 0]
    points = saliency[height // 12 :: height // 6, width // 12 :: width // 6]
    # Made-up weights give a flat map (it spreads by 0.01), hence a tolerance far below it.
    torch.testing.assert_close(points, torch.tensor(golden["points"]), atol=5e-6, rtol=0)
    assert saliency.double().mean().item() == pytest.approx(golden["mean"], abs=1e-6)
    assert saliency.double().std().item() == pytest.approx(golden["spread"], abs=1e-6)


@pytest.mark.parametrize("variant", ["res", "dense"])
def test_names_and_shapes_are_the_published_ones(variant):
    shapes, golden = published(variant), GOLDEN[f"{variant} full"]
    assert (len(shapes), fingerprint(shapes)) == (golden["keys"], golden["fingerprint"])


def test_saliency_of_a_residual_network_is_the_published_codes(small):
    agrees(small.network, GOLDEN["res small"], SMALL)


def test_saliency_of_a_dense_network_is_the_published_codes():
    state = made_up_state(published("dense", SMALL), SEED)
    agrees(transalnet.load(state, SMALL).network, GOLDEN["dense small"], SMALL)


def test_published_frame_is_the_published_codes():
    state = made_up_state(published("res"), SEED)
    assert transalnet.ARCHITECTURE.detect(state)
    agrees(transalnet.ARCHITECTURE.load(state).network, GOLDEN["res full"], FRAME)


@pytest.mark.parametrize(
    ("size", "shape"), [((640, 480), (96, 128)), ((1000, 500), (64, 128)), ((300, 900), (96, 32)), ((5, 999), (96, 1))]
)
def test_heatmap_has_the_pictures_shape_without_the_padding(small, size, shape):
    analysis = small.analyse(uniform("any", (1, 3, size[1], size[0])))[0]
    assert analysis.heatmap.shape == shape
    assert analysis.heatmap.sum().item() == pytest.approx(1)


def test_pictures_of_a_batch_do_not_touch_each_other(small):
    pictures = uniform("batch", (3, 3, 90, 160))
    for together, picture in zip(small.analyse(pictures), pictures, strict=True):
        torch.testing.assert_close(together.heatmap, small.analyse(picture[None])[0].heatmap, atol=1e-9, rtol=1e-4)


def test_picture_lies_in_the_middle_of_the_frame():
    assert transalnet.placed((640, 480), (384, 288)) == (0, 0, 384, 288)
    assert transalnet.placed((1000, 500), (384, 288)) == (0, 48, 384, 192)
    assert transalnet.placed((480, 640), (384, 288)) == (84, 0, 216, 288)
