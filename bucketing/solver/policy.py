"""What a plan must obey: how many buckets, how many pictures in each, and what becomes of a remainder."""

from __future__ import annotations

from dataclasses import dataclass

REMAINDERS = ("keep", "repeat", "drop")


@dataclass(frozen=True, slots=True)
class BucketPolicy:
    """Counts that a plan must meet.

    Attributes:
        most: at most this many buckets; None for as many as there are.
        exactly: use that many buckets, not fewer.
        batch_size: every count is a multiple of it.
        smallest: smallest count of a bucket that is used; 2 leaves no picture alone.
        remainder: where the number of pictures is no multiple of the batch size, n mod batch_size of them stay over.
            `keep`: one bucket holds them as its last, smaller batch; `repeat`: the fewest pictures are used twice so
            that every batch is full; `drop`: as many pictures, those that lose most, are left out.

    Raises:
        ValueError: naming the field that is out of range.
    """

    most: int | None = None
    exactly: bool = False
    batch_size: int = 1
    smallest: int = 1
    remainder: str = "keep"

    def __post_init__(self) -> None:
        for name in ("most", "batch_size", "smallest"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if self.exactly and self.most is None:
            raise ValueError("exactly needs the number of buckets in most")
        if self.remainder not in REMAINDERS:
            raise ValueError(f"remainder must be one of {', '.join(REMAINDERS)}, got {self.remainder!r}")

    def spare(self, pictures: int) -> int:
        """How many pictures no multiple of the batch size can hold."""
        return pictures % self.batch_size
