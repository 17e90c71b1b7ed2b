"""The bounds of K-median are true for any prices, and the subsets come in their order."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from salient_crop.bucketing.solver import lagrangian
from salient_crop.bucketing.solver.lagrangian import (
    DualPrices,
    cap_losses,
    choose_by_interchange,
    iterate_by_bound,
    list_subsets,
    maximise_bound,
    median_loss,
)


def subsets_of(buckets, size):
    return np.array(list(combinations(range(buckets), size)))


def median_losses(loss, supply, size):
    return np.array([median_loss(loss, supply, subset) for subset in subsets_of(loss.shape[1], size)])


def draw(random):
    groups, buckets = random.integers(1, 12), random.integers(2, 7)
    return random.random((groups, buckets)), random.integers(1, 5, groups), int(random.integers(1, buckets))


def test_no_subset_loses_less_than_its_bound_whatever_the_prices():
    random = np.random.default_rng(0)
    for _ in range(100):
        loss, supply, size = draw(random)
        dual = DualPrices.of(random.uniform(-0.2, 1.2, len(loss)), loss, supply)
        losses = median_losses(loss, supply, size)
        subsets = subsets_of(loss.shape[1], size)
        assert (dual.bounds(subsets) <= losses + 1e-9).all()
        assert dual.bound(size) == pytest.approx(dual.bounds(subsets).min())
        for bucket, added in enumerate(dual.added_by(size)):
            having = (subsets == bucket).any(axis=1)
            assert dual.bound(size) + added == pytest.approx(dual.bounds(subsets)[having].min())


def test_the_dual_by_hand():
    loss, supply = np.array([[0.0, 3.0, 5.0], [4.0, 1.0, 2.0]]), np.array([2, 1])
    dual = DualPrices.of(np.array([2.0, 3.0]), loss, supply)
    assert dual.total == 7.0
    assert dual.reduced_costs.tolist() == [-4.0, -2.0, -1.0]
    assert (dual.bound(1), dual.bound(2), dual.bound(3), dual.bound(9)) == (3.0, 1.0, 0.0, 0.0)
    assert dual.bounds(np.array([[0, 1], [1, 2]])).tolist() == [1.0, 4.0]
    assert dual.added_by(1).tolist() == [0.0, 2.0, 3.0]
    assert dual.added_by(2).tolist() == [0.0, 0.0, 1.0]
    assert dual.added_by(9).tolist() == [0.0, 0.0, 0.0]


def test_subgradient_rounds_bring_the_bound_near_the_optimum():
    random = np.random.default_rng(1)
    shares = []
    for _ in range(40):
        loss, supply, size = draw(random)
        least = median_losses(loss, supply, size).min()
        known = median_loss(loss, supply, choose_by_interchange(loss, supply, size))
        dual = maximise_bound(loss, supply, size, known)
        assert dual.bound(size) <= least + 1e-9
        shares.append(dual.bound(size) / least)
    assert np.mean(shares) > 0.98
    assert np.mean(np.array(shares) > 1 - 1e-6) > 0.6  # the duality gap is often 0


def test_on_a_line_the_bound_is_the_optimum():
    """K-median on a line has no duality gap, which 300 rounds nearly close."""
    random = np.random.default_rng(2)
    loss = np.abs(random.uniform(0, 1, (200, 1)) - np.linspace(0, 1, 12))
    supply = random.integers(1, 4, 200)
    least = median_losses(loss, supply, 3).min()
    dual = maximise_bound(loss, supply, 3, least)
    assert least * 0.999 < dual.bound(3) <= least + 1e-9


def test_the_rounds_end_once_the_known_loss_is_proven(monkeypatch):
    loss, supply = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1, 1])
    rounds = []
    argsort = np.argsort
    monkeypatch.setattr(lagrangian.np, "argsort", lambda *given, **more: rounds.append(1) or argsort(*given, **more))
    assert maximise_bound(loss, supply, 2, 0.0).bound(2) == 0.0
    assert len(rounds) == 1
    rounds.clear()
    # No subset reaches what is claimed to be known: 300 rounds and no more.
    assert maximise_bound(np.random.default_rng(0).random((20, 4)), np.ones(20, int), 2, 100.0).bound(2) < 20
    assert len(rounds) == 300


def test_prices_of_a_single_bucket():
    dual = maximise_bound(np.array([[0.3], [0.5]]), np.array([2, 1]), 1, 1.1)
    assert dual.bound(1) == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("loss", "capped"),
    [
        (np.zeros((0, 2)), np.zeros((0, 2))),
        ([[0.0, 2.0]], [[0.0, 2.0]]),
        ([[0.0, np.inf], [2.0, 1.0]], [[0.0, 30.0], [2.0, 1.0]]),
        ([[np.inf, 0.25]], [[12.5, 0.25]]),
    ],
)
def test_infinite_losses_become_large_ones(loss, capped):
    assert cap_losses(np.array(loss)) == pytest.approx(np.array(capped))


def test_no_exchange_of_one_bucket_improves_the_choice():
    random = np.random.default_rng(3)
    best = 0
    for _ in range(60):
        loss, supply, size = draw(random)
        chosen = choose_by_interchange(loss, supply, size)
        assert chosen.tolist() == sorted(set(chosen.tolist())) and len(chosen) == size
        found = median_loss(loss, supply, chosen)
        for place in range(size):
            for other in set(range(loss.shape[1])) - set(chosen.tolist()):
                exchanged = chosen.copy()
                exchanged[place] = other
                assert median_loss(loss, supply, exchanged) >= found * (1 - 1e-8)
        best += found <= median_losses(loss, supply, size).min() + 1e-12
    assert best > 45


def test_an_exchange_improves_what_greedy_chose_first():
    # The middle bucket is best alone, but two of its neighbours are better together.
    loss = np.array([[0.0, 0.4, 1.0], [0.0, 0.4, 1.0], [1.0, 0.4, 0.0], [1.0, 0.4, 0.0]])
    supply = np.ones(4, int)
    assert choose_by_interchange(loss, supply, 1).tolist() == [1]
    assert choose_by_interchange(loss, supply, 2).tolist() == [0, 2]
    assert choose_by_interchange(loss, supply, 3).tolist() == [0, 1, 2]


def test_the_loss_of_a_subset_without_a_place_for_all_is_infinite():
    loss = np.array([[0.5, np.inf], [0.25, 1.0]])
    assert median_loss(loss, np.array([2, 4]), np.array([0])) == 2.0
    assert median_loss(loss, np.array([2, 4]), np.array([1])) == np.inf


@pytest.mark.parametrize(("buckets", "size"), [(1, 1), (4, 1), (5, 3), (6, 6)])
def test_every_subset_is_listed_once(buckets, size):
    assert list_subsets(buckets, size).tolist() == subsets_of(buckets, size).tolist()


def test_too_many_subsets_are_not_listed(monkeypatch):
    assert len(list_subsets(31, 4)) == comb(31, 4)
    assert list_subsets(40, 8) is None
    monkeypatch.setattr(lagrangian, "MAX_SUBSETS", comb(6, 3))
    assert len(list_subsets(6, 3)) == 20
    monkeypatch.setattr(lagrangian, "MAX_SUBSETS", comb(6, 3) - 1)
    assert list_subsets(6, 3) is None


@pytest.mark.parametrize("sorted_first", [1, 7, 19, 20, 21, 1000])
@pytest.mark.parametrize("block", [1, 3, 100])
def test_subsets_come_by_their_bounds_to_the_very_last(monkeypatch, sorted_first, block):
    monkeypatch.setattr(lagrangian, "_SORTED_FIRST", sorted_first)
    random = np.random.default_rng(4)
    loss, supply = random.random((8, 6)), np.ones(8, int)
    dual = DualPrices.of(np.full(8, 0.5), loss, supply)
    subsets = list_subsets(6, 3)
    blocks = list(iterate_by_bound(subsets, dual, block))
    assert all(1 <= len(part) <= block for _, part in blocks)
    assert [bound for bound, _ in blocks] == [dual.bounds(part)[0] for _, part in blocks]
    order = np.concatenate([part for _, part in blocks])
    assert (np.diff(dual.bounds(order)) >= 0).all()
    assert sorted(map(tuple, order.tolist())) == list(map(tuple, subsets.tolist()))
