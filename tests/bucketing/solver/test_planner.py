"""The whole plan: the best that there is, or not called so; counts as asked; a reason for what is left out."""

from dataclasses import replace

import brute_force
import numpy as np
import pytest

from salient_crop.bucketing.solver import reduction
from salient_crop.bucketing.solver.plan import REMAINDER, TOO_FEW, TOO_SMALL, BucketPlan
from salient_crop.bucketing.solver.planner import plan_assignment
from salient_crop.bucketing.solver.policy import BucketPolicy

INF = np.inf


def losses(pictures, buckets=12, seed=0):
    random = np.random.default_rng(seed)
    place = random.uniform(0, 1, (pictures, 1))
    return np.abs(place - np.linspace(0, 1, buckets)) * random.uniform(0.2, 1, (pictures, 1))


def check(plan, loss):
    """What holds of every plan; its counts."""
    placed = plan.assignment >= 0
    assert list(plan.left_out) == np.nonzero(~placed)[0].tolist()
    assert plan.loss == pytest.approx(loss[placed, plan.assignment[placed]].sum())
    assert np.isfinite(plan.loss)
    assert 0 <= plan.bound <= plan.loss
    assert ((plan.repeats > 0) <= placed).all()
    for index in np.nonzero(placed)[0]:
        least = loss[index, plan.buckets].min()
        assert loss[index, plan.preferred[index]] == least
        assert (index in plan.moved) == (loss[index, plan.assignment[index]] > least)
        assert plan.preferred[index] in plan.buckets
    assert (plan.preferred[~placed] == -1).all()
    assert plan.moved == [
        index
        for index in np.nonzero(placed)[0]
        if loss[index, plan.assignment[index]] > loss[index, plan.buckets].min()
    ]
    counts = plan.counts()
    assert list(counts) == plan.buckets == sorted(set(plan.assignment[placed].tolist()))
    assert sum(counts.values()) == placed.sum() + plan.repeats.sum()
    real = np.bincount(plan.assignment[placed], minlength=loss.shape[1])
    assert brute_force.allowed(real[None], plan.policy).all()
    if plan.policy.remainder == "repeat":
        assert all(count % plan.policy.batch_size == 0 for count in counts.values())
        assert plan.repeats.sum() == -placed.sum() % plan.policy.batch_size
    else:
        assert not plan.repeats.any()
    return counts


def reasons(plan, reason):
    return [index for index, why in plan.left_out.items() if why == reason]


@pytest.mark.parametrize("seed", range(6))
def test_no_plan_of_few_pictures_is_better_and_no_proof_is_false(seed):
    random = np.random.default_rng(seed)
    for _ in range(30):
        pictures, buckets = random.integers(1, 8), random.integers(1, 5)
        loss = brute_force.draw_loss(random, pictures, buckets)
        plan = plan_assignment(loss, brute_force.draw_policy(random, buckets))
        check(plan, loss)
        small, few, over = (reasons(plan, each) for each in (TOO_SMALL, TOO_FEW, REMAINDER))
        assert small == np.nonzero(np.isinf(loss).all(axis=1))[0].tolist()
        others = np.delete(loss, [*small, *few], axis=0)
        assert len(over) == plan.policy.dropped(len(others))
        least = brute_force.best_loss(others, plan.policy, len(over))
        assert plan.exact
        assert plan.loss == pytest.approx(least, abs=1e-6)
        assert plan.bound == pytest.approx(least, abs=1e-6)
        if few:  # not all of them could have been placed
            assert brute_force.best_loss(np.delete(loss, small, axis=0), plan.policy) == INF


@pytest.mark.parametrize("remainder", ["keep", "repeat", "drop"])
def test_a_plan_that_is_not_searched_to_the_end_says_how_far_it_may_be_off(monkeypatch, remainder):
    monkeypatch.setattr(reduction, "_MAX_ASSIGNMENTS", 1)
    monkeypatch.setattr(reduction, "_MAX_PAIRS", 0)
    random = np.random.default_rng(9)
    exact = 0
    for _ in range(25):
        loss = random.random((7, 4))
        plan = plan_assignment(loss, BucketPolicy(2, batch_size=3, smallest=2, remainder=remainder))
        check(plan, loss)
        least = brute_force.best_loss(loss, plan.policy)
        assert plan.bound <= least + 1e-9 and least <= plan.loss + 1e-9
        assert plan.gap == pytest.approx((plan.loss - plan.bound) / plan.loss)
        if plan.exact:
            assert plan.loss == pytest.approx(least, abs=1e-6)
            exact += 1
    assert 0 < exact < 25


@pytest.mark.parametrize(
    ("loss", "bound", "gap", "exact"),
    [
        (0.0, 0.0, 0.0, True),
        (2.0, 2.0, 0.0, True),
        (2.0, 1.0, 0.5, False),
        (1.0, 1.0 - 9e-7, 9e-7, True),
        (1.0, 1.0 - 2e-6, 2e-6, False),
        (0.5, 0.0, 1.0, False),
        (1.0, 1.1, 0.0, True),
    ],
)
def test_the_gap_is_relative_to_the_loss(loss, bound, gap, exact):
    none = np.zeros(0, int)
    plan = BucketPlan(none, none, none, {}, loss, bound, BucketPolicy())
    assert plan.gap == pytest.approx(gap, rel=1e-6)
    assert plan.exact == exact


@pytest.mark.parametrize("remainder", ["keep", "repeat", "drop"])
@pytest.mark.parametrize(("pictures", "batch"), [(20, 8), (41, 4), (203, 8), (24, 8)])
def test_the_counts_come_out_as_asked(pictures, batch, remainder):
    loss = losses(pictures)
    plan = plan_assignment(loss, BucketPolicy(3, batch_size=batch, smallest=2, remainder=remainder))
    counts = check(plan, loss)
    assert plan.policy.remainder == remainder
    assert len(counts) <= 3 and min(counts.values()) >= 2
    assert list(plan.left_out.values()) == [REMAINDER] * (pictures % batch if remainder == "drop" else 0)
    assert plan.exact


def test_what_is_dropped_is_what_loses_most():
    loss = np.full((9, 1), 0.1)
    loss[4] = 0.9
    assert plan_assignment(loss, BucketPolicy(batch_size=4, remainder="drop")).left_out == {4: REMAINDER}


def test_buckets_are_chosen_knowing_what_is_dropped():
    # Without picture 0, which only goes to the first bucket, all others lose nothing in the second.
    loss = np.array([[0.0, INF]] + [[0.5, 0.0]] * 4)
    plan = plan_assignment(loss, BucketPolicy(1, batch_size=4, remainder="drop"))
    assert (plan.left_out, plan.buckets, plan.loss, plan.exact) == ({0: REMAINDER}, [1], 0.0, True)
    # What would be dropped is not counted among what has to be moved.
    loss = np.array([[0.0, 1.0, 0.2]] * 8 + [[1.0, 0.9, 0.9]])
    plan = plan_assignment(loss, BucketPolicy(2, batch_size=4, smallest=2, remainder="drop"))
    assert (plan.left_out, plan.loss, plan.bound) == ({8: REMAINDER}, 0.0, 0.0)


def test_pictures_that_fit_nowhere_or_stay_single_are_left_out_and_cost_the_others_nothing():
    loss = losses(19)
    loss[5] = loss[7] = INF
    loss[7, 0] = 0.0
    loss[:7, 0], loss[8:, 0] = INF, INF
    plan = plan_assignment(loss, BucketPolicy(3, batch_size=4, smallest=2))
    counts = check(plan, loss)
    assert plan.left_out == {5: TOO_SMALL, 7: TOO_FEW}
    assert sum(counts.values()) == 17
    others = np.delete(loss, [5, 7], axis=0)
    assert plan.loss == pytest.approx(plan_assignment(others, BucketPolicy(3, batch_size=4, smallest=2)).loss)


def test_pictures_that_no_full_batch_can_hold_are_left_out():
    loss = np.array([[0, INF]] * 3 + [[INF, 0]] * 5)
    plan = plan_assignment(loss, BucketPolicy(batch_size=4))
    check(plan, loss)
    assert reasons(plan, TOO_FEW) == [0, 1, 2, 7]
    assert plan.counts() == {1: 4}


def test_a_remainder_that_fills_no_batch_is_kept_even_once_others_are_left_out():
    loss = np.array([[0, INF]] + [[INF, 0]] * 3)
    plan = plan_assignment(loss, BucketPolicy(batch_size=4, smallest=2, remainder="drop"))
    assert plan.left_out == {0: TOO_FEW}
    assert plan.counts() == {1: 3}
    assert plan.policy.remainder == "keep"


def test_an_exact_number_of_buckets_is_met_or_refused():
    loss = losses(24)
    loss[:, 0] = 0  # one bucket would be best for all
    policy = BucketPolicy(4, exact_count=True, batch_size=4)
    assert len(plan_assignment(loss, policy).buckets) == 4
    assert len(plan_assignment(loss, replace(policy, exact_count=False)).buckets) == 1
    assert len(plan_assignment(loss[:16], policy).buckets) == 4
    assert len(plan_assignment(losses(12, 12), replace(policy, max_buckets=12, batch_size=1)).buckets) == 12
    with pytest.raises(
        ValueError, match="4 buckets were asked for, but 15 pictures and 12 candidate buckets make fewer"
    ):
        plan_assignment(loss[:15], policy)
    with pytest.raises(ValueError, match="4 buckets were asked for, but 15 pictures"):
        plan_assignment(loss[:15], replace(policy, batch_size=1, smallest=4))
    with pytest.raises(ValueError, match="13 buckets were asked for, but 24 pictures and 12 candidate buckets"):
        plan_assignment(loss, BucketPolicy(13, exact_count=True))
    # Batches may be filled by repeating, but not two buckets by pictures that only one takes.
    assert len(plan_assignment(loss[:15], replace(policy, batch_size=4, remainder="repeat")).buckets) == 4
    with pytest.raises(ValueError, match="the pictures cannot fill exactly 2 buckets"):
        plan_assignment(np.array([[0, INF]] * 4), BucketPolicy(2, exact_count=True))


def test_moved_pictures_are_those_that_would_lose_less_elsewhere():
    loss = np.array([[0.0, 1.0]] * 5 + [[1.0, 0.0]] * 3)
    loss[2] = 0.2, 0.3
    plan = plan_assignment(loss, BucketPolicy(batch_size=4))
    assert plan.moved == [2]
    assert plan.preferred[2] == 0 and plan.assignment[2] == 1
    # Between buckets in which a picture loses the same it is not moved.
    assert plan_assignment(np.zeros((5, 2)), BucketPolicy(2, True, batch_size=4, remainder="repeat")).moved == []


def test_equal_pictures_are_placed_in_their_order():
    loss = np.array([[0.0, 0.5]] * 3 + [[0.9, 0.0]] + [[0.0, 0.5]] * 2)
    plan = plan_assignment(loss, BucketPolicy(batch_size=2))
    assert plan.assignment.tolist() == [0, 0, 0, 1, 0, 1]
    plan = plan_assignment(np.zeros((5, 1)), BucketPolicy(batch_size=2, remainder="drop"))
    assert plan.left_out == {4: REMAINDER}


@pytest.mark.parametrize(
    ("loss", "policy", "repeats"),
    [
        ([[0.3], [0.1], [0.2]], BucketPolicy(batch_size=4, remainder="repeat"), [0, 1, 0]),
        ([[0.3], [0.1], [0.2]], BucketPolicy(batch_size=8, remainder="repeat"), [1, 2, 2]),
        ([[0.3], [0.1], [0.2]], BucketPolicy(batch_size=2, remainder="repeat"), [0, 1, 0]),
        ([[0.1], [0.1]], BucketPolicy(batch_size=3, remainder="repeat"), [1, 0]),
    ],
)
def test_places_are_filled_by_the_pictures_that_lose_least(loss, policy, repeats):
    assert plan_assignment(np.array(loss), policy).repeats.tolist() == repeats


@pytest.mark.parametrize(
    ("loss", "policy", "counts"),
    [
        (np.zeros((0, 3)), BucketPolicy(2), {}),
        (np.zeros((0, 3)), BucketPolicy(batch_size=4, smallest=2, remainder="drop"), {}),
        (np.full((2, 3), INF), BucketPolicy(), {}),
        ([[0.3, 0.1]], BucketPolicy(2, batch_size=4, smallest=2), {1: 1}),
        ([[0.3, 0.1]], BucketPolicy(2, batch_size=4, remainder="repeat"), {1: 4}),
        ([[0.3, 0.1]], BucketPolicy(2, batch_size=4, remainder="drop"), {1: 1}),
        ([[0.3, 0.1]] * 3, BucketPolicy(batch_size=4, remainder="drop"), {1: 3}),
        ([[0.3, 0.1]] * 4, BucketPolicy(batch_size=4, remainder="drop"), {1: 4}),
        ([[0.3, 0.1]] * 3, BucketPolicy(smallest=9), {1: 3}),
    ],
)
def test_very_few_pictures_are_still_planned(loss, policy, counts):
    plan = plan_assignment(np.array(loss), policy)
    assert plan.counts() == counts
    assert plan.exact
    assert plan.moved == []


@pytest.mark.parametrize(
    ("pictures", "policy", "limits"),
    [
        (0, BucketPolicy(9), (1, 1)),
        (20, BucketPolicy(), (None, 1)),
        (20, BucketPolicy(9), (9, 1)),
        (20, BucketPolicy(12), (None, 1)),
        (20, BucketPolicy(13), (None, 1)),
        (20, BucketPolicy(batch_size=8), (3, 1)),  # no more can be filled
        (20, BucketPolicy(2, batch_size=8), (2, 1)),
        (20, BucketPolicy(smallest=5), (4, 5)),
        (20, BucketPolicy(smallest=30), (1, 20)),
        (20, BucketPolicy(batch_size=2), (None, 1)),  # ten could be, which is no help in choosing
        (12, BucketPolicy(batch_size=2), (6, 1)),
        (20, BucketPolicy(12, True), (12, 1)),
    ],
)
def test_the_plan_tells_the_policy_as_it_was_applied(pictures, policy, limits):
    found = plan_assignment(losses(pictures), policy).policy
    assert (found.max_buckets, found.smallest) == limits
    assert (found.batch_size, found.exact_count, found.remainder) == (policy.batch_size, policy.exact_count, "keep")


def test_thousands_of_pictures_of_their_own_are_planned_to_the_optimum_and_equal_ones_at_once():
    loss = losses(3000, buckets=20, seed=3)
    plan = plan_assignment(loss, BucketPolicy(3, batch_size=8, smallest=2))
    assert all(count % 8 == 0 for count in plan.counts().values())
    assert sum(plan.counts().values()) == 3000
    assert plan.exact
    many = np.repeat(losses(5, buckets=20), 4000, axis=0)
    plan = plan_assignment(many, BucketPolicy(3, batch_size=7, smallest=2))
    assert sum(count % 7 for count in plan.counts().values()) == 20_000 % 7
    assert plan.exact


def test_more_subsets_than_can_be_listed_still_get_a_proven_bound():
    loss = losses(200, buckets=40, seed=5)
    plan = plan_assignment(loss, BucketPolicy(8, batch_size=4, smallest=2))
    assert all(count % 4 == 0 for count in check(plan, loss).values())
    assert 0 < plan.bound <= plan.loss
    assert plan.gap < 0.1


@pytest.mark.parametrize(
    ("loss", "complaint"),
    [
        (np.zeros(3), r"must be \[pictures, buckets\] with at least one bucket, got \[3\]"),
        (np.zeros((3, 0)), r"got \[3, 0\]"),
        (np.zeros((3, 1, 1)), r"got \[3, 1, 1\]"),
        (np.array([[0.0, np.nan]]), "must be numbers of 0 or more"),
        (np.array([[0.0, -1e-9]]), "must be numbers of 0 or more"),
        (np.array([[0.0, -INF]]), "must be numbers of 0 or more"),
        (np.array([[0.0, 1e308]]), r"must be at most 1e\+06"),
    ],
)
def test_losses_that_are_none_are_refused(loss, complaint):
    with pytest.raises(ValueError, match=f"^losses .*{complaint}"):
        plan_assignment(loss, BucketPolicy())


@pytest.mark.parametrize("loss", [None, "loss", {}, [["a"]], [[None]], [[1j]], [[True]], [[1.0], [1.0, 2.0]]])
def test_losses_that_are_no_numbers_are_refused(loss):
    with pytest.raises(TypeError, match="^losses must be .*real numbers, got "):
        plan_assignment(loss, BucketPolicy())


@pytest.mark.parametrize("policy", [None, 3, "keep", {"batch_size": 2}])
def test_a_policy_that_is_none_is_refused(policy):
    with pytest.raises(TypeError, match="^policy must be of the type BucketPolicy, got "):
        plan_assignment(np.zeros((3, 2)), policy)
