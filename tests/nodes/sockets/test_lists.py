"""Values paired with the pictures they belong to."""

import pytest

from salient_crop.nodes.sockets.lists import pair_with_pictures, require_single


@pytest.mark.parametrize(
    ("values", "count", "expected"),
    [
        ([], 0, []),
        ([], 2, [None, None]),
        (None, 2, [None, None]),
        (["a"], 1, ["a"]),
        (["a"], 3, ["a", "a", "a"]),
        (["a", "b"], 2, ["a", "b"]),
    ],
)
def test_one_value_serves_all_pictures_and_otherwise_there_is_one_each(values, count, expected):
    assert pair_with_pictures(values, count, "caption") == expected


@pytest.mark.parametrize(("values", "count"), [(["a", "b"], 1), (["a", "b"], 3), (["a", "b", "c"], 2)])
def test_lists_of_another_length_are_refused_by_name(values, count):
    with pytest.raises(ValueError, match=f"^caption: {len(values)} values for {count} pictures; connect one for all"):
        pair_with_pictures(values, count, "caption")


def test_a_value_for_all_pictures_has_to_be_the_only_one():
    assert require_single(["a"], "ratio") == "a"
    for values in ([], ["a", "a"]):
        with pytest.raises(ValueError, match=f"^ratio: {len(values)} values are connected"):
            require_single(values, "ratio")
