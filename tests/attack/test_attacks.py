"""Attacks of every class: a few by a seed here, all of them with `-m attack` or `dev.py attack`."""

import os
import tempfile

import pytest
from attack.campaign import attacks, try_cases

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
ATTACKS = attacks() if hasattr(os, "fork") else {}


@pytest.fixture(scope="module", autouse=True)
def scratch(tmp_path_factory):
    """A folder for all that the classes make, in this process and in copies of it."""
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path_factory.mktemp("attacks"))
    yield
    tempfile.tempdir = before


def failures(name, count, seed=0):
    attack = ATTACKS[name]
    numbers = [range(start, min(start + attack.batch, count)) for start in range(0, count, attack.batch)]
    return [words for each in numbers for words in try_cases(attack, seed, each).failed]


@pytest.mark.parametrize("name", ATTACKS)
def test_a_few(name):
    assert failures(name, ATTACKS[name].short) == []


@pytest.mark.attack
@pytest.mark.parametrize("name", ATTACKS)
def test_all(name):
    assert failures(name, ATTACKS[name].count) == []
