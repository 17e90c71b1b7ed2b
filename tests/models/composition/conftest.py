"""The bundled composition head."""

from __future__ import annotations

import pytest

from salient_crop.models.composition.head import CompositionHead
from salient_crop.models.composition.loading import load_bundled_composition


@pytest.fixture(scope="session")
def head() -> CompositionHead:
    return load_bundled_composition()
