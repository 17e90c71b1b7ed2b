"""The plan: which buckets are used, which picture goes where, and how far from the best possible that can be at most.

Pictures with equal losses are counted, not repeated. The choice of buckets is searched from the lowest bound up until
no other can win (`choice`, `median`); each choice is assigned by an integer program (`within`, `program`). The plan is
exact wherever that ends before its budget, which it does for up to five of 31 candidates at any usual number of
pictures; otherwise it carries a proven bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .assignment import assign
from .milp import Flow, solve_leaving_out
from .policy import BucketPolicy
from .reduction import best_choice

TOO_SMALL = "too small"  # no bucket is allowed to it
REMAINDER = "remainder"  # the number of pictures is no multiple of the batch size
TOO_FEW = "too few"  # no bucket it may go to gets enough pictures

_SAME = 1e-9
_FEW = 6


@dataclass(frozen=True)
class BucketPlan:
    """What becomes of N pictures over M buckets.

    Attributes:
        assignment: int `[N]`, the bucket of each picture, or -1.
        preferred: int `[N]`, the bucket among those used in which it would lose least, or -1.
        repeats: int `[N]`, how many times more a picture is used to fill a batch.
        left_out: why each picture without a bucket has none: `TOO_SMALL`, `REMAINDER` or `TOO_FEW`.
        loss: total over every picture placed, repeats not counted.
        bound: proven: no plan under the same policy that leaves out as many pictures loses less.
        policy: as it was applied: what few pictures cannot meet is lowered.
    """

    assignment: np.ndarray
    preferred: np.ndarray
    repeats: np.ndarray
    left_out: Mapping[int, str]
    loss: float
    bound: float
    policy: BucketPolicy

    @property
    def buckets(self) -> list[int]:
        """The buckets used, in ascending order."""
        return sorted({int(each) for each in self.assignment if each >= 0})

    @property
    def moved(self) -> list[int]:
        """Pictures that went to another bucket than they would have chosen, so that the counts come out."""
        return [int(each) for each in np.nonzero(self.assignment != self.preferred)[0]]

    @property
    def gap(self) -> float:
        """Largest share of the loss that a better plan could save."""
        return max(0.0, (self.loss - self.bound) / self.loss) if self.loss > 0 else 0.0

    @property
    def exact(self) -> bool:
        return self.gap <= 1e-6

    def counts(self) -> dict[int, int]:
        """Places of each bucket used, repeats included."""
        return {b: int((1 + self.repeats[self.assignment == b]).sum()) for b in self.buckets}


def plan_assignment(loss: np.ndarray, policy: BucketPolicy) -> BucketPlan:
    """Chooses buckets and assigns every picture so that the total loss is least under the policy.

    Args:
        loss: float `[N, M]` ≥ 0, what each picture would lose in each bucket; inf where it must not go.

    Raises:
        ValueError: when the losses are malformed, or the policy asks for more buckets than the pictures can fill.
    """
    loss = _checked(loss)
    fits = np.isfinite(loss).any(axis=1)
    rows, kind, weights = np.unique(loss[fits], axis=0, return_inverse=True, return_counts=True)
    kind = kind.reshape(-1)
    policy = _met_by(policy, int(fits.sum()), loss.shape[1])
    flow, alone = _empty(loss.shape[1]), np.zeros(len(rows), dtype=np.int64)
    if len(rows):
        flow, alone = _flow(rows, weights, policy)
    assignment = np.full(len(loss), -1)
    reasons = {int(each): TOO_SMALL for each in np.nonzero(~fits)[0]}
    for index, members in _members(np.nonzero(fits)[0], kind, len(rows)):
        places = np.repeat(np.arange(loss.shape[1]), flow.counts[index])
        assignment[members[: len(places)]] = places
        for order, each in enumerate(members[len(places) :]):
            reasons[int(each)] = TOO_FEW if order < alone[index] else REMAINDER
    return BucketPlan(
        assignment=assignment,
        preferred=_preferred(loss, assignment),
        repeats=_repeated(loss, assignment, flow.repeats),
        left_out=dict(sorted(reasons.items())),
        loss=flow.loss,
        bound=max(0.0, min(flow.bound, flow.loss)),
        policy=policy,
    )


def _checked(loss: np.ndarray) -> np.ndarray:
    loss = np.asarray(loss, dtype=np.float64)
    if loss.ndim != 2 or not loss.shape[1]:
        raise ValueError(f"losses must be [pictures, buckets] with at least one bucket, got {list(loss.shape)}")
    if np.isnan(loss).any() or (loss < 0).any():
        raise ValueError("losses must be numbers of 0 or more, or infinite where a picture must not go")
    return loss


def _met_by(policy: BucketPolicy, pictures: int, buckets: int) -> BucketPolicy:
    """The policy with what so few pictures can never meet lowered."""
    if policy.exact_count and policy.max_buckets is not None:
        needed = policy.max_buckets * max(policy.smallest, policy.batch_size if policy.remainder != "repeat" else 1)
        if policy.max_buckets > buckets or pictures < needed:
            raise ValueError(
                f"{policy.max_buckets} buckets were asked for, but {pictures} pictures and {buckets} candidate buckets "
                f"make fewer; ask for at most {policy.max_buckets}, or lower the batch size or the smallest count"
            )
    few = 0 < pictures < policy.batch_size
    # Each bucket takes a batch at least, only the one with the remainder may take less: never more can be used. Said
    # as a limit where it makes choosing easier.
    fillable = max(1, -(-pictures // max(policy.batch_size, policy.smallest)))
    most = min(buckets, policy.max_buckets or buckets)
    most = min(most, fillable) if fillable <= _FEW else most
    # A batch that the pictures can't fill would leave all of them out.
    remainder = "keep" if few and policy.remainder == "drop" else policy.remainder
    return replace(
        policy,
        max_buckets=None if most == buckets and not policy.exact_count else most,
        smallest=max(1, min(policy.smallest, pictures)),
        remainder=remainder,
    )


def _flow(loss: np.ndarray, weights: np.ndarray, policy: BucketPolicy) -> tuple[Flow, np.ndarray]:
    """The best flow found, and how many of each kind could not be placed because no bucket fills up."""
    best = _search(loss, weights, policy)
    if best is not None:
        return best, np.zeros(len(loss), dtype=np.int64)
    # First only those that cannot be in any company; the others then meet the policy, remainder and all, if they can.
    alone = solve_leaving_out(loss, weights, replace(policy, batch_size=1, exact_count=False)).left_out
    stay = weights - alone
    some = stay > 0
    if alone.any() and some.any():
        part = _search(loss[some], stay[some], replace(policy, smallest=max(1, min(policy.smallest, int(stay.sum())))))
        if part is not None:
            counts, left_out = np.zeros(loss.shape, dtype=np.int64), alone.copy()
            counts[some] = part.counts
            left_out[some] += part.left_out
            return replace(part, counts=counts, left_out=left_out), alone
    flow = solve_leaving_out(loss, weights, policy)
    return flow, flow.left_out


def _search(loss: np.ndarray, weights: np.ndarray, policy: BucketPolicy) -> Flow | None:
    choosing = policy.max_buckets is not None and policy.max_buckets < loss.shape[1]
    return best_choice(loss, weights, policy) if choosing else assign(loss, weights, policy)


def _members(pictures: np.ndarray, kind: np.ndarray, kinds: int) -> list[tuple[int, np.ndarray]]:
    """The pictures of each kind, in the order they came."""
    order = np.argsort(kind, kind="stable")
    parts = np.split(pictures[order], np.cumsum(np.bincount(kind, minlength=kinds))[:-1])
    return list(enumerate(parts)) if kinds else []


def _preferred(loss: np.ndarray, assignment: np.ndarray) -> np.ndarray:
    placed = assignment >= 0
    used = np.unique(assignment[placed])
    preferred = np.full(len(loss), -1)
    if not len(used):
        return preferred
    part = loss[np.ix_(placed, used)]
    own = loss[placed, assignment[placed]]
    # Where two buckets cost the same, being in either is no move.
    preferred[placed] = np.where(own <= part.min(axis=1) + _SAME, assignment[placed], used[part.argmin(axis=1)])
    return preferred


def _repeated(loss: np.ndarray, assignment: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    """Fills each bucket's empty places with the pictures that lose least there."""
    times = np.zeros(len(loss), dtype=np.int64)
    for bucket in np.nonzero(repeats)[0]:
        members = np.nonzero(assignment == bucket)[0]
        order = members[np.argsort(loss[members, bucket], kind="stable")]
        chosen = np.resize(order, int(repeats[bucket]))
        np.add.at(times, chosen, 1)
    return times


def _empty(buckets: int) -> Flow:
    none = np.zeros((0, buckets), dtype=np.int64)
    return Flow(none, np.zeros(0, np.int64), np.zeros(buckets, np.int64), 0.0, 0.0)
