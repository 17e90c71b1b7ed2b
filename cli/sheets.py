"""Sheets that a command draws into a file which its user names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .status import UsageError

if TYPE_CHECKING:
    import numpy as np


def refuse_sheet(sheet: Path, flag: str) -> None:
    """Refuses, before anything is drawn, a sheet that cannot be written where it should lie.

    Raises:
        UsageError: naming the flag, and what is wrong: an extension that is none of a picture, a file there that no
            command of ours has written, or another run at work in its folder.
    """
    from ..datasets.output_folder import OutputFolder
    from ..images.encode import FORMATS

    if sheet.suffix.lower().lstrip(".") not in (*FORMATS, "jpeg"):
        raise UsageError(f"{flag} {sheet}: a sheet is a {', '.join(FORMATS)}")
    try:
        with OutputFolder(sheet.parent) as folder:
            obstacle = folder.find_obstacle(sheet.name)
    except (OSError, ValueError) as error:
        raise _unwritable(sheet, flag, error) from error
    if obstacle:
        raise UsageError(f"{flag} {sheet}: {obstacle}; move it away, or choose another name")


def write_sheet(sheet: Path, flag: str, pixels: np.ndarray) -> None:
    """Writes a sheet, uint8 `[H, W, 3]`, over nothing but what a command of ours has written.

    Raises:
        UsageError: naming the flag, when it cannot be written or holds more than a file of its format can.
    """
    from ..datasets.output_folder import OutputFolder
    from ..images.encode import encode
    from ..images.errors import PictureError

    try:
        with OutputFolder(sheet.parent) as folder:
            folder.write(sheet.name, encode(pixels, sheet))
    except PictureError as error:
        raise UsageError(f"{flag} {error}") from error
    except (OSError, ValueError) as error:
        raise _unwritable(sheet, flag, error) from error


def _unwritable(sheet: Path, flag: str, error: Exception) -> UsageError:
    reason = error.strerror or error if isinstance(error, OSError) else error
    return UsageError(f"{flag} {sheet}: {reason}")
