"""GAIC's network against the authors' code, run once on the same made-up weights; only its numbers are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from made_up import fingerprint, made_up_state, uniform
from published_gaic import PUBLISHED

from salient_crop.models.gaic.loading import ARCHITECTURE
from salient_crop.models.gaic.proposals import grid_anchors

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "gaic.json").read_text())
SEED = 1


@pytest.mark.parametrize("published", PUBLISHED)
def test_scores_are_the_published_codes(published):
    shapes, golden = PUBLISHED[published], GOLDEN[published]
    assert (len(shapes), fingerprint(shapes)) == (golden["keys"], golden["fingerprint"]), (
        "names differ from the authors'"
    )
    state = made_up_state(shapes, SEED)
    assert ARCHITECTURE.detect(state)
    network = ARCHITECTURE.load(state).network
    with torch.no_grad():
        scores = network(uniform("picture", (1, 3, 96, 128)) * 4 - 2, torch.tensor(GOLDEN["boxes"])[None])[0]
    torch.testing.assert_close(scores, torch.tensor(golden["scores"]), atol=1e-4, rtol=0)


def test_whole_pipeline_is_the_published_one(cropper, photograph):
    analysis = cropper.analyse(photograph)[0]
    anchors = grid_anchors((352, 256)) * torch.tensor([352, 256, 352, 256])
    assert len(anchors) == GOLDEN["pipeline"]["anchors"]
    with torch.no_grad():
        scores = cropper.network.rate(analysis.features[None], anchors.float()[None])[0]
    torch.testing.assert_close(scores, torch.tensor(GOLDEN["pipeline"]["scores"]), atol=1e-4, rtol=0)
