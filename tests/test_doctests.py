"""The examples in docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What is not part of the package, or needs a host.
NOT_PACKAGE = {"tests", "benchmarks", "training", "nodes", "samples", "build", "dist", "demo", "setup.py", "dev.py"}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules_with_examples() -> list[str]:
    files = (path.relative_to(ROOT) for path in sorted(ROOT.rglob("*.py")))
    package = (file for file in files if file.parts[0] not in NOT_PACKAGE and not file.parts[0].startswith("."))
    return [
        ".".join(("salient_crop", *file.with_suffix("").parts)).removesuffix(".__init__")
        for file in package
        if ">>> " in (ROOT / file).read_text("utf-8")
    ]


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples(name, monkeypatch):
    monkeypatch.chdir(ROOT)  # examples name their pictures samples/…
    module = importlib.import_module(name)
    found = doctest.testmod(module, optionflags=FLAGS, verbose=False, report=True)
    assert found.attempted
    assert not found.failed


def test_the_front_door_has_examples():
    assert {"salient_crop", "salient_crop.jobs.picture"} <= set(modules_with_examples())
