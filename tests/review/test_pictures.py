"""Pictures for the page stay within their memory."""

from salient_crop.review.pictures import BoundedCache


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
