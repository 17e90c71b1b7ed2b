"""The pages for people are true: commands can be parsed, examples run, links lead somewhere."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from salient_crop.cli.main import build_parser

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]


def commands_on(page: Path) -> list[str]:
    """The lines of code that call the command, without what is said of them."""
    lines = page.read_text("utf-8").splitlines()
    return [line.split("  #")[0].strip() for line in lines if re.match(r"    salient-crop [a-z]", line)]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_can_be_parsed(page):
    parser = build_parser()
    for line in commands_on(page):
        parser.parse_args(shlex.split(line.replace("…", ""))[1:])


def test_there_are_commands_to_parse():
    assert sum(len(commands_on(page)) for page in PAGES) > 20


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_files(page):
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    missing = [each for each in targets if "://" not in each and not (page.parent / each).exists()]
    assert not missing


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "\n>>> " in page.read_text("utf-8")], ids=lambda page: page.name
)
def test_the_examples_of_python_are_true(page, monkeypatch):
    monkeypatch.chdir(ROOT)  # examples name their pictures samples/…
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    found = doctest.testfile(str(page), module_relative=False, optionflags=flags, encoding="utf-8")
    assert found.attempted
    assert not found.failed


def test_the_front_door_has_examples():
    assert "\n>>> " in (ROOT / "docs" / "python.md").read_text("utf-8")
