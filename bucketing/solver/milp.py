"""The counting problem as an integer program, solved by HiGHS through scipy.

Pictures with equal losses are one *kind* with a weight. Which kind goes where is a flow: once the buckets and the
number of batches in each are whole numbers, the rest of the program is a transportation problem, whose vertices are
whole by themselves (its matrix is totally unimodular). So only the buckets' own variables need to be integers, three
each, however many pictures there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

from .policy import BucketPolicy

# Limits on nodes and on the gap, never on time: the same plan on a slow machine as on a fast one. With many buckets the
# last half per cent would take most of the time.
_NODES, _FEW, _GAP = 1000, 8, 5e-3


@dataclass(frozen=True, slots=True)
class Flow:
    """A solved program.

    Attributes:
        counts: int64 `[T, M]`, how many pictures of each kind go to each bucket.
        left_out: int64 `[T]`, how many of each kind go nowhere.
        repeats: int64 `[M]`, how many places of each bucket are filled by a picture a second time.
        loss: total over the pictures placed.
        bound: no plan that leaves out as many pictures loses less.
    """

    counts: np.ndarray
    left_out: np.ndarray
    repeats: np.ndarray
    loss: float
    bound: float


def solve(
    loss: np.ndarray, weights: np.ndarray, policy: BucketPolicy, settled: np.ndarray | None = None, exact: bool = False
) -> Flow | None:
    """The flow of least loss under the policy, or None where the policy cannot be met without leaving pictures out.

    Args:
        loss: float `[T, M]` ≥ 0; inf where a kind must not go.
        weights: int `[T]`, pictures of each kind.
        settled: int `[M]`, how many pictures are in each bucket besides; their loss is not counted.
        exact: close the gap wholly, however many buckets there are.
    """
    return _Program(loss, weights, policy, settled).flow(penalty=None, exact=exact)


def solve_leaving_out(loss: np.ndarray, weights: np.ndarray, policy: BucketPolicy) -> Flow:
    """The same for a policy that cannot be met by all: leaves out the fewest pictures, and of those the dearest."""
    drop = BucketPolicy(policy.max_buckets, False, policy.batch_size, policy.smallest, "drop")
    # Dearer than moving every picture from its best bucket to its worst: so the fewest are left out.
    penalty = 1.0 + float(np.where(np.isfinite(loss), loss, 0).max(axis=1) @ weights)
    flow = _Program(loss, weights, drop, None).flow(penalty)
    assert flow is not None, "leaving out every picture is always possible"
    return flow


class _Program:
    """Variables: flows of the arcs, then for every bucket used?, batches, extra, then for every kind left out."""

    def __init__(self, loss: np.ndarray, weights: np.ndarray, policy: BucketPolicy, settled: np.ndarray | None) -> None:
        self.kinds, self.buckets = loss.shape
        self.settled = np.zeros(self.buckets, dtype=np.int64) if settled is None else settled
        self.kind, self.bucket = np.nonzero(np.isfinite(loss))
        self.cost = loss[self.kind, self.bucket]
        self.weights, self.policy = weights, policy
        self.total = int(weights.sum() + self.settled.sum())
        self.spare = policy.remainder_size(self.total)
        self.arcs = len(self.kind)
        self.size = self.arcs + 3 * self.buckets + self.kinds

    def flow(self, penalty: float | None, exact: bool = False) -> Flow | None:
        objective = np.zeros(self.size)
        objective[: self.arcs] = self.cost
        if penalty is not None:
            objective[-self.kinds :] = penalty
        elastic = penalty is not None
        answer = milp(
            objective,
            constraints=[
                each for each in (self._everyone(), self._counts(), *self._limits(), self._remainder(elastic)) if each
            ],
            integrality=self._integers(),
            bounds=self._bounds(elastic),
            options={"mip_rel_gap": 0.0 if exact or self.buckets <= _FEW else _GAP, "node_limit": _NODES},
        )
        return None if answer.x is None else self._read(answer, penalty or 0.0)

    def _read(self, answer: OptimizeResult, penalty: float) -> Flow:
        values: np.ndarray = np.round(answer.x).astype(np.int64)
        counts = np.zeros((self.kinds, self.buckets), dtype=np.int64)
        counts[self.kind, self.bucket] = values[: self.arcs]
        left_out = values[-self.kinds :]
        extra = values[self.arcs + 2 * self.buckets : self.arcs + 3 * self.buckets]
        loss = float(self.cost @ values[: self.arcs])
        return Flow(
            counts,
            left_out,
            extra if self.policy.remainder == "repeat" else np.zeros_like(extra),
            loss,
            min(loss, float(answer.mip_dual_bound) - penalty * int(left_out.sum())),
        )

    def _integers(self) -> np.ndarray:
        whole = np.zeros(self.size)
        whole[self.arcs : self.arcs + 3 * self.buckets] = 1
        return whole

    def _bounds(self, elastic: bool) -> Bounds:
        top = np.zeros(self.size)
        top[: self.arcs] = self.weights[self.kind]
        used, batches, extra, left_out = self._parts(top)
        used[:] = 1
        batches[:] = self.total // self.policy.batch_size + 1
        if self.spare and self.policy.remainder == "repeat":
            extra[:] = self.policy.batch_size - self.spare
        if self.spare and self.policy.remainder == "keep":
            extra[:] = 1
        if elastic or self.policy.remainder == "drop":
            left_out[:] = self.weights
        return Bounds(0, top)

    def _everyone(self) -> LinearConstraint:
        """Every picture goes to one bucket or is left out."""
        rows = np.r_[self.kind, np.arange(self.kinds)]
        columns = np.r_[np.arange(self.arcs), np.arange(self.size - self.kinds, self.size)]
        return self._equal(rows, columns, np.ones(len(rows)), self.weights)

    def _counts(self) -> LinearConstraint:
        """Every count is a number of batches, and one of them may hold the remainder besides."""
        each = np.arange(self.buckets)
        # `keep`: count − batches − spare·(this one holds it) = 0. `repeat`: count − batches + places repeated = 0.
        unit = 1.0 if self.policy.remainder == "repeat" else -float(self.spare)
        rows = np.r_[self.bucket, each, each]
        columns = np.r_[np.arange(self.arcs), self._batches(each), self._extra(each)]
        values = np.r_[
            np.ones(self.arcs), np.full(self.buckets, -float(self.policy.batch_size)), np.full(self.buckets, unit)
        ]
        return self._equal(rows, columns, values, -self.settled)

    def _limits(self) -> list[LinearConstraint]:
        each = np.arange(self.buckets)
        ones = np.ones(self.buckets)
        flows, counts = np.arange(self.arcs), (self.bucket, np.ones(self.arcs))
        smallest = self._matrix(
            np.r_[counts[0], each],
            np.r_[flows, self._used(each)],
            np.r_[counts[1], -float(self.policy.smallest) * ones],
            self.buckets,
        )
        # A place is filled a second time only, unless there are fewer pictures than a batch holds.
        times = 1 if self.total >= self.policy.batch_size else self.policy.batch_size
        repeated = self._matrix(
            np.r_[counts[0], each], np.r_[flows, self._extra(each)], np.r_[times * counts[1], -ones], self.buckets
        )
        limits = [LinearConstraint(smallest, -self.settled, np.inf), self._only_used()]
        if self.policy.remainder == "repeat":
            limits.append(LinearConstraint(repeated, -times * self.settled, np.inf))
        if self.policy.max_buckets is not None:
            number = self._matrix(np.zeros(self.buckets, int), self._used(each), ones, 1)
            limits.append(
                LinearConstraint(
                    number, self.policy.max_buckets if self.policy.exact_count else 0, self.policy.max_buckets
                )
            )
        return limits

    def _only_used(self) -> LinearConstraint:
        """Nothing goes to a bucket that is not used: for every arc where buckets must be chosen, which makes the
        relaxation tight, and in sum where none has to be."""
        choosing = (
            self.policy.max_buckets is not None and self.policy.max_buckets < self.buckets and not self.settled.any()
        )
        flows = np.arange(self.arcs)
        if choosing:
            caps = -self.weights[self.kind].astype(float)
            rows, columns = np.r_[flows, flows], np.r_[flows, self._used(self.bucket)]
            return LinearConstraint(self._matrix(rows, columns, np.r_[np.ones(self.arcs), caps], self.arcs), -np.inf, 0)
        each = np.arange(self.buckets)
        values = np.r_[np.ones(self.arcs), np.full(self.buckets, -float(self.total))]
        matrix = self._matrix(np.r_[self.bucket, each], np.r_[flows, self._used(each)], values, self.buckets)
        return LinearConstraint(matrix, -np.inf, -self.settled)

    def _remainder(self, elastic: bool) -> LinearConstraint | None:
        """The remainder is held, repeated or left out as often as it must be, and no more."""
        if elastic:
            return None
        if self.policy.remainder == "drop":
            columns = np.arange(self.size - self.kinds, self.size)
            wanted = self.spare
        else:
            columns = self._extra(np.arange(self.buckets))
            wanted = 1 if self.policy.remainder == "keep" else self.policy.batch_size - self.spare
            wanted = wanted if self.spare else 0
        return self._equal(np.zeros(len(columns), int), columns, np.ones(len(columns)), np.array([wanted]))

    def _parts(self, values: np.ndarray) -> list[np.ndarray]:
        return np.split(values, self.arcs + self.buckets * np.array([0, 1, 2, 3]))[1:]

    def _used(self, bucket: np.ndarray) -> np.ndarray:
        return self.arcs + bucket

    def _batches(self, bucket: np.ndarray) -> np.ndarray:
        return self.arcs + self.buckets + bucket

    def _extra(self, bucket: np.ndarray) -> np.ndarray:
        return self.arcs + 2 * self.buckets + bucket

    def _matrix(self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, height: int) -> sparse.csr_matrix:
        return sparse.csr_matrix((values, (rows, columns)), shape=(height, self.size))

    def _equal(self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, to: np.ndarray) -> LinearConstraint:
        return LinearConstraint(self._matrix(rows, columns, values, len(to)), to, to)
