"""The plan: which buckets are used, which picture goes where, and a proof of how far that is from the optimum.

The problem is a K-median problem whose clusters must have allowed sizes: choose at most K of M buckets and assign every
picture, so that the sum of losses is least and every count satisfies the policy. It is solved exactly wherever that is
affordable: pictures of equal losses are grouped (`problem`), the subset of buckets is found by branch and bound with
Lagrangian bounds (`reduction`), and each subset is assigned by an integer program over the few pictures that can matter
(`assignment`). For up to five of 31 candidate buckets the plan is as a rule proven optimal, for any number of pictures;
else it carries a lower bound and the gap to it. Of more pictures than some ten thousand, the bound is by prices that a
sample teaches (`prices`), in one pass over all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...cropping.checks import check_kind, show
from .assignment import solve_assignment
from .milp import solve_elastic
from .plan import REMAINDER, TOO_FEW, TOO_SMALL, BucketPlan
from .policy import BucketPolicy
from .problem import Problem, Solution
from .reduction import MANY_GROUPS, choose_buckets

_TOLERANCE = 1e-9  # losses closer than this are equal
_MAX_IMPLIED_BUCKETS = 6
MAX_LOSS = 1e6  # of one picture; beyond it, sums of losses are no longer exact to the tolerance


def plan_assignment(loss: np.ndarray, policy: BucketPolicy) -> BucketPlan:
    """Chooses buckets and assigns every picture so that the total loss is least under the policy.

    >>> loss = np.array([[0.0, 0.9], [0.2, 0.3], [0.0, 0.9], [0.9, 0.0]])
    >>> plan = plan_assignment(loss, BucketPolicy(batch_size=2))
    >>> plan.assignment.tolist(), round(plan.loss, 6), plan.exact
    ([0, 1, 0, 1], 0.3, True)
    >>> plan.moved  # picture 1 would lose less in bucket 0
    [1]

    Args:
        loss: float `[N, M]` ≥ 0, loss of each picture in each bucket; inf where it must not go.
        policy: constraints on the counts.

    Raises:
        TypeError: when `loss` holds no numbers, or `policy` is none; names the argument.
        ValueError: when `loss` has another shape, is negative, NaN or finite above `MAX_LOSS`, or when
            `policy.exact_count` cannot be met.
    """
    loss = _checked(loss)
    check_kind("policy", policy, BucketPolicy)
    placeable = np.isfinite(loss).any(axis=1)
    rows, group, supply = _group(loss if placeable.all() else loss[placeable])
    result = _solve(Problem(rows, supply, _fit_policy(policy, int(placeable.sum()), loss.shape[1])))
    assignment = np.full(len(loss), -1)
    assignment[placeable], too_few = _ungroup(result, group)
    reasons = {int(each): REMAINDER for each in np.nonzero(assignment < 0)[0]}
    reasons |= {int(each): TOO_SMALL for each in np.nonzero(~placeable)[0]}
    reasons |= {int(each): TOO_FEW for each in np.nonzero(placeable)[0][too_few]}
    return BucketPlan(
        assignment=assignment,
        preferred=_preferred_buckets(loss, assignment),
        repeats=_repeats_by_picture(loss, assignment, result.solution.repeats),
        left_out=reasons,
        loss=result.solution.loss,
        bound=max(0.0, min(result.solution.bound, result.solution.loss)),
        policy=result.policy,
    )


def _checked(loss: np.ndarray) -> np.ndarray:
    try:
        loss = np.asarray(loss)
    except ValueError:  # rows of several lengths
        raise TypeError(f"losses must be an array of real numbers, got {show(loss)}") from None
    if loss.dtype.kind not in "fiu":
        raise TypeError(f"losses must be real numbers, got {loss.dtype}")
    loss = loss.astype(np.float64, copy=False)
    if loss.ndim != 2 or not loss.shape[1]:
        raise ValueError(f"losses must be [pictures, buckets] with at least one bucket, got {list(loss.shape)}")
    if np.isnan(loss).any() or (loss < 0).any():
        raise ValueError("losses must be numbers of 0 or more, or infinite where a picture must not go")
    if (np.isfinite(loss) & (loss > MAX_LOSS)).any():
        raise ValueError(f"losses must be at most {MAX_LOSS:g}, or infinite where a picture must not go")
    return loss


def _group(loss: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that differ, which of them each picture has, int `[N]`, and how many pictures have each, int64 `[G]`.

    Of very many pictures, only those are grouped that a sum of each row tells to be equal: to sort whole rows takes
    longer than to solve the problem. Rows that are alike and not grouped change nothing but the time.
    """
    if len(loss) <= MANY_GROUPS:
        rows, group, supply = np.unique(loss, axis=0, return_inverse=True, return_counts=True)
        return rows, group.reshape(-1), supply
    weights = np.random.default_rng(0).random(loss.shape[1])
    sums = np.where(np.isfinite(loss), loss, -1.0) @ weights
    _, first, group = np.unique(sums, return_index=True, return_inverse=True)
    if len(first) > MANY_GROUPS or not np.array_equal(loss[first][group], loss):
        return loss, np.arange(len(loss)), np.ones(len(loss), np.int64)
    rows, regroup = np.unique(loss[first], axis=0, return_inverse=True)
    group = regroup.reshape(-1)[group.reshape(-1)]
    return rows, group, np.bincount(group)


def _fit_policy(policy: BucketPolicy, pictures: int, buckets: int) -> BucketPolicy:
    """The policy with limits lowered to what so few pictures and buckets can meet.

    Raises:
        ValueError: when they are too few for `exact_count`.
    """
    limit = policy.max_buckets
    if policy.exact_count and limit is not None:
        needed = limit * max(policy.smallest, policy.batch_size if policy.remainder != "repeat" else 1)
        if limit > buckets or pictures < needed:
            raise ValueError(
                f"{limit} buckets were asked for, but {pictures} pictures and {buckets} candidate buckets make fewer; "
                "ask for fewer, or lower the batch size or the smallest count"
            )
    # Each bucket takes a whole batch, only the one with the remainder may take less, so that no more buckets than
    # these can be used. It is made a limit where it makes the search easier.
    implied = max(1, -(-pictures // max(policy.batch_size, policy.smallest)))
    limit = min(buckets, limit or buckets)
    limit = min(limit, implied) if implied <= _MAX_IMPLIED_BUCKETS else limit
    # Dropping the remainder would leave out all of the pictures where they do not fill a batch.
    unfilled = 0 < pictures < policy.batch_size
    return replace(
        policy,
        max_buckets=None if limit == buckets and not policy.exact_count else limit,
        smallest=max(1, min(policy.smallest, pictures)),
        remainder="keep" if unfilled and policy.remainder == "drop" else policy.remainder,
    )


@dataclass(frozen=True)
class _Result:
    """A solution, how many pictures of each group `[G]` no bucket could take, and the policy that it satisfies."""

    solution: Solution
    too_few: np.ndarray
    policy: BucketPolicy


def _solve(problem: Problem) -> _Result:
    """Solves the problem; where the policy cannot be met by all pictures, with as few as possible left out.

    Raises:
        ValueError: when the policy asks for an exact number of buckets and that cannot be met.
    """
    best = _solve_for_all(problem)
    if best is not None:
        return _Result(best, np.zeros(len(problem.supply), np.int64), problem.policy)
    # First only those left out that cannot be placed whatever the batch size: the others then satisfy the policy, with
    # its remainder, if they can.
    too_few = _solve_elastic(replace(problem, policy=replace(problem.policy, batch_size=1))).left_out
    rest = problem.supply - too_few
    some = rest > 0
    if too_few.any() and some.any():
        policy = _fit_policy(problem.policy, int(rest.sum()), problem.loss.shape[1])
        part = _solve_for_all(Problem(problem.loss[some], rest[some], policy))
        if part is not None:
            solution = part.embed(some, np.arange(problem.loss.shape[1]), problem.loss.shape)
            return _Result(replace(solution, left_out=solution.left_out + too_few), too_few, policy)
    solution = _solve_elastic(problem)
    return _Result(solution, solution.left_out, problem.policy)


def _solve_for_all(problem: Problem) -> Solution | None:
    if not len(problem.supply):
        return Solution.empty(*problem.loss.shape)
    limit = problem.policy.max_buckets
    choosing = limit is not None and limit < problem.loss.shape[1]
    return choose_buckets(problem) if choosing else solve_assignment(problem)


def _solve_elastic(problem: Problem) -> Solution:
    solution = solve_elastic(problem)
    if solution is None:  # leaving out every picture is possible, but not with a number of buckets to fill
        raise ValueError(f"the pictures cannot fill exactly {problem.policy.max_buckets} buckets under this policy")
    return solution


def _ungroup(result: _Result, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bucket of each picture, int `[N]`, -1 for none; and whether it has none for want of others, bool `[N]`.

    Pictures of a group go to its buckets in their order; the last ones are left out.

    Args:
        group: int `[N]`, the group of each picture.
    """
    solution = result.solution
    buckets = solution.counts.shape[1]
    columns = np.c_[solution.counts, result.too_few, solution.left_out - result.too_few]
    column = np.empty(len(group), dtype=np.int64)
    column[np.argsort(group, kind="stable")] = np.repeat(
        np.tile(np.arange(buckets + 2), len(columns)), columns.reshape(-1)
    )
    return np.where(column < buckets, column, -1), column == buckets


def _preferred_buckets(loss: np.ndarray, assignment: np.ndarray) -> np.ndarray:
    """Index of the bucket used in which each picture placed would lose least, int `[N]`; its own among equals."""
    placed = assignment >= 0
    used = np.unique(assignment[placed])
    preferred = np.full(len(loss), -1)
    if not len(used):
        return preferred
    part = loss[np.ix_(placed, used)]
    own = loss[placed, assignment[placed]]
    preferred[placed] = np.where(own <= part.min(axis=1) + _TOLERANCE, assignment[placed], used[part.argmin(axis=1)])
    return preferred


def _repeats_by_picture(loss: np.ndarray, assignment: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    """How often each picture is used again, int `[N]`: those that lose least in their bucket fill its places first.

    Args:
        repeats: int `[M]`, places of each bucket to fill.
    """
    times = np.zeros(len(loss), dtype=np.int64)
    for bucket in np.nonzero(repeats)[0]:
        members = np.nonzero(assignment == bucket)[0]
        order = members[np.argsort(loss[members, bucket], kind="stable")]
        np.add.at(times, np.resize(order, int(repeats[bucket])), 1)
    return times
