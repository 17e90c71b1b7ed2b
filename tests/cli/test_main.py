"""The command as a whole: help, version, exit statuses."""

import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import own_process
import pytest

import salient_crop
from salient_crop.bucketing.grids import GRID_SYNTAX
from salient_crop.cli import buckets
from salient_crop.cli import main as command
from salient_crop.cli.main import main
from salient_crop.datasets.formats import FORMATS

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


SLOW = {"torch", "torchvision", "scipy", "numpy", "PIL", "tqdm", "openvino", "logging", "importlib.metadata"}


@pytest.mark.parametrize("words", [["--help"], ["--version"], *([name, "--help"] for name in SUB_COMMANDS)])
def test_help_needs_nothing_slow(words):
    code = f"""
import json
from salient_crop.cli.main import main
try:
    main({words})
finally:
    print(json.dumps(list(sys.modules)))
"""
    shown = subprocess.run([sys.executable, "-c", own_process.START + code], capture_output=True, text=True)
    loaded = set(json.loads(shown.stdout.splitlines()[-1]))
    assert "argparse" in loaded
    assert not SLOW & loaded
    if words[0] not in SUB_COMMANDS:
        assert not {f"salient_crop.cli.{name}" for name in SUB_COMMANDS} & loaded, "only what was asked for"


def modules_after(code: str) -> set[str]:
    """All that is imported once the code has run, in a process of its own."""
    said = own_process.run(f"{code}\nimport json; print(json.dumps(list(sys.modules)))")
    return set(json.loads(said.splitlines()[-1]))


def test_a_crop_needs_only_what_it_uses(tmp_path):
    words = ["crop", str(ROOT / "samples" / "cat.jpg"), "--out", str(tmp_path / "out")]
    loaded = modules_after(f"from salient_crop.cli.main import main; assert main({words}) == 0")
    assert "torch" in loaded
    assert not {"scipy", "torchvision", "matplotlib", "transformers", "pyarrow", "fsspec", "ray"} & loaded


def test_workers_of_any_run_need_only_what_they_use():
    loaded = modules_after("import salient_crop.cli.preloaded")
    assert {"torch", "salient_crop.jobs.bucket_stages", "salient_crop.jobs.shard_stages"} <= loaded
    assert not {"scipy", "torchvision", "openvino"} & loaded


def test_a_stage_of_an_engine_imports_no_solver():
    assert "scipy" not in modules_after("import salient_crop; salient_crop.CropBatch")


def test_the_arguments_of_a_crop_are_read_before_anything_slow_is_imported():
    words = ["crop", "photos", "--out", "crops", "--ratios", "2:3,sdxl"]
    code = f"from salient_crop.cli.main import build_parser; build_parser().parse_args({words})"
    assert not SLOW & modules_after(code)


def test_the_help_of_buckets_says_what_there_is():
    assert buckets.GRIDS == GRID_SYNTAX
    assert list(buckets.DATASETS) == list(FORMATS)


def test_a_warning_of_the_library_is_one_line_without_escapes(monkeypatch, capsys):
    def run(chosen, reporter):
        warnings.warn("\x1b[2JOpenVINO\ncannot", RuntimeWarning, stacklevel=1)
        return 0

    monkeypatch.setattr("salient_crop.cli.croppers.run", run)
    assert main(["croppers"]) == 0
    assert capsys.readouterr().err == "salient-crop: \\x1b[2JOpenVINO\\ncannot\n"


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
