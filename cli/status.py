"""How the command ends: its exit statuses, and the error that stands for unusable arguments."""

from __future__ import annotations

DONE = 0  # everything that was asked for
SOME_FAILED = 1  # some pictures failed, or the run was stopped by the disk; what could be done is done
UNUSABLE = 2  # the arguments cannot be used; nothing was done (argparse ends with the same status)
INTERRUPTED = 130  # Ctrl-C, as shells report it


class UsageError(Exception):
    """Arguments that cannot be used; shown as one line, without a traceback."""
