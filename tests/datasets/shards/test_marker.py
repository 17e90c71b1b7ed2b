"""The mark that a shard is done."""

import json

import pytest

from salient_crop.datasets.shards.marker import Marker

MARKER = Marker("a.tar", 9, {"a.tar": "0" * 32}, {"format": "jpg"}, {"crops": 3}, ("a.tar/b.jpg: broken",))


def test_it_reads_back():
    assert Marker.parse(MARKER.format()) == MARKER
    assert MARKER.format() == MARKER.format()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shard", "../a.tar"),
        ("shard", 1),
        ("source_size", "9"),
        ("files", ["a.tar"]),
        ("files", {"a.tar": "x"}),
        ("settings", []),
        ("counts", 3),
        ("counts", {"crops": "3"}),
        ("problems", "none"),
    ],
)
def test_what_is_none_is_refused(field, value):
    with pytest.raises(ValueError, match=field):
        Marker.parse(json.dumps({**json.loads(MARKER.format()), field: value}).encode())


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"{"])
def test_other_files_are_refused(content):
    with pytest.raises(ValueError):
        Marker.parse(content)
