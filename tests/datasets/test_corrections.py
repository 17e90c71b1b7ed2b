"""Corrections as JSON: what was written is read again, and what is malformed is named."""

import pytest

from salient_crop.cropping.box import Box
from salient_crop.cropping.correction import DECISIONS, Correction
from salient_crop.datasets.corrections import format_correction, read_correction
from salient_crop.datasets.json_values import MalformedValue

GOOD = {"decision": "box", "box": [1, -2, 30, 40]}


@pytest.mark.parametrize("decision", DECISIONS)
def test_what_was_written_is_read_again(decision):
    correction = Correction(decision, Box(-1, 2, 30, 40))
    assert read_correction(format_correction(correction)) == correction


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, "must be an object"),
        ([], "must be an object"),
        ({}, "decision: is missing"),
        ({"decision": "box"}, "box: is missing"),
        ({**GOOD, "decision": "keep"}, "decision: must be one of box, drop, approve"),
        ({**GOOD, "decision": ["box"]}, "decision: must be one of"),
        ({**GOOD, "box": [1, 2, 3]}, "box: must be a list of 4"),
        ({**GOOD, "box": [1, 2, 0, 4]}, "box: width and height must be at least 1"),
        ({**GOOD, "box": [1.0, 2, 3, 4]}, r"box\[0\]: must be a whole number"),
        ({**GOOD, "box": [1, True, 3, 4]}, r"box\[1\]: must be a whole number"),
        ({**GOOD, "box": [1, 2, 10**30, 4]}, r"box\[2\]: must be at most"),
    ],
)
def test_what_is_malformed_is_named(value, named):
    with pytest.raises(MalformedValue, match=named):
        read_correction(value)
