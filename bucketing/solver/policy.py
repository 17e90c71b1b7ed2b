"""The constraints on a plan: how many buckets, how many pictures in each, and what becomes of a remainder."""

from __future__ import annotations

from dataclasses import dataclass

REMAINDERS = ("keep", "repeat", "drop")


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
        ValueError: when a field is out of range; the message names the field.
    """

    max_buckets: int | None = None
    exact_count: bool = False
    batch_size: int = 1
    smallest: int = 1
    remainder: str = "keep"

    def __post_init__(self) -> None:
        for name in ("max_buckets", "batch_size", "smallest"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if self.exact_count and self.max_buckets is None:
            raise ValueError("exact_count needs the number of buckets in max_buckets")
        if self.remainder not in REMAINDERS:
            raise ValueError(f"remainder must be one of {', '.join(REMAINDERS)}, got {self.remainder!r}")

    def remainder_size(self, pictures: int) -> int:
        """Pictures beyond the largest multiple of the batch size."""
        return pictures % self.batch_size

    def dropped(self, pictures: int) -> int:
        """Pictures that must be left out of so many: the remainder under `drop`, else 0."""
        return self.remainder_size(pictures) if self.remainder == "drop" else 0
