"""The parsers of flag values."""

import argparse

import pytest

from salient_crop.cli import options
from salient_crop.cli.status import UsageError
from salient_crop.cropping.ratio import Ratio

BAD_NUMBERS = ("", "x", "nan", "-1", "0", "inf", "1e999")


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (options.parse_positive, "1", 1),
        (options.parse_positive, "12", 12),
        (options.parse_positive, "1000000", 1_000_000),
        (options.parse_resolution, "8", 8),
        (options.parse_resolution, "16384", 16_384),
        (options.parse_share, "1", 1.0),
        (options.parse_share, "0.25", 0.25),
        (options.parse_factor, "1e-3", 0.001),
        (options.parse_factor, "40", 40.0),
        (options.parse_memory, "4GB", 4 * 10**9),
        (options.parse_ratio_list, "2:3, 4:6,1:1,", (Ratio(2, 3), Ratio(1, 1))),
        (options.parse_regions, "top ;0,0, 0.5,1;", [(0.2, 0.0, 0.8, 0.1), (0.0, 0.0, 0.5, 1.0)]),
        (options.parse_background, "keep", None),
        (options.parse_background, "#00f", (0, 0, 255)),
        (options.parse_background, "#00ff0080", (0, 255, 0)),  # the alpha is left out
    ],
)
def test_values(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *((options.parse_positive, text) for text in (*BAD_NUMBERS, "1.5", "1000001", "1e3", "9" * 5000, "9" * 99)),
        *((options.parse_resolution, text) for text in (*BAD_NUMBERS, "7", "16385", "9" * 99)),
        *((options.parse_share, text) for text in (*BAD_NUMBERS, "1.01")),
        *((options.parse_factor, text) for text in BAD_NUMBERS),
        *((options.parse_memory, text) for text in (*BAD_NUMBERS, "4", "0GB", "4XB")),
        *(
            (options.parse_ratio_list, text)
            for text in ("", ",", "2:0", "0", "nan", "inf", "a:b", "2:3;1:1", "1e99999999", "9" * 5000)
        ),
        *(
            (options.parse_regions, text)
            for text in ("", ";", "middle", "0,0,1", "0,0,nan,1", "0,0,2,1", "0.5,0,0.5,1")
        ),
        *((options.parse_background, text) for text in ("", "nocolour", "#12")),
    ],
)
def test_malformed_values(parse, text):
    with pytest.raises(argparse.ArgumentTypeError, match=".") as raised:
        parse(text)
    assert len(str(raised.value)) < 300


def test_a_device_or_cropper_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert options.open_device("auto") == "cpu"
    with pytest.raises(UsageError, match="--device: .*no CUDA"):
        options.open_device("cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert options.open_device("auto") == "cuda"
    assert options.open_device("cpu") == "cpu"
    assert options.open_cropper(None, "cpu").name == "focus"
    for name in ("nonesuch", str(tmp_path)):
        with pytest.raises(UsageError, match="^--cropper: "):
            options.open_cropper(name, "cpu")


@pytest.mark.parametrize(
    ("name", "flags", "environment", "words"),
    [
        ("centre", ("torch", "bfloat16"), "", "^--precision: bfloat16: centre has no network$"),
        ("focus", ("openvino", "float32"), "", "^--runtime: 'openvino' is not installed: pip install"),
        ("focus", ("auto", "float32"), "onnx", "^SALIENT_CROP_RUNTIME='onnx' is none of"),
        ("nonesuch", ("torch", "float32"), "", "^--cropper: nonesuch is neither"),
    ],
)
def test_what_cannot_run_a_network_is_named_by_its_flag(monkeypatch, name, flags, environment, words):
    monkeypatch.setattr("salient_crop.models.runtime.choice.openvino_version", lambda: None)
    monkeypatch.setenv("SALIENT_CROP_RUNTIME", environment)
    with pytest.raises(UsageError, match=words):
        options.open_cropper(name, "cpu", *flags)
