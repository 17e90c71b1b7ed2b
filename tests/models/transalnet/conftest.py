"""TranSalNet with made-up weights and a small frame."""

from __future__ import annotations

import pytest
from made_up import made_up_state
from published_transalnet import published

from salient_crop.models.transalnet.cropper import TranSalNetCropper
from salient_crop.models.transalnet.loading import load

SEED = 3  # of the weights on which the authors' code was recorded
SMALL = (128, 96)  # a ninth of the cells, so that what is around the network is tested quickly


@pytest.fixture(scope="session")
def small() -> TranSalNetCropper:
    return load(made_up_state(published("res", SMALL), SEED), SMALL)
