"""What the workers of a run have in common; imported by the process that they are forked from, for its effect.

What it has imported stays out of the garbage collector's sight, so that forks go on sharing its memory.
"""

import signal

from .process import collecting_nothing

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which then ends all the others
with collecting_nothing():
    from ..jobs import picture_worker, shard_worker  # noqa: F401
