"""The heatmap network with HCIC's names and made-up weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from made_up import made_up_state
from published_hcic import published_hcic

from salient_crop.models.design_heatmap.cropper import DesignHeatmapCropper
from salient_crop.models.design_heatmap.loading import load


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    """Numbers of HCIC's code on the same weights."""
    return json.loads((Path(__file__).parents[2] / "golden" / "design_heatmap.json").read_text())


@pytest.fixture(scope="session")
def cropper(golden: dict[str, Any]) -> DesignHeatmapCropper:
    return load(made_up_state(published_hcic(), golden["seed"]))
