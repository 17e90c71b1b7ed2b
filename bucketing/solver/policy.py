"""What a plan must obey: how many buckets, how many pictures in each, and what becomes of a remainder."""

from __future__ import annotations

from dataclasses import dataclass

REMAINDERS = ("keep", "repeat", "drop")


@dataclass(frozen=True, slots=True)
class BucketPolicy:
    """Counts that a plan must meet.

    Attributes:
        max_buckets: at most this many buckets; None for as many as there are.
        exact_count: use that many buckets, not fewer.
        batch_size: every count is a multiple of it.
        smallest: smallest count of a bucket that is used; 2 leaves no picture alone.
        remainder: where the number of pictures is no multiple of the batch size, n mod batch_size of them stay over.
            `keep`: one bucket holds them as its last, smaller batch; `repeat`: the fewest pictures are used twice so
            that every batch is full; `drop`: as many pictures, those that lose most, are left out.

    Raises:
        ValueError: naming the field that is out of range.
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
        """How many pictures no multiple of the batch size can hold."""
        return pictures % self.batch_size
