"""What a decoder process does: it opens a picture, answers questions about its pixels, and ends with who started it.

Run by `process.DecoderProcess`, which ends it where an answer takes too long. Should its owner be killed meanwhile, the
process notices that nobody can ask any more; and a watchdog ends it even where a decoder lets no other thread run.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import warnings
from dataclasses import asdict
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

from PIL import Image

from .decode import Picture, Question
from .errors import PictureError
from .header import CHANGED
from .wire import BrokenMessageError, receive, send

_GRACE = 5  # seconds after which the watchdog ends what its owner should have ended
_SLACK = 256 << 20  # bytes that libraries set aside beside what they need


def main() -> None:
    """Answers questions until there can be no more."""
    answers = _take_output()
    questions: SimpleQueue[tuple[dict[str, Any], bytearray]] = SimpleQueue()
    Thread(target=_listen, args=(sys.stdin.buffer, questions), daemon=True).start()
    warnings.simplefilter("ignore")
    decoder = _Decoder()
    send(answers, {"ready": True})
    while True:
        words, payload = questions.get()
        faulthandler.dump_traceback_later(words["seconds"] + _GRACE, exit=True)
        _limit_memory(words["memory"])
        try:
            found, pixels = decoder.answer(words, bytes(payload))
        except PictureError as error:
            found, pixels = {"error": error.reason}, b""
        except MemoryError:
            found, pixels = {"error": "not enough memory to decode it"}, b""
        del payload
        send(answers, found, pixels)
        del pixels
        faulthandler.cancel_dump_traceback_later()


class _Decoder:
    """One picture after another, and the answers about it."""

    def __init__(self) -> None:
        self._picture: Picture | None = None

    def answer(self, words: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes | memoryview]:
        """Words and bytes of the answer to one message.

        Raises:
            PictureError, MemoryError: when the picture cannot be read.
        """
        if words["about"] == "open":
            self._picture = None  # the old one goes before the new one comes
            self._picture = Picture(words["path"], content=content if words["in_memory"] else None)
            if words.get("identity") not in (None, list(self._picture.identity or ())):
                raise PictureError(words["path"], CHANGED)
            return {"info": asdict(self._picture.info)}, b""
        if words["about"] == "forget":
            if self._picture is not None:  # it could not be opened
                self._picture.forget()
            return {}, b""
        assert self._picture is not None
        background = None if words["background"] is None else tuple(words["background"])
        pixels = self._picture.answer(_read_question(words["question"]), background)
        return {"shape": pixels.shape}, pixels.data.cast("B")


def _read_question(words: dict[str, Any]) -> Question:
    region, size = tuple(words["region"]), tuple(words["size"])
    return Question(region, size, Image.Resampling(words["filter"]), words["scale"], words["block"])


def _take_output() -> BinaryIO:
    """The output, for messages alone: what a library prints goes nowhere."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return answers


def _listen(file: BinaryIO, questions: SimpleQueue[tuple[dict[str, Any], bytearray]]) -> None:
    """Hands questions on, and ends the process where there can be no more."""
    while True:
        try:
            questions.put(receive(file))
        except BrokenMessageError:
            os._exit(0)


def _limit_memory(amount: int) -> None:
    """Lets a picture take so many bytes and no more, where the system can: what needs more has lied about its need."""
    if sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _data_size() + amount + _SLACK
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _data_size() -> int:
    """Bytes of memory that the process has now, as the limit counts them; 0 where that is unknown."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:"))
    except (OSError, StopIteration, ValueError):
        return 0
