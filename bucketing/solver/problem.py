"""The assignment problem that the solvers share, and the form of their answers.

Pictures with equal losses in every bucket are interchangeable. They form one *group*, and only how many of a group go
to each bucket is solved for. This is a transportation problem (Hitchcock 1941): groups are the sources, the number of
pictures in a group is its supply, buckets are the destinations. What makes it harder than that is that the demand of a
bucket is not given: `BucketPolicy` only says which counts are allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .policy import BucketPolicy


@dataclass(frozen=True, slots=True)
class Problem:
    """G groups of pictures, M buckets.

    Attributes:
        loss: float64 `[G, M]` ≥ 0, loss of one picture of the group in the bucket; inf where it must not go.
        supply: int64 `[G]` ≥ 1, pictures in each group.
        policy: constraints on the counts.
    """

    loss: np.ndarray
    supply: np.ndarray
    policy: BucketPolicy

    @property
    def pictures(self) -> int:
        return int(self.supply.sum())

    @property
    def dropped(self) -> int:
        """Pictures that the policy leaves out."""
        return self.policy.dropped(self.pictures)

    def select(self, groups: np.ndarray, buckets: np.ndarray | slice = slice(None)) -> Problem:
        """The problem of some groups (bool `[G]`) and some buckets (int `[K]`)."""
        return replace(self, loss=self.loss[groups][:, buckets], supply=self.supply[groups])


@dataclass(frozen=True, slots=True)
class Solution:
    """An assignment of groups to buckets.

    Attributes:
        counts: int64 `[G, M]`, pictures of each group in each bucket.
        left_out: int64 `[G]`, pictures of each group in no bucket.
        repeats: int64 `[M]`, places of each bucket that are filled by using a picture a second time.
        loss: sum over all pictures placed; repeats are not counted.
        bound: lower bound on the loss of every solution of the same problem. Equal to `loss` when proven optimal.
    """

    counts: np.ndarray
    left_out: np.ndarray
    repeats: np.ndarray
    loss: float
    bound: float

    @classmethod
    def empty(cls, groups: int, buckets: int) -> Solution:
        """Nothing assigned, at no loss."""
        shape = groups, buckets
        return cls(np.zeros(shape, np.int64), np.zeros(groups, np.int64), np.zeros(buckets, np.int64), 0.0, 0.0)

    def embed(self, groups: np.ndarray, buckets: np.ndarray, shape: tuple[int, ...]) -> Solution:
        """The same assignment in the problem that its own was selected from; other groups and buckets get 0.

        Args:
            groups, buckets: bool masks or indices of its rows and columns.
            shape: `(G, M)` of the larger problem.
        """
        whole = Solution.empty(*shape)
        whole.counts[np.ix_(groups, buckets)] = self.counts
        whole.left_out[groups] = self.left_out
        whole.repeats[buckets] = self.repeats
        return replace(whole, loss=self.loss, bound=self.bound)
