"""The assignment problem as a mixed-integer linear program (MILP), solved by HiGHS through `scipy.optimize.milp`.

With group g, bucket j, supply s, batch size B, N pictures and r = N mod B, the variables are

    x[g, j] ≥ 0          pictures of g in j (no variable where the loss is infinite)
    used[j] in {0, 1}    bucket j is used
    batches[j] ≥ 0       integer, batches of j
    extra[j] ≥ 0         integer; `keep`: 1 where j holds the remainder, `repeat`: pictures of j used a second time
    left_out[g] ≥ 0      pictures of g in no bucket

and the program is

    minimise    sum of loss[g, j] x[g, j]
    subject to  sum over j of x[g, j] + left_out[g] = s[g]
                count[j] = sum over g of x[g, j] = B batches[j] + r extra[j]   (`repeat`: B batches[j] - extra[j])
                smallest used[j] ≤ count[j] ≤ N used[j]
                sum of used[j] ≤ max_buckets
                sum of extra[j], or of left_out[g], as large as the remainder asks for

Only `used`, `batches` and `extra` are declared as integers. Once these are fixed, a transportation problem remains,
whose matrix is totally unimodular: its vertices are integral (Hoffman and Kruskal 1956), so that x comes out in whole
pictures. There are 3 M integers, however many pictures there are; the worst case is exponential in M.

HiGHS: Huangfu and Hall, "Parallelizing the dual revised simplex method", 2018.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

from .problem import Problem, Solution

# Branch-and-bound nodes, not seconds, limit the search: a slow machine gives the same plan as a fast one.
_MAX_NODES = 1000
# With more buckets than these, a relative gap is left open: closing it takes most of the time.
_MAX_BUCKETS_EXACT, _RELATIVE_GAP = 8, 5e-3
_NODE_LIMIT_REACHED = 1  # status of scipy.optimize.milp


def solve_milp(problem: Problem, fixed_counts: np.ndarray | None = None, close_gap: bool = False) -> Solution | None:
    """Minimises the loss under the policy; None where the policy cannot be met.

    Args:
        problem: G groups over M buckets; only `drop` leaves pictures out, exactly `problem.dropped`.
        fixed_counts: int64 `[M]`, pictures already in each bucket. They count for the policy; their loss is not added.
        close_gap: search until the gap is 0, however many buckets there are.

    Returns:
        The best solution found, with the lower bound that HiGHS proved: optimal to within 1e-6 for up to 8 buckets or
        with `close_gap`, unless the search ended at 1,000 nodes.
    """
    program = _Program(problem, fixed_counts, elastic=False)
    return program.solve(0.0 if close_gap or program.buckets <= _MAX_BUCKETS_EXACT else _RELATIVE_GAP)


def solve_elastic(problem: Problem) -> Solution | None:
    """Leaves out as few pictures as possible, for a problem whose policy cannot be met by all of them.

    None where `exact_count` cannot be met even so.

    Every picture left out costs a penalty larger than any saving (an elastic program). All counts are multiples of the
    batch size: `remainder` is not applied. The bound is valid for solutions that leave out as many pictures.
    """
    program = _Program(problem, None, elastic=True)
    return program.solve(0.0 if program.buckets <= _MAX_BUCKETS_EXACT else _RELATIVE_GAP)


class _Program:
    """Matrices of the program. Columns: x of every finite (group, bucket), used, batches, extra, left_out."""

    def __init__(self, problem: Problem, fixed_counts: np.ndarray | None, elastic: bool) -> None:
        loss, self.supply, self.policy = problem.loss, problem.supply, problem.policy
        if elastic:
            self.policy = replace(self.policy, remainder="drop")
        self.elastic = elastic
        self.groups, self.buckets = loss.shape
        self.fixed = np.zeros(self.buckets, dtype=np.int64) if fixed_counts is None else fixed_counts
        self.group, self.bucket = np.nonzero(np.isfinite(loss))
        self.cost = loss[self.group, self.bucket]
        self.pictures = problem.pictures + int(self.fixed.sum())
        self.remainder = self.policy.remainder_size(self.pictures)
        self.flows = len(self.group)
        self.columns = self.flows + 3 * self.buckets + self.groups
        # Above the largest loss that any assignment of all pictures can have.
        self.penalty = 1.0 + float(np.where(np.isfinite(loss), loss, 0).max(axis=1) @ self.supply) if elastic else 0.0

    def solve(self, relative_gap: float) -> Solution | None:
        answer = self._run({"mip_rel_gap": relative_gap, "node_limit": _MAX_NODES})
        if answer.x is None and answer.status == _NODE_LIMIT_REACHED:
            # Nothing found is no proof that there is nothing.
            answer = self._run({"mip_rel_gap": relative_gap})
        return None if answer.x is None else self._read(answer)

    def _run(self, options: dict[str, float]) -> OptimizeResult:
        constraints = [
            self._supply(),
            self._counts(),
            self._smallest(),
            self._only_used(),
            self._repeats(),
            self._max_buckets(),
            self._remainder(),
        ]
        return milp(
            self._objective(),
            constraints=[each for each in constraints if each is not None],
            integrality=self._integrality(),
            bounds=self._bounds(),
            options=options,
        )

    def _read(self, answer: OptimizeResult) -> Solution:
        values: np.ndarray = np.round(answer.x).astype(np.int64)
        counts = np.zeros((self.groups, self.buckets), dtype=np.int64)
        counts[self.group, self.bucket] = values[: self.flows]
        _, _, extra, left_out = self._parts(values)
        loss = float(self.cost @ values[: self.flows])
        return Solution(
            counts,
            left_out,
            extra if self.policy.remainder == "repeat" else np.zeros_like(extra),
            loss,
            min(loss, float(answer.mip_dual_bound) - self.penalty * int(left_out.sum())),
        )

    def _objective(self) -> np.ndarray:
        objective = np.zeros(self.columns)
        objective[: self.flows] = self.cost
        if self.elastic:
            objective[-self.groups :] = self.penalty
        return objective

    def _integrality(self) -> np.ndarray:
        integral = np.zeros(self.columns)
        integral[self.flows : self.flows + 3 * self.buckets] = 1
        return integral

    def _bounds(self) -> Bounds:
        upper = np.zeros(self.columns)
        upper[: self.flows] = self.supply[self.group]
        used, batches, extra, left_out = self._parts(upper)
        used[:] = 1
        batches[:] = self.pictures // self.policy.batch_size + 1
        if self.remainder and self.policy.remainder == "repeat":
            extra[:] = self.policy.batch_size - self.remainder
        if self.remainder and self.policy.remainder == "keep":
            extra[:] = 1
        if self.policy.remainder == "drop":
            left_out[:] = self.supply
        return Bounds(0, upper)

    def _supply(self) -> LinearConstraint:
        """Every picture is in one bucket or left out."""
        rows = np.r_[self.group, np.arange(self.groups)]
        columns = np.r_[np.arange(self.flows), np.arange(self.columns - self.groups, self.columns)]
        return self._equal(rows, columns, np.ones(len(rows)), self.supply)

    def _counts(self) -> LinearConstraint:
        """Every count is a number of batches, plus the remainder kept or minus the places repeated."""
        each = np.arange(self.buckets)
        per_extra = 1.0 if self.policy.remainder == "repeat" else -float(self.remainder)
        rows = np.r_[self.bucket, each, each]
        columns = np.r_[np.arange(self.flows), self._batches(each), self._extra(each)]
        values = np.r_[
            np.ones(self.flows), np.full(self.buckets, -float(self.policy.batch_size)), np.full(self.buckets, per_extra)
        ]
        return self._equal(rows, columns, values, -self.fixed)

    def _smallest(self) -> LinearConstraint:
        """A bucket that is used holds the smallest count."""
        each = np.arange(self.buckets)
        rows, columns = np.r_[self.bucket, each], np.r_[np.arange(self.flows), self._used(each)]
        values = np.r_[np.ones(self.flows), np.full(self.buckets, -float(self.policy.smallest))]
        return LinearConstraint(self._matrix(rows, columns, values, self.buckets), -self.fixed, np.inf)

    def _only_used(self) -> LinearConstraint:
        """Nothing is in a bucket that is not used.

        One row for every x where buckets must be chosen, which makes the linear relaxation tight; else one a bucket.
        """
        limit = self.policy.max_buckets
        flows = np.arange(self.flows)
        if limit is not None and limit < self.buckets and not self.fixed.any():
            rows, columns = np.r_[flows, flows], np.r_[flows, self._used(self.bucket)]
            values = np.r_[np.ones(self.flows), -self.supply[self.group].astype(float)]
            return LinearConstraint(self._matrix(rows, columns, values, self.flows), -np.inf, 0)
        each = np.arange(self.buckets)
        values = np.r_[np.ones(self.flows), np.full(self.buckets, -float(self.pictures))]
        matrix = self._matrix(np.r_[self.bucket, each], np.r_[flows, self._used(each)], values, self.buckets)
        return LinearConstraint(matrix, -np.inf, -self.fixed)

    def _repeats(self) -> LinearConstraint | None:
        """A picture is used twice at most; as often as a batch has places where there are fewer pictures than that."""
        if self.policy.remainder != "repeat":
            return None
        times = 1 if self.pictures >= self.policy.batch_size else self.policy.batch_size
        each = np.arange(self.buckets)
        rows, columns = np.r_[self.bucket, each], np.r_[np.arange(self.flows), self._extra(each)]
        values = np.r_[times * np.ones(self.flows), -np.ones(self.buckets)]
        return LinearConstraint(self._matrix(rows, columns, values, self.buckets), -times * self.fixed, np.inf)

    def _max_buckets(self) -> LinearConstraint | None:
        limit = self.policy.max_buckets
        if limit is None:
            return None
        each = np.arange(self.buckets)
        matrix = self._matrix(np.zeros(self.buckets, int), self._used(each), np.ones(self.buckets), 1)
        return LinearConstraint(matrix, limit if self.policy.exact_count else 0, limit)

    def _remainder(self) -> LinearConstraint | None:
        """The remainder is held once, filled up or left out, exactly; an elastic program leaves out what it must."""
        if self.elastic:
            return None
        if self.policy.remainder == "drop":
            columns = np.arange(self.columns - self.groups, self.columns)
            wanted = self.remainder
        else:
            columns = self._extra(np.arange(self.buckets))
            wanted = 1 if self.policy.remainder == "keep" else self.policy.batch_size - self.remainder
            wanted = wanted if self.remainder else 0
        return self._equal(np.zeros(len(columns), int), columns, np.ones(len(columns)), np.array([wanted]))

    def _parts(self, values: np.ndarray) -> list[np.ndarray]:
        """Views of used, batches, extra and left_out."""
        return np.split(values, self.flows + self.buckets * np.array([0, 1, 2, 3]))[1:]

    def _used(self, bucket: np.ndarray) -> np.ndarray:
        return self.flows + bucket

    def _batches(self, bucket: np.ndarray) -> np.ndarray:
        return self.flows + self.buckets + bucket

    def _extra(self, bucket: np.ndarray) -> np.ndarray:
        return self.flows + 2 * self.buckets + bucket

    def _matrix(self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, height: int) -> sparse.csr_matrix:
        return sparse.csr_matrix((values, (rows, columns)), shape=(height, self.columns))

    def _equal(self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, to: np.ndarray) -> LinearConstraint:
        return LinearConstraint(self._matrix(rows, columns, values, len(to)), to, to)
