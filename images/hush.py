"""What Pillow says beside its errors, left unsaid: pictures have limits of their own, and why one fails is told."""

from __future__ import annotations

import logging
import warnings


def hush_pillow() -> None:
    """Silences Pillow's warnings, until a `warnings.catch_warnings` around it ends, and its log where none is kept."""
    warnings.filterwarnings("ignore", module="PIL")
    logging.getLogger("PIL").addHandler(logging.NullHandler())
