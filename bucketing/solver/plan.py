"""A plan as it is read: by reports, by what writes files, and by processes that solve nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .policy import BucketPolicy

# Why a picture is left out.
TOO_SMALL = "too small"  # its loss is infinite in every bucket
REMAINDER = "remainder"  # the number of pictures is no multiple of the batch size
TOO_FEW = "too few"  # no bucket that it may go to gets enough pictures

EXACT_GAP = 1e-6  # relative; the solver's own tolerance


@dataclass(frozen=True)
class BucketPlan:
    """What becomes of N pictures over M buckets.

    Attributes:
        assignment: int `[N]`, index of the bucket of each picture, or -1 where it is left out.
        preferred: int `[N]`, index of the bucket, among those used, in which the picture would lose least, or -1.
        repeats: int `[N]`, how many times a picture is used again to fill a batch; 0 for most.
        left_out: why each picture without a bucket has none: `TOO_SMALL`, `REMAINDER` or `TOO_FEW`.
        loss: sum over all pictures placed; repeats are not counted.
        bound: proven lower bound: no plan under `policy` that leaves out the same pictures as too small or too few
            loses less.
        policy: the policy as it was applied. Limits that so few pictures cannot meet are lowered.
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
        """Indices of the buckets used, ascending."""
        return sorted({int(each) for each in self.assignment if each >= 0})

    @property
    def moved(self) -> list[int]:
        """Pictures that are not in their preferred bucket, so that the counts satisfy the policy; ascending."""
        return [int(each) for each in np.nonzero(self.assignment != self.preferred)[0]]

    @property
    def gap(self) -> float:
        """Relative optimality gap, 0..1: the largest share of the loss that a better plan could save."""
        return max(0.0, (self.loss - self.bound) / self.loss) if self.loss > 0 else 0.0

    @property
    def exact(self) -> bool:
        """Whether the plan is proven optimal, to within the solver's tolerance of 1e-6 of the loss."""
        return self.gap <= EXACT_GAP

    def counts(self) -> dict[int, int]:
        """Places of each bucket used, repeats included."""
        return {b: int((1 + self.repeats[self.assignment == b]).sum()) for b in self.buckets}
