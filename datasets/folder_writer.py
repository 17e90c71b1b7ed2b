"""What writes the files of a data set: a folder that this process holds, or one that it only stages files for."""

from __future__ import annotations

from typing import Protocol


class FolderWriter(Protocol):
    """Files are named by POSIX paths relative to the folder; nothing is replaced or removed that no run has written."""

    def write(self, file: str, content: bytes) -> None:
        """Writes a file in one go.

        Raises:
            OSError: when it cannot be written, or something is in the way that no run has written.
        """

    def remove(self, *files: str) -> None:
        """Removes those of the files that are ours."""
