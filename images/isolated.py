"""A picture that is decoded in another process, which can be given up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .colour import RGB
from .cost import Cost, opening_bytes
from .decode import Picture, Question, Terms
from .errors import PictureError
from .header import PictureInfo
from .orientation import swap_sides
from .process import DecoderProcess, ProcessLostError
from .structure import Structure


class IsolatedPicture(Picture):
    """A picture file whose decoder works in another process. What it gives is the same, to the byte.

    Args:
        path: of the file.
        structure: of the file.
        process: that decodes it, and nothing else meanwhile.
        seconds: that an answer may take.
        terms, content: see `Picture`.

    Raises:
        PictureError: here and in the methods, also when the process is lost.
    """

    def __init__(
        self,
        path: Path,
        structure: Structure,
        process: DecoderProcess,
        seconds: float,
        terms: Terms,
        content: bytes | None = None,
    ) -> None:
        self.path = path
        self._process = process
        self._seconds = seconds
        self._terms = terms
        self._scale = None
        self.identity = structure.identity
        words = {"path": str(path.absolute()), "in_memory": content is not None, "identity": structure.identity}
        need = opening_bytes(structure)
        self._cover(need)
        found, _ = self._send("open", words, content or b"", need)
        self.info = _read_info(found["info"])

    def answer(self, question: Question, background: RGB | None) -> np.ndarray:
        width, height = swap_sides(question.size, self.info.orientation)
        need = self.info.cost.of_answer(question.scale, question.region, question.size, question.size)
        words = {"question": asdict(question), "background": background}
        found, pixels = self._send("answer", words, b"", need, most=width * height * 4)
        shape = found.get("shape")
        if shape not in ([height, width, 3], [height, width, 4]) or len(pixels) != height * width * shape[2]:
            raise PictureError(self.path, "its decoder crashed")
        self._scale = question.scale
        return np.frombuffer(pixels, np.uint8).reshape(shape)

    def forget(self) -> None:
        if not self._process.lost:
            with suppress(ProcessLostError):  # which has forgotten it, too
                self._process.ask({"about": "forget"}, seconds=self._seconds, memory=0)

    def _send(
        self, about: str, words: dict[str, Any], payload: bytes, memory: int, most: int = 0
    ) -> tuple[dict[str, Any], bytearray]:
        """Asks the process.

        Raises:
            PictureError: when it cannot answer.
        """
        try:
            found, answer = self._process.ask(
                {"about": about, **words}, payload, seconds=self._seconds, memory=memory, most=most
            )
        except ProcessLostError as error:
            raise PictureError(self.path, str(error)) from error
        if "error" in found:
            raise PictureError(self.path, str(found["error"]))
        return found, answer


def _read_info(words: dict[str, Any]) -> PictureInfo:
    cost = words.pop("cost")
    size, stored = tuple(words.pop("size")), tuple(cost.pop("size"))
    return PictureInfo(size=size, cost=Cost(stored, **cost), **words)
