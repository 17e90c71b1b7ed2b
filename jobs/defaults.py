"""What the command, Python and the nodes assume where nothing is said."""

from __future__ import annotations

from ..cropping.checks import show
from ..images.machine import available_cores

RATIOS = "1:1,2:3,3:2"
BACKGROUND = (255, 255, 255)
"""Red, green and blue under what is transparent or outside the picture."""

BUCKET_RESOLUTION = 1024
"""Side in pixels of the square that names the pixel budget of buckets."""

AUTO, THREADS, PROCESSES, RAY = "auto", "threads", "processes", "ray"
ENGINES = (AUTO, THREADS, PROCESSES, RAY)
"""What works on the pictures or the shards of a run."""

MANY_PICTURES = 100
"""For so many it is worth the time to start processes."""

MANY_SLOW_PICTURES = 16
"""The same where crops are chosen as people crop, which takes tenths of a second each."""

KEEP_MOST, AS_PEOPLE = "keep the most", "as people crop"
FRAMINGS = (KEEP_MOST, AS_PEOPLE)
"""How close a crop goes: the larger the better, or as people would go."""


def parse_framing(words: str) -> str:
    """One of `FRAMINGS`, from its words with spaces or hyphens between.

    >>> parse_framing("as-people-crop")
    'as people crop'

    Raises:
        TypeError, ValueError: when it is none.
    """
    if not isinstance(words, str):
        raise TypeError(f"framing must be text, got {show(words)}")
    if (framing := words.strip().lower().replace("-", " ")) not in FRAMINGS:
        raise ValueError(f"framing must be one of {', '.join(FRAMINGS)}, got {show(words)}")
    return framing


def default_min_share(with_buckets: bool) -> float:
    """The smallest area of a crop, as a share of the largest box of its ratio.

    A bucket already decides the ratio; taking less than its largest box would lose more for nothing.
    """
    return 1.0 if with_buckets else 0.6


def default_workers(device: str) -> int:
    """How many pictures are worked on at once: one for every core, two where a GPU takes them in batches."""
    return available_cores() * (1 if device == "cpu" else 2)
