"""The command as a whole: help, version, exit statuses."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import salient_crop
from salient_crop.cli import main as command
from salient_crop.cli.main import main

ROOT = Path(salient_crop.__file__).parent
SUB_COMMANDS = ("crop", "faces", "preview", "review", "layouts", "evaluate", "croppers")


@pytest.mark.parametrize("name", ["", *SUB_COMMANDS])
def test_help_is_there_for_every_command(name, capsys):
    with pytest.raises(SystemExit) as exit:
        main([*name.split(), "--help"])
    assert exit.value.code == 0
    shown = capsys.readouterr().out
    assert "usage: salient-crop" in shown
    if not name:
        assert set(re.findall(r"^    (\w+)", shown, re.MULTILINE)) == set(SUB_COMMANDS)


def test_the_version_is_shown(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["--version"])
    assert exit.value.code == 0
    assert capsys.readouterr().out == f"salient-crop {salient_crop.__version__}\n"


def test_help_needs_nothing_slow():
    code = (
        "import importlib.util, json, sys\n"
        f"spec = importlib.util.spec_from_file_location('salient_crop', {str(ROOT / '__init__.py')!r},"
        f" submodule_search_locations=[{str(ROOT)!r}])\n"
        "sys.modules['salient_crop'] = importlib.util.module_from_spec(spec)\n"
        "from salient_crop.cli.main import build_parser\n"
        "build_parser().format_help()\n"
        "print(json.dumps(list(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "torchvision", "scipy"} & set(json.loads(ran.stdout))


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (None, 0, ""),
        (command.UsageError("--flag: no good"), 2, "salient-crop: --flag: no good\n"),
        (KeyboardInterrupt(), 130, "stopped; the same command goes on from here\n"),
    ],
)
def test_exit_statuses(error, status, words, monkeypatch, capsys):
    def run(chosen, reporter):
        if error is not None:
            raise error
        return 0

    monkeypatch.setattr("salient_crop.cli.croppers.run", run)
    assert main(["croppers"]) == status
    assert capsys.readouterr().err == words


@pytest.mark.parametrize("words", [[], ["nonesuch"], ["crop"], ["croppers", "--nonesuch"], ["preview", "m.jsonl"]])
def test_what_cannot_be_parsed_has_status_2(words):
    with pytest.raises(SystemExit) as exit:
        main(words)
    assert exit.value.code == 2
