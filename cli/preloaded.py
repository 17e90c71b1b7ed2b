"""What the workers of a run have in common; imported by the process that they are forked from, for its effect.

What it has imported stays out of the garbage collector's sight, so that forks go on sharing its memory. It ends without
taking that apart: whoever reads what the command says waits for it, too.
"""

import atexit
import sys
from multiprocessing import forkserver

from .process import QuickEnd, collecting_nothing

if getattr(sys.modules["__main__"], "main", None) is forkserver.main:  # in any other process, the status is not ours
    atexit.register(QuickEnd(0))
with collecting_nothing():
    from ..jobs import picture_worker, shard_worker  # noqa: F401
