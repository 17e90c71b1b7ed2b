"""The JSON of a sample, with ours."""

import json

import pytest

from salient_crop.datasets.shards.details import KEY, add_details

LINE = '{"status": "ok"}'


@pytest.mark.parametrize(
    "content", [None, b"{}", b"{ }\n", b'{"a": 1}', b' {"a": {"b": [1e5, 123456789012345678901234567890]}} \n']
)
def test_a_line_in_the_json_that_is_there(content):
    (found,) = add_details(content, LINE).items()
    expected = {**json.loads(content or b"{}"), KEY: {"status": "ok"}}
    assert (found[0], json.loads(found[1])) == ("json", expected)


def test_what_was_there_stays_byte_for_byte():
    before = b'{"score": 1.50, "name": "\\u00fc", "a": 1, "a": 2'
    assert add_details(before + b"}", LINE)["json"].startswith(before)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff", b'"text"', b"[" * 9999])
def test_what_is_no_object_stays_and_the_line_goes_beside(content):
    assert add_details(content, LINE) == {"json": content, f"{KEY}.json": LINE.encode()}


def test_the_line_of_an_earlier_run_is_replaced():
    found = json.loads(add_details(b'{"a": 1, "salient_crop": {"old": 1}}', LINE)["json"])
    assert found == {"a": 1, KEY: {"status": "ok"}}
