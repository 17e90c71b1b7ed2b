"""The pure modules of the editor and the review page, tested in JavaScript."""

from pathlib import Path

import pytest
from javascript import check_module

MODULES = sorted(Path(__file__).parent.glob("*_tests.js"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_what_is_pure_in_javascript(module):
    check_module(module)
