"""pyarrow, which parquet needs: an extra, imported where it is first used."""

from __future__ import annotations

from types import ModuleType


class NoArrowError(Exception):
    """Shards were asked for and pyarrow is not installed; its text says what to do."""

    def __init__(self) -> None:
        super().__init__("shards and their records need pyarrow: pip install 'salient-crop[shards]'")


def import_arrow() -> ModuleType:
    """pyarrow, with its parquet module.

    Raises:
        NoArrowError: when it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise NoArrowError() from None
    return pyarrow
