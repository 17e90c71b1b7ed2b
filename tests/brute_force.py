"""Every assignment of a few pictures to a few buckets, tried one by one: what the planner is compared with."""

from functools import cache
from itertools import product

import numpy as np

from salient_crop.bucketing.solver.policy import BucketPolicy

LEFT_OUT = -1


def best_loss(loss, policy, left_out=None):
    """The least loss of any assignment that satisfies the policy, inf where there is none.

    Args:
        loss: `[N, M]` of a few pictures, inf where one must not go.
        left_out: how many pictures are in no bucket; None for as many as the policy drops.
    """
    pictures, buckets = loss.shape
    assignments, counts = list_assignments(
        pictures, buckets, policy.dropped(pictures) if left_out is None else left_out
    )
    possible = allowed(counts, policy)
    with_none = np.concatenate([loss, np.zeros((pictures, 1))], axis=1)  # column -1
    totals = np.zeros(possible.sum())
    for row in range(pictures):
        totals += with_none[row][assignments[possible, row]]
    return float(totals.min(initial=np.inf))


@cache
def list_assignments(pictures, buckets, left_out):
    """Every assignment `[C, N]` that leaves out so many pictures, and its counts `[C, M]`."""
    values = range(LEFT_OUT if left_out else 0, buckets)
    found = np.array(list(product(values, repeat=pictures)), dtype=np.int8).reshape(len(values) ** pictures, pictures)
    found = found[(found == LEFT_OUT).sum(axis=1) == left_out]
    return found, np.stack([(found == bucket).sum(axis=1) for bucket in range(buckets)], axis=1)


def allowed(counts, policy):
    """Which counts of pictures in buckets, `[C, M]`, satisfy the policy: bool `[C]`."""
    batch = policy.batch_size
    pictures = counts.sum(axis=1)
    used = (counts > 0).sum(axis=1)
    found = ((counts >= policy.smallest) | (counts == 0)).all(axis=1)
    if policy.max_buckets is not None:
        found &= used == policy.max_buckets if policy.exact_count else used <= policy.max_buckets
    remainder = pictures % batch
    if policy.remainder == "keep":
        over = counts % batch
        return found & (over.sum(axis=1) == remainder) & ((over > 0).sum(axis=1) <= 1)
    if policy.remainder == "repeat":
        missing = -counts % batch
        # A picture is used a second time only, unless there is no full batch at all.
        most = np.where(pictures >= batch, 1, batch)[:, None] * counts
        return found & (missing.sum(axis=1) == -pictures % batch) & (missing <= most).all(axis=1)
    return found & (counts % batch == 0).all(axis=1)


def draw_loss(random, pictures, buckets):
    """Losses with ties, without, or with pictures that some buckets do not take."""
    shape = pictures, buckets
    loss = random.integers(0, 6, shape) / 5 if random.random() < 0.5 else random.random(shape)
    share = random.choice([0, 0, 0.2, 0.5])
    return np.where(random.random(shape) < share, np.inf, loss)


def draw_policy(random, buckets):
    limit = None if random.random() < 0.25 else int(random.integers(1, buckets + 1))
    return BucketPolicy(
        limit,
        batch_size=int(random.integers(1, 5)),
        smallest=int(random.integers(1, 4)),
        remainder=("keep", "repeat", "drop")[random.integers(3)],
    )
