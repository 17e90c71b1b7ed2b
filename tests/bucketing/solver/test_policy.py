"""What a policy may ask for."""

import pytest

from salient_crop.bucketing.solver.policy import REMAINDERS, BucketPolicy


def test_the_default_policy_allows_every_count():
    assert BucketPolicy() == BucketPolicy(None, False, 1, 1, "keep")
    assert REMAINDERS == ("keep", "repeat", "drop")
    with pytest.raises(AttributeError):
        BucketPolicy().batch_size = 2


@pytest.mark.parametrize("name", ["max_buckets", "batch_size", "smallest"])
def test_a_limit_below_one_is_refused_by_name(name):
    assert getattr(BucketPolicy(**{name: 1}), name) == 1
    for value in (0, -1):
        with pytest.raises(ValueError, match=f"^{name} must be at least 1, got {value}"):
            BucketPolicy(**{name: value})


@pytest.mark.parametrize("name", ["max_buckets", "batch_size", "smallest"])
def test_a_limit_that_is_no_count_is_refused_by_name(name):
    for value in (1.5, float("nan"), float("inf"), "3", True, [3]):
        with pytest.raises(TypeError, match=f"^{name} must be a whole number, got "):
            BucketPolicy(**{name: value})
    for value in (10**6 + 1, 2**70):
        with pytest.raises(ValueError, match=f"^{name} must (be at most 1000000|lie between)"):
            BucketPolicy(**{name: value})
    assert getattr(BucketPolicy(**{name: 10**6}), name) == 10**6


def test_other_settings_that_mean_nothing_are_refused_by_name():
    assert BucketPolicy(1, exact_count=True).exact_count
    with pytest.raises(ValueError, match="^exact_count needs the number of buckets in max_buckets"):
        BucketPolicy(exact_count=True)
    with pytest.raises(ValueError, match="^remainder must be one of keep, repeat, drop, got 'lose'"):
        BucketPolicy(remainder="lose")
    with pytest.raises(TypeError, match="^exact_count must be of the type bool, got 1"):
        BucketPolicy(3, exact_count=1)


@pytest.mark.parametrize(("pictures", "batch", "size"), [(0, 4, 0), (3, 4, 3), (4, 4, 0), (9, 4, 1), (9, 1, 0)])
@pytest.mark.parametrize("remainder", REMAINDERS)
def test_the_remainder_is_dropped_only_where_that_is_asked_for(pictures, batch, size, remainder):
    policy = BucketPolicy(batch_size=batch, remainder=remainder)
    assert policy.remainder_size(pictures) == size
    assert policy.dropped(pictures) == (size if remainder == "drop" else 0)
