"""Prices of many pictures, from a sample: what they prove must hold, and be close."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from salient_crop.bucketing.solver import planner, reduction
from salient_crop.bucketing.solver.planner import plan_assignment
from salient_crop.bucketing.solver.policy import REMAINDERS, BucketPolicy
from salient_crop.bucketing.solver.prices import BucketPrices, find_prices, price_all


def made_losses(seed, pictures, buckets):
    """Losses of pictures of several ratios in buckets of others, with noise."""
    rng = np.random.default_rng(seed)
    own = rng.choice([-0.4, 0.0, 0.4], pictures) + rng.normal(0, 0.05, pictures)
    return 1 - np.exp(-np.abs(own[:, None] - np.linspace(-0.6, 0.6, buckets))) + rng.gamma(1, 0.02, (pictures, buckets))


def least_loss(loss, supply, limit):
    return min(float(loss[:, list(each)].min(axis=1) @ supply) for each in combinations(range(loss.shape[1]), limit))


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(2, 6), st.data())
@settings(max_examples=60)
def test_whatever_the_prices_they_bound_every_choice(seed, pictures, buckets, data):
    rng = np.random.default_rng(seed)
    loss, supply = rng.integers(0, 6, (pictures, buckets)).astype(float), rng.integers(1, 4, pictures)
    limit = data.draw(st.integers(1, buckets - 1))
    shares = rng.random((data.draw(st.integers(1, 4)), buckets))
    prices = BucketPrices(shares, rng.dirichlet(np.ones(len(shares))))
    assert price_all(loss, supply, prices).bound(limit) <= least_loss(loss, supply, limit) + 1e-9


@pytest.mark.parametrize(("seed", "limit"), [(0, 1), (1, 2), (2, 3), (3, 5)])
def test_on_the_pictures_themselves_the_bound_is_that_of_the_linear_program(seed, limit):
    loss, supply = made_losses(seed, 60, 7), np.random.default_rng(seed).integers(1, 5, 60)
    pictures, buckets = loss.shape
    # x of every picture and bucket, then y of every bucket
    cost = np.r_[(loss * supply[:, None]).ravel(), np.zeros(buckets)]
    only_open = np.c_[np.eye(pictures * buckets), -np.tile(np.eye(buckets), (pictures, 1))]
    served = np.c_[np.kron(np.eye(pictures), np.ones(buckets)), np.zeros((pictures, buckets))]
    opened = np.r_[np.zeros(pictures * buckets), np.ones(buckets)][None]
    answer = linprog(
        cost,
        A_ub=only_open,
        b_ub=np.zeros(len(only_open)),
        A_eq=np.r_[served, opened],
        b_eq=np.r_[np.ones(pictures), limit],
        bounds=(0, 1),
    )
    bound = price_all(loss, supply, find_prices(loss, supply, limit)).bound(limit)
    assert answer.fun * (1 - 1e-3) <= bound <= answer.fun + 1e-9


def test_prices_of_a_sample_come_close_for_all():
    loss, supply = made_losses(0, 6000, 9), np.ones(6000, np.int64)
    prices = find_prices(loss[::4], supply[::4], 3)
    best = least_loss(loss, supply, 3)
    assert 0.97 * best <= price_all(loss, supply, prices).bound(3) <= best + 1e-9


@pytest.fixture
def many(monkeypatch):
    """Thirty pictures are many."""
    monkeypatch.setattr(planner, "MANY_GROUPS", 30)
    monkeypatch.setattr(reduction, "MANY_GROUPS", 30)
    monkeypatch.setattr(reduction, "_SAMPLE", 25)


@pytest.mark.parametrize("remainder", REMAINDERS)
@pytest.mark.parametrize("limit", [2, 4, None])
def test_a_plan_of_many_is_that_of_the_exact_solver(many, monkeypatch, remainder, limit):
    loss = made_losses(7, 97, 8)
    loss[::9, 3] = np.inf
    policy = BucketPolicy(limit, batch_size=4, smallest=4, remainder=remainder)
    found = plan_assignment(loss, policy)
    monkeypatch.undo()
    exact = plan_assignment(loss, policy)
    assert exact.exact
    assert found.bound <= exact.loss + 1e-9 <= found.loss + 2e-9
    assert found.gap < 0.02
    counts = found.counts()
    over = sorted(count % 4 for count in counts.values())
    assert over == [0] * len(counts) if remainder != "keep" else over[:-1] == [0] * (len(counts) - 1)
    assert limit is None or len(counts) <= limit


def test_the_same_pictures_give_the_same_plan(many):
    loss = made_losses(3, 200, 9)
    policy = BucketPolicy(3, batch_size=8)
    first, second = plan_assignment(loss, policy), plan_assignment(loss.copy(), policy)
    assert (first.assignment == second.assignment).all() and first.bound == second.bound


def test_more_subsets_than_are_listed_still_have_a_bound(many, monkeypatch):
    monkeypatch.setattr("salient_crop.bucketing.solver.lagrangian.MAX_SUBSETS", 10)
    plan = plan_assignment(made_losses(4, 300, 9), BucketPolicy(4, batch_size=4))
    assert 0 < plan.bound <= plan.loss and plan.gap < 0.05


def test_equal_pictures_among_many_are_planned_together_and_in_their_order(many):
    kinds = made_losses(5, 3, 4)
    loss = kinds[np.arange(90) % 3]
    plan = plan_assignment(loss, BucketPolicy(2, batch_size=8, remainder="keep"))
    assert plan.exact
    for kind in range(3):
        mine = plan.assignment[kind::3]
        assert (np.diff(mine) >= 0).all()  # those of one kind go to its buckets one after the other


def test_rows_whose_sums_are_alike_are_not_taken_for_one(many):
    loss = made_losses(6, 40, 3)
    loss[1], loss[2] = [np.inf, 0.1, 0.2], [np.inf, 0.1, 0.2]
    plan = plan_assignment(loss, BucketPolicy())
    assert plan.exact and (plan.assignment == loss.argmin(axis=1)).all()
