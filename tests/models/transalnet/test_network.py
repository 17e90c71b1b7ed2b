"""TranSalNet against its authors' code, run once on the same made-up weights; only its numbers are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from made_up import fingerprint, made_up_state, uniform
from published_transalnet import published

from salient_crop.models.transalnet.loading import ARCHITECTURE, load
from salient_crop.models.transalnet.network import FRAME, TranSalNet

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "transalnet.json").read_text())
SEED = 3
SMALL = (128, 96)


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
    agrees(load(state, SMALL).network, GOLDEN["dense small"], SMALL)


def test_published_frame_is_the_published_codes():
    state = made_up_state(published("res"), SEED)
    assert ARCHITECTURE.detect(state)
    agrees(ARCHITECTURE.load(state).network, GOLDEN["res full"], FRAME)
