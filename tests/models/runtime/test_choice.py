"""Which runtime is chosen for networks on a CPU, and what is said of it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import own_process
import pytest

from salient_crop.models.registry import check_loaded, load_cropper
from salient_crop.models.runtime import choice
from salient_crop.models.runtime.choice import SWITCH, Runtime, describe_runtime, find_runtime, parse_runtime


@pytest.fixture(params=["2026.1", None], ids=["with openvino", "without"])
def installed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    use_version(monkeypatch, request.param)
    return request.param is not None


def use_version(monkeypatch: pytest.MonkeyPatch, version: str | None) -> None:
    """Lets OpenVINO have a version, or be missing; the environment says nothing."""
    monkeypatch.setattr(choice, "openvino_version", lambda: version)
    monkeypatch.setattr(choice, "import_problem", lambda: "")
    monkeypatch.delenv(SWITCH, raising=False)


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
    less = load_cropper("focus", "cpu", "torch", "bfloat16")
    assert less.runtime_on("cpu") == "torch bfloat16"
    assert less.runtime_on("cuda") == "torch"
    with pytest.raises(ValueError, match="^precision: bfloat16: centre has no network$"):
        load_cropper("centre", precision="bfloat16")


def test_a_cropper_without_a_network_takes_any_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    use_version(monkeypatch, "2026.1")
    assert load_cropper("centre", "cpu", "openvino").runtime_on("cpu") == "torch"


@pytest.mark.parametrize("version", ["2022.3.0", "2024.6.1", "2025.0.0-17942-1f68be9f594"])
def test_one_that_is_too_old_is_not_chosen_and_is_named_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    use_version(monkeypatch, version)
    assert find_runtime() == Runtime("torch")
    assert describe_runtime().startswith(f"PyTorch; OpenVINO {version} is too old: pip install -U ")
    for asked in (("openvino", "float32", {}), ("auto", "float32", {SWITCH: "openvino"})):
        with pytest.raises(
            ValueError, match=rf"'openvino' {version} is too old: pip install -U 'salient-crop\[cpu\]'$"
        ):
            find_runtime(*asked)


@pytest.mark.parametrize("version", ["2025.1.0", "2025.1.0.dev20250101", "2026.4.1", "2030.0.0", ""])
def test_one_that_is_new_enough_or_does_not_say_is_chosen(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    use_version(monkeypatch, version)
    assert find_runtime() == Runtime("openvino")
    assert describe_runtime().startswith(f"OpenVINO {version}".strip() + "; --runtime torch")


@pytest.mark.parametrize("problem", ["libopenvino.so: cannot open shared object file\\nand more", ""])
def test_one_that_cannot_be_loaded_is_told(tmp_path: Path, problem: str) -> None:
    (tmp_path / "openvino").mkdir()
    (tmp_path / "openvino" / "__init__.py").write_text(f"raise ImportError('{problem}')" if problem else "")
    code = f"""
sys.path.insert(0, {str(tmp_path)!r})
from salient_crop.models.runtime import choice
choice.openvino_version = lambda: "2026.1"
print(choice.describe_runtime())
"""
    told = own_process.run(code)
    if problem:
        reason = "libopenvino.so: cannot open shared object file"
        assert told == f"PyTorch; OpenVINO 2026.1 is installed, but cannot be loaded ({reason})\n"
    else:
        assert told.startswith("OpenVINO 2026.1; --runtime torch")


def test_a_folder_that_has_the_name_is_no_openvino(tmp_path: Path) -> None:
    (tmp_path / "openvino").mkdir()
    code = f"""
import sys
sys.path = [{str(tmp_path)!r}, *(each for each in sys.path if "site-packages" not in each)]
from salient_crop.models.runtime import choice
print(choice.find_spec("openvino") is not None, choice.find_runtime())
"""
    assert own_process.run(code) == "True torch\n"


def test_the_oldest_one_is_that_of_the_extra(root: Path) -> None:
    text = (root / "pyproject.toml").read_text("utf-8")
    assert f'cpu = ["openvino>={choice.LEAST[0]}.{choice.LEAST[1]}"]' in text


@pytest.mark.parametrize(
    ("loaded", "asked", "message"),
    [
        (("torch", "float32"), ("auto", "float32"), None),
        (("torch", "bfloat16"), ("auto", "float32"), None),
        (("torch", "bfloat16"), ("torch", "bfloat16"), None),
        (("openvino", "float32"), ("openvino", "float32"), None),
        (("torch", "float32"), ("openvino", "float32"), "^runtime: openvino: this cropper was loaded for torch"),
        (("openvino", "float32"), ("torch", "float32"), "^runtime: torch: this cropper was loaded for openvino"),
        (("torch", "float32"), ("auto", "bfloat16"), "^precision: bfloat16: this cropper was loaded for float32"),
        (("torch", "float32"), ("onnx", "float32"), "^runtime: 'onnx' is none of"),
        (("torch", "float32"), ("torch", "float16"), "^precision: 'float16' is none of"),
    ],
)
def test_a_cropper_that_is_loaded_stays_as_it_is_run(
    monkeypatch: pytest.MonkeyPatch, loaded: tuple[str, str], asked: tuple[str, str], message: str | None
) -> None:
    use_version(monkeypatch, "2026.1")
    cropper = load_cropper("focus", "cpu", *loaded)
    with nullcontext() if message is None else pytest.raises(ValueError, match=message):
        check_loaded(cropper, *asked)
    assert cropper.runtime_on("cpu") == str(Runtime(*loaded))


def test_a_loaded_cropper_without_a_network_cannot_be_less_precise() -> None:
    check_loaded(load_cropper("centre"), "torch", "float32")
    with pytest.raises(ValueError, match="^precision: bfloat16: centre has no network$"):
        check_loaded(load_cropper("centre"), "auto", "bfloat16")
