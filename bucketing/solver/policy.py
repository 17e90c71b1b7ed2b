"""The constraints on a plan: how many buckets, how many pictures in each, and what becomes of a remainder."""

from __future__ import annotations

from dataclasses import dataclass

from ...cropping.checks import check_count, check_kind, show

REMAINDERS = ("keep", "repeat", "drop")
MAX_COUNT = 1_000_000  # of pictures or buckets that a policy may ask for


@dataclass(frozen=True, slots=True)
class BucketPolicy:
    """Constraints that a plan over N pictures must satisfy.

    Attributes:
        max_buckets: at most this many buckets are used; None for no limit.
        exact_count: exactly `max_buckets` buckets are used, not fewer.
        batch_size: the count of every bucket is a multiple of it.
        smallest: fewest pictures in a bucket that is used; with 2 no bucket holds a single picture.
        remainder: what becomes of N mod `batch_size` pictures when `batch_size` does not divide N. `keep`: one bucket
            holds them as its last, smaller batch. `repeat`: as few pictures as possible are used twice, so that every
            batch is full. `drop`: they are left out, chosen so that the total loss is least.

    Raises:
        TypeError: when a field is of another type; the message names the field.
        ValueError: when a field is out of range; the message names the field.
    """

    max_buckets: int | None = None
    exact_count: bool = False
    batch_size: int = 1
    smallest: int = 1
    remainder: str = "keep"

    def __post_init__(self) -> None:
        if self.max_buckets is not None:
            check_count("max_buckets", self.max_buckets, MAX_COUNT)
        check_count("batch_size", self.batch_size, MAX_COUNT)
        check_count("smallest", self.smallest, MAX_COUNT)
        check_kind("exact_count", self.exact_count, bool)
        if self.exact_count and self.max_buckets is None:
            raise ValueError("exact_count needs the number of buckets in max_buckets")
        if self.remainder not in REMAINDERS:
            raise ValueError(f"remainder must be one of {', '.join(REMAINDERS)}, got {show(self.remainder)}")

    def remainder_size(self, pictures: int) -> int:
        """Pictures beyond the largest multiple of the batch size."""
        return pictures % self.batch_size

    def dropped(self, pictures: int) -> int:
        """Pictures that must be left out of so many: the remainder under `drop`, else 0."""
        return self.remainder_size(pictures) if self.remainder == "drop" else 0
