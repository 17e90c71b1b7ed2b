"""How much of a stream may have been read and not yet been worked on."""

from __future__ import annotations

from threading import Condition


class ByteGate:
    """Lets bytes in as long as there is room, or nothing else is inside; may be used by several threads.

    Args:
        room: in bytes.
    """

    def __init__(self, room: int) -> None:
        self._room, self._inside = room, 0
        self._changed = Condition()

    def enter(self, size: int) -> None:
        """Waits until there is room for so many bytes."""
        with self._changed:
            self._changed.wait_for(lambda: not self._inside or self._inside + size <= self._room)
            self._inside += size

    def leave(self, size: int) -> None:
        """Makes room again."""
        with self._changed:
            self._inside -= size
            self._changed.notify_all()
