"""`salient-crop review`: what it refuses, and that it ends well."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from made_pictures import save_picture

from salient_crop.cli.main import main
from salient_crop.cli.review import add_arguments, reopen


@pytest.fixture
def home(tmp_path):
    for index in range(2):
        save_picture(tmp_path / "photos" / f"{index}.png", (120 + index, 80), index)
    assert main(["crop", str(tmp_path / "photos"), "--out", str(tmp_path / "out"), "--cropper", "centre"]) == 0
    return tmp_path


def review(home, *words):
    return main(["review", str(home / "out" / "manifest.jsonl"), "--no-browser", *words])


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_it_serves_until_ctrl_c_and_keeps_what_is_not_saved(home):
    # A shell's background job, and what it starts, ignores interrupts.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heard}; import sys; from salient_crop.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "review", str(home / "out" / "manifest.jsonl"), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = re.search(r"http://\S+", process.stdout.readline())[0]
        body = {"decisions": [{"index": 0, "correction": {"decision": "approve", "box": [0, 0, 80, 80]}}]}
        request = urllib.request.Request(
            address + "decide", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        assert urllib.request.urlopen(request, timeout=20).status == 200
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "1 decisions are not saved; the same command goes on with them" in errors
    assert (home / "out" / "manifest.jsonl.review").exists()


@pytest.mark.parametrize("port", ["-1", "65536", "x", "1e9"])
def test_a_port_that_cannot_be_is_refused(home, port, capsys):
    with pytest.raises(SystemExit, match="2"):
        review(home, "--port", port)
    assert "--port" in capsys.readouterr().err


def test_a_port_that_is_taken_is_named(home, capsys):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert review(home, "--port", str(taken.getsockname()[1])) == 2
    assert "--port" in capsys.readouterr().err


def test_other_weights_are_refused(home, capsys):
    assert review(home, "--cropper", "smartcrop") == 2
    assert "other weights than those of this smartcrop" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["manifest.jsonl", "manifest.run.json"])
def test_without_a_run_there_is_nothing_to_review(home, missing, capsys):
    (home / "out" / missing).unlink()
    assert review(home) == 2
    assert missing in capsys.readouterr().err


@pytest.mark.parametrize(
    ("noted", "flags", "run_by"),
    [
        ("torch bfloat16", [], "torch bfloat16"),
        ("torch bfloat16", ["--runtime", "torch"], "torch"),
        ("torch", [], "torch"),
        ("torch", ["--runtime", "torch", "--precision", "bfloat16"], "torch bfloat16"),
        ("onnx int4", [], "openvino"),
    ],
)
def test_the_network_is_run_as_in_the_run_unless_it_is_told_otherwise(home, monkeypatch, noted, flags, run_by):
    monkeypatch.setattr("salient_crop.models.runtime.choice.openvino_version", lambda: "2026.1")
    monkeypatch.delenv("SALIENT_CROP_RUNTIME", raising=False)
    out = home / "out"
    assert main(["crop", str(home / "photos"), "--out", str(out), "--device", "cpu", "--runtime", "torch"]) == 0
    record = json.loads((out / "manifest.run.json").read_text())
    record["settings"]["runtime"] = noted
    (out / "manifest.run.json").write_text(json.dumps(record))
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    _, cropper, device = reopen(parser.parse_args([str(out / "manifest.jsonl"), "--device", "cpu", *flags]))
    assert cropper.runtime_on(device) == run_by
