"""Which runtime is chosen for networks on a CPU, and what is said of it."""

from __future__ import annotations

import pytest

from salient_crop.models.registry import load_cropper
from salient_crop.models.runtime import choice
from salient_crop.models.runtime.choice import SWITCH, Runtime, describe_runtime, find_runtime, parse_runtime


@pytest.fixture(params=[True, False], ids=["with openvino", "without"])
def installed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(choice, "has_openvino", lambda: request.param)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2026.1")
    monkeypatch.delenv(SWITCH, raising=False)
    return request.param


@pytest.mark.parametrize(
    ("name", "environment", "with_it", "without"),
    [
        ("auto", {}, "openvino", "torch"),
        ("auto", {SWITCH: ""}, "openvino", "torch"),
        ("auto", {SWITCH: "auto"}, "openvino", "torch"),
        ("auto", {SWITCH: "torch"}, "torch", "torch"),
        ("auto", {SWITCH: "openvino"}, "openvino", None),
        ("torch", {SWITCH: "openvino"}, "torch", "torch"),
        ("openvino", {SWITCH: "torch"}, "openvino", None),
    ],
)
def test_what_is_named_goes_before_the_environment_and_that_before_what_is_installed(
    installed: bool, name: str, environment: dict[str, str], with_it: str, without: str | None
) -> None:
    expected = with_it if installed else without
    if expected is None:
        with pytest.raises(ValueError, match=r"not installed: pip install 'salient-crop\[cpu\]'"):
            find_runtime(name, environment=environment)
    else:
        assert find_runtime(name, environment=environment) == Runtime(expected)


def test_the_environment_is_that_of_the_process(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "torch")
    assert load_cropper("focus").runtime_on("cpu") == "torch"


@pytest.mark.parametrize(
    ("name", "precision", "environment", "message"),
    [
        ("onnx", "float32", {}, "^runtime: 'onnx' is none of auto, torch, openvino$"),
        ("", "float32", {}, "^runtime: '' is none of "),
        ("auto", "float32", {SWITCH: "OpenVINO"}, f"^{SWITCH}='OpenVINO' is none of "),
        ("torch", "float16", {}, "^precision: 'float16' is none of float32, bfloat16$"),
        ("torch", "", {}, "^precision: '' is none of "),
    ],
)
def test_what_is_not_known_is_named_with_what_there_is(
    name: str, precision: str, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        find_runtime(name, precision, environment)


@pytest.mark.parametrize("runtime", [Runtime(), Runtime("torch", "bfloat16")])
def test_a_runtime_reads_back_as_it_is_written(runtime: Runtime) -> None:
    assert parse_runtime(str(runtime)) == runtime


@pytest.mark.parametrize("text", ["", "torch float16", "torch  bfloat16", "onnx"])
def test_what_is_no_runtime_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="^(runtime|precision): "):
        parse_runtime(text)


def test_what_is_said_is_what_is_chosen(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert describe_runtime().startswith("OpenVINO 2026.1; " if installed else "PyTorch; with OpenVINO ")
    monkeypatch.setenv(SWITCH, "torch")
    assert describe_runtime().startswith("PyTorch, as SALIENT_CROP_RUNTIME says" if installed else "PyTorch; with ")


def test_only_a_network_on_a_cpu_can_be_less_precise(installed: bool) -> None:
    less = Runtime("torch", "bfloat16")
    assert load_cropper("focus", "cpu", less).runtime_on("cpu") == "torch bfloat16"
    assert load_cropper("focus", "cpu", less).runtime_on("cuda") == "torch"
    with pytest.raises(ValueError, match="^precision: bfloat16: centre has no network$"):
        load_cropper("centre", "cpu", less)
    assert load_cropper("centre", "cpu", Runtime("openvino")).runtime_on("cpu") == "torch"
