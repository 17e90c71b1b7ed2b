"""Room around what is to be kept."""

import pytest

from salient_crop.cropping.margin import Margin

REGION = (0.25, 0.5, 0.5, 0.75)


@pytest.mark.parametrize(
    ("text", "around"),
    [
        ("", REGION),
        ("0", REGION),
        ("0%", REGION),
        ("40%", (0.15, 0.4, 0.6, 0.85)),
        (" 12.5 % ", (0.21875, 0.46875, 0.53125, 0.78125)),
        ("20px", (0.2, 0.4, 0.55, 0.85)),
        ("20 PX", (0.2, 0.4, 0.55, 0.85)),
        ("2000px", (0, 0, 1, 1)),  # no further than the picture
        ("100%", (0, 0.25, 0.75, 1)),
    ],
)
def test_a_region_grows_by_its_margin(text, around):
    assert Margin.parse(text).around(REGION, (400, 200)) == pytest.approx(around)


@pytest.mark.parametrize("text", ["10", "-5%", "101%", "1.5px", "%", "px", "10%%", "nan%", "1e3px", "٣%", "9999999px"])
def test_what_is_no_margin_is_refused(text):
    with pytest.raises(ValueError, match="margin"):
        Margin.parse(text)


def test_a_margin_is_text():
    with pytest.raises(TypeError, match="margin must be text"):
        Margin.parse(10)
