"""One picture that cannot be used: by name, with the reason, and nothing else is harmed."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from .complaints import hearing


class PictureError(Exception):
    """A picture that could not be read or written.

    Attributes:
        path: the file.
        reason: one sentence without the path, the same on every machine.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = Path(path)
        self.reason = reason

    def reason_for(self, picture: Path) -> str:
        """The reason for the record of a picture; names the file where it is another one, such as its mask."""
        return self.reason if self.path == picture else f"{self.path.name}: {self.reason}"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns whatever goes wrong while `path` is read into a `PictureError`."""
    with hearing() as complaints:
        try:
            yield
        except PictureError:
            raise
        except Exception as error:  # Pillow's decoders raise nearly anything on damaged data
            raise PictureError(path, _reason(error, complaints)) from error


def _reason(error: Exception, complaints: Sequence[str]) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return "more pixels than are safe to decode; a decompression bomb, or shrink it first"
    if isinstance(error, UnidentifiedImageError):
        return "not a picture in a format that can be read here"
    if isinstance(error, FileNotFoundError):
        return "there is no such file (moved, deleted, or a broken link)"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if isinstance(error, OSError) and error.errno is not None:
        return error.strerror or f"error {error.errno} while reading it"
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    if isinstance(error, EOFError | struct.error) or "truncated" in str(error).lower():
        return f"truncated: the file ends before the picture does ({error})"
    told = f" ({complaints[0]})" if complaints else ""
    return f"damaged: {str(error) or type(error).__name__}{told}"
