"""From thumbnails to crops: one picture at a time on a CPU, batches of equal thumbnails on a GPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple

import numpy as np

from ...cropping.crop import Crop
from ...models.base import Cropper
from ..settings import CropRequest
from ..stages import Chooser, Size, analyse, choose

# How long a batch waits for company once its first picture has come.
_PATIENCE = 0.005


def one_by_one(cropper: Cropper, request: CropRequest, device: str = "cpu") -> Chooser:
    """A chooser for CPUs: every worker takes its own picture through the cropper.

    A batch would be no faster there, and a picture's crop would depend, in its last digits, on its company.
    """

    def crops_of(thumbnail: np.ndarray, size: Size) -> list[Crop]:
        return choose(analyse(cropper, [thumbnail], device), [size], request)[0]

    return crops_of


@contextmanager
def in_batches(cropper: Cropper, request: CropRequest, device: str, batch: int = 8) -> Iterator[Chooser]:
    """A chooser for GPUs, to be called from many threads: their pictures go through the cropper together.

    A batch holds thumbnails of one size and is always full, with copies where there are too few: the network then
    computes every picture in the same way, whatever its company, and a run that was stopped ends with the same crops.
    """
    queue: SimpleQueue[_Question | None] = SimpleQueue()

    def crops_of(thumbnail: np.ndarray, size: Size) -> list[Crop]:
        question = _Question(thumbnail, size, Future())
        queue.put(question)
        return question.answer.result()

    def serve() -> None:
        for questions in _gathered(queue, batch):
            _answer(questions, cropper, request, device, batch)

    server = Thread(target=serve, name="salient-crop-batches")
    server.start()
    try:
        yield crops_of
    finally:
        queue.put(None)
        server.join()


class _Question(NamedTuple):
    thumbnail: np.ndarray
    size: Size
    answer: Future[list[Crop]]


def _gathered(queue: SimpleQueue[_Question | None], batch: int) -> Iterator[list[_Question]]:
    """Groups of at most `batch` questions about thumbnails of one size, until the queue ends with None."""
    waiting: dict[tuple[int, ...], list[_Question]] = {}
    while True:
        try:
            question = queue.get(timeout=_PATIENCE if waiting else None)
        except Empty:
            yield waiting.pop(max(waiting, key=lambda shape: len(waiting[shape])))
            continue
        if question is None:
            yield from waiting.values()
            return
        group = waiting.setdefault(question.thumbnail.shape, [])
        group.append(question)
        if len(group) == batch:
            yield waiting.pop(question.thumbnail.shape)


def _answer(questions: Sequence[_Question], cropper: Cropper, request: CropRequest, device: str, batch: int) -> None:
    thumbnails = [question.thumbnail for question in questions]
    try:
        analyses = analyse(cropper, thumbnails + thumbnails[-1:] * (batch - len(thumbnails)), device)
    except Exception as error:  # told by the thread that asked, for its own picture
        for question in questions:
            question.answer.set_exception(error)
        return
    for question, analysis in zip(questions, analyses, strict=False):
        try:
            question.answer.set_result(choose([analysis], [question.size], request)[0])
        except Exception as error:
            question.answer.set_exception(error)
