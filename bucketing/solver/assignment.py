"""Assignment to given buckets: a transportation problem whose demands are free within the policy.

The *relaxed* assignment drops the constraints on the counts: every picture goes to its best bucket. Where its counts
satisfy the policy it is optimal. Where they do not, some pictures must be *reassigned*. What the second best bucket of
a picture costs more than the best is its *regret* (as in Vogel's approximation method for transportation problems).

**Fixing variables.** If an optimal solution reassigns at most D pictures, there is one that reassigns from bucket i to
bucket j only among the D pictures of i whose extra loss in j is smallest: any other can be exchanged for one of these
that stays, and the loss does not grow. So all other pictures are fixed in their best bucket, and the integer program
(`milp`) has at most D M² free pictures, however many there are in all.

**Proof of optimality.** A solution that reassigns more than D pictures loses at least the D + 1 smallest regrets on top
of the relaxed assignment. The smaller of this and of the program's own bound is a lower bound; where it equals the
loss, the solution is optimal. Else D is enlarged, up to a size that the program solves in a second or so; beyond it the
solution keeps its gap.

Complexity: O(G M log G) for the fixing, and an integer program of 3 M integers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .milp import solve_milp
from .policy import BucketPolicy
from .problem import Problem, Solution

# Free pairs of group and bucket beyond which the integer program takes seconds. With many buckets the ways to count
# multiply, and fewer pairs take as long.
_MAX_FREE_PAIRS, _MAX_FREE_PAIRS_MANY, _MANY_BUCKETS = 30_000, 6_000, 8
_TOLERANCE = 1e-9  # losses closer than this are equal


@dataclass(frozen=True, slots=True)
class RelaxedAssignment:
    """Every picture in its best bucket, whatever the counts.

    Attributes:
        best_bucket: int `[G]`.
        best_loss: float64 `[G]`, loss of one picture there.
        regret: float64 `[G]`, loss in the second best bucket less `best_loss`; inf where there is no second one.
        counts: int64 `[M]`, pictures in each bucket.
        loss: sum over all pictures.
    """

    best_bucket: np.ndarray
    best_loss: np.ndarray
    regret: np.ndarray
    counts: np.ndarray
    loss: float

    @classmethod
    def of(cls, problem: Problem) -> RelaxedAssignment:
        """Solves the relaxation in O(G M). Every group needs a bucket of finite loss."""
        loss, supply = problem.loss, problem.supply
        best_bucket = loss.argmin(axis=1)
        second = np.full(len(loss), np.inf)
        if loss.shape[1] > 1:
            second = np.partition(loss, 1, axis=1)[:, 1]
        best_loss = loss[np.arange(len(loss)), best_bucket]
        counts = np.bincount(best_bucket, supply, loss.shape[1]).astype(np.int64)
        return cls(best_bucket, best_loss, second - best_loss, counts, float(best_loss @ supply))


def solve_assignment(problem: Problem) -> Solution | None:
    """Minimises the loss over buckets that may all be used; None where the policy cannot be met.

    Args:
        problem: every group needs a bucket of finite loss.
    """
    relaxed = RelaxedAssignment.of(problem)
    if _meets_policy(relaxed.counts, problem.policy):
        return _relaxed_solution(problem, relaxed)
    bound = bound_assignment(problem, relaxed)
    reassigned = _initial_limit(problem, relaxed)
    best: Solution | None = None
    while True:
        free = _free_groups(problem, relaxed, reassigned)
        if best is not None and not _is_tractable(problem, free):
            return replace(best, bound=min(best.loss, bound))
        solution = _solve_with_fixed(problem, relaxed, free)
        if solution is not None:
            bound = max(bound, min(solution.bound, _bound_beyond(problem, relaxed, reassigned)))
            best = solution if best is None or solution.loss < best.loss else best
            if free.all():
                bound = max(bound, solution.bound)
            if free.all() or bound >= best.loss - _TOLERANCE:
                return replace(best, bound=min(best.loss, bound))
        elif free.all():
            return None
        reassigned *= 4


def bound_assignment(problem: Problem, relaxed: RelaxedAssignment) -> float:
    """Lower bound on the loss: the relaxed loss, plus the smallest regrets of as many pictures as must be reassigned.

    Under `drop`, less the most that leaving pictures out can save.
    """
    saving = dropped_saving(relaxed.best_loss, problem)
    return relaxed.loss - saving + _smallest_regrets(problem, relaxed, _min_reassigned(problem, relaxed.counts))


def dropped_saving(values: np.ndarray, problem: Problem) -> float:
    """Sum over the pictures that `drop` leaves out if they are those of the largest value; 0 for other policies.

    Args:
        values: float64 `[G]`, one for each picture of a group.
    """
    dropped = problem.dropped
    if not dropped:
        return 0.0
    return float(np.sort(np.repeat(values, np.minimum(problem.supply, dropped)))[-dropped:].sum())


def _meets_policy(counts: np.ndarray, policy: BucketPolicy) -> bool:
    """Whether counts without any remainder satisfy the policy."""
    used = counts[counts > 0]
    if policy.exact_count and len(used) != policy.max_buckets:
        return False
    return bool((used % policy.batch_size == 0).all() and (used >= policy.smallest).all())


def _relaxed_solution(problem: Problem, relaxed: RelaxedAssignment) -> Solution:
    solution = Solution.empty(*problem.loss.shape)
    solution.counts[np.arange(len(problem.supply)), relaxed.best_bucket] = problem.supply
    return replace(solution, loss=relaxed.loss, bound=relaxed.loss)


def _solve_with_fixed(problem: Problem, relaxed: RelaxedAssignment, free: np.ndarray) -> Solution | None:
    """Solves for the free groups (bool `[G]`); all others are fixed in their best bucket."""
    fixed = ~free
    supply, bucket = problem.supply[fixed], relaxed.best_bucket[fixed]
    fixed_counts = np.bincount(bucket, supply, problem.loss.shape[1]).astype(np.int64)
    part = solve_milp(problem.select(free), fixed_counts)
    if part is None:
        return None
    solution = part.embed(free, np.arange(problem.loss.shape[1]), problem.loss.shape)
    solution.counts[np.nonzero(fixed)[0], bucket] = supply
    fixed_loss = float(relaxed.best_loss[fixed] @ supply)
    return replace(solution, loss=part.loss + fixed_loss, bound=part.bound + fixed_loss)


def _initial_limit(problem: Problem, relaxed: RelaxedAssignment) -> int:
    """A first D: about as many pictures as the counts can ask for, fewer where that leaves too many pairs free."""
    policy, buckets = problem.policy, problem.loss.shape[1]
    reassigned = buckets * max(policy.batch_size, policy.smallest) // 2 + policy.batch_size
    while reassigned > 4 and not _is_tractable(problem, _free_groups(problem, relaxed, reassigned)):
        reassigned //= 2
    return reassigned


def _free_groups(problem: Problem, relaxed: RelaxedAssignment, reassigned: int) -> np.ndarray:
    """Groups that up to so many reassignments can concern, bool `[G]`.

    For every ordered pair of buckets, the pictures of the first whose extra loss in the second is smallest; and for
    every bucket those whose loss is saved when they are left out.
    """
    free = np.zeros(len(problem.loss), dtype=bool)
    for bucket in range(problem.loss.shape[1]):
        members = np.nonzero(relaxed.best_bucket == bucket)[0]
        extra = problem.loss[members] - relaxed.best_loss[members][:, None]
        extra[:, bucket] = -relaxed.best_loss[members]  # for leaving it out
        order = np.argsort(extra, axis=0, kind="stable")
        before = np.cumsum(problem.supply[members][order], axis=0) - problem.supply[members][order]
        free[members[order[before < reassigned]]] = True
    return free


def _is_tractable(problem: Problem, free: np.ndarray) -> bool:
    buckets = problem.loss.shape[1]
    return int(free.sum()) * buckets <= (_MAX_FREE_PAIRS if buckets <= _MANY_BUCKETS else _MAX_FREE_PAIRS_MANY)


def _bound_beyond(problem: Problem, relaxed: RelaxedAssignment, reassigned: int) -> float:
    """Lower bound on the loss of solutions in which more than so many pictures are not in their best bucket.

    Those left out are among them, at no regret.
    """
    moved = max(0, reassigned + 1 - problem.dropped)
    return relaxed.loss - dropped_saving(relaxed.best_loss, problem) + _smallest_regrets(problem, relaxed, moved)


def _smallest_regrets(problem: Problem, relaxed: RelaxedAssignment, pictures: int) -> float:
    """Sum of the smallest regrets of so many pictures; inf where there are not so many."""
    if pictures <= 0:
        return 0.0
    regrets = np.repeat(relaxed.regret, np.minimum(problem.supply, pictures))
    if pictures > len(regrets):
        return float("inf")
    return float(np.partition(regrets, pictures - 1)[:pictures].sum())


def _min_reassigned(problem: Problem, counts: np.ndarray) -> int:
    """Pictures that must at least go to another bucket than their best, so that the counts satisfy the policy."""
    policy = problem.policy
    # A bucket below the smallest count is filled up, or emptied by reassigning those that are not left out.
    below = [
        min(max(0, count - problem.dropped), policy.smallest - count)
        for count in counts.tolist()
        if 0 < count < policy.smallest
    ]
    if policy.exact_count:
        below.append(int((counts == 0).sum()) * policy.smallest)
    return max([0, _min_reassigned_to_batches(counts, policy), *below])


def _min_reassigned_to_batches(counts: np.ndarray, policy: BucketPolicy) -> int:
    """The same for full batches alone."""
    over = counts % policy.batch_size
    remainder = policy.remainder_size(int(counts.sum()))
    if remainder and policy.remainder == "keep":
        # One bucket holds the remainder; the others, and it without the remainder, need full batches.
        without = np.repeat(over[None, :], len(over), axis=0)
        np.fill_diagonal(without, (over - remainder) % policy.batch_size)
        return min(_places_to_fill(each, policy.batch_size) for each in without)
    repeats = policy.batch_size - remainder if remainder and policy.remainder == "repeat" else 0
    return _places_to_fill(over, policy.batch_size, repeats)


def _places_to_fill(over: np.ndarray, batch_size: int, repeats: int = 0) -> int:
    """Pictures that must go to other buckets so that the last batches are full, of those that need fewest, or empty.

    Args:
        over: int `[M]`, pictures in the last batch of each bucket, 0 to `batch_size` - 1.
        repeats: places that are filled by pictures used again.
    """
    filled = (int(over.sum()) + repeats) // batch_size
    return max(0, int((batch_size - np.sort(over)[::-1][:filled]).sum()) - repeats)
