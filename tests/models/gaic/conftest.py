"""GAIC with made-up weights, and a picture."""

from __future__ import annotations

import pytest
import torch
from made_up import made_up_state, uniform
from published_gaic import PUBLISHED

from salient_crop.models.gaic.cropper import GaicCropper
from salient_crop.models.gaic.loading import load

SEED = 1  # of the weights on which the authors' code was recorded


@pytest.fixture(scope="session")
def cropper() -> GaicCropper:
    return load(made_up_state(PUBLISHED["official mobilenetv2"], SEED))


@pytest.fixture(scope="session")
def photograph() -> torch.Tensor:
    """[1, 3, 256, 352], whole bytes: noise on the right, a fall of light on the left."""
    noise = (uniform("photograph", (256, 352, 3)) * 255).round().permute(2, 0, 1)
    across, down = torch.linspace(0, 1, 352)[None, None, :], torch.linspace(0, 1, 256)[None, :, None]
    return ((noise * across + 255 * (1 - across) * down).round() / 255)[None]
