"""Pictures for the page stay within their memory."""

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.text_region import TextRegion
from salient_crop.review.pictures import BoundedCache, list_regions


def test_what_was_asked_for_last_stays_within_the_limit():
    cache, made = BoundedCache(100), []

    def make(name):
        return lambda: made.append(name) or bytes(40)

    for name in "abacb":
        cache.get(name, make(name))
        assert cache.size <= 100
    assert "".join(made) == "abcb"  # b was left out for c, since a was asked for again


def test_what_alone_is_too_large_is_not_kept():
    cache = BoundedCache(10)
    assert len(cache.get("a", lambda: bytes(50))) == 50
    assert cache.size == 0


def test_regions_are_told_with_their_frame():
    constraint = Constraint(keep=((0.1, 0.1, 0.2, 0.2),), text_regions=(TextRegion.preset("top", "crop"),))
    assert [(each["kind"], each["frame"]) for each in list_regions(constraint)] == [
        ("keep", "source"),
        ("text", "crop"),
    ]
