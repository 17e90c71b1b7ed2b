"""One analyser for many threads: one picture at a time on a CPU, full batches of equal thumbnails on a GPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import NamedTuple

import numpy as np
import torch

from ...models.analysis import Analysis
from ...models.base import Cropper
from ..analyse import analyse_thumbnails, batch_size_on

WAIT = 0.005  # seconds that a batch waits for more thumbnails once its first one has come


class Analyser:
    """Thumbnails → analyses, by one cropper on one device; its methods may be called from many threads.

    As a context it starts a thread that gathers the thumbnails of all threads into full batches, where the device works
    in batches. Outside a context, and on a CPU, every call computes in the thread that makes it. The analyses are the
    same either way, see `analyse_thumbnails`.

    Args:
        cropper: with its weights on `device`.
        device: to analyse on.
        batch_size: None for the rule of `batch_size_on`.

    >>> from salient_crop.models.registry import load_cropper
    >>> with Analyser(load_cropper("centre")) as analyser:
    ...     analyser.analyse(np.zeros((48, 64, 3), np.uint8)).heatmap.sum().item()
    1.0
    """

    def __init__(self, cropper: Cropper, device: str | torch.device = "cpu", batch_size: int | None = None) -> None:
        self.cropper = cropper
        self.device = str(device)
        self._batch_size = batch_size or batch_size_on(device)
        self._queue: SimpleQueue[_Request | None] = SimpleQueue()
        self._wait = WAIT
        self._server: Thread | None = None

    def __enter__(self) -> Analyser:
        if self._batch_size > 1:
            self._server = Thread(target=self._serve, name="salient-crop-analyser")
            self._server.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server is not None:
            self._queue.put(None)
            self._server.join()
            self._server = None

    def analyse(self, thumbnail: np.ndarray) -> Analysis:
        """The analysis of one thumbnail, uint8 `[h, w, 3]`. An error of the cropper reaches every caller of a batch."""
        if self._server is None:
            return self._analyse([thumbnail])[0]
        request = _Request(thumbnail, Future())
        self._queue.put(request)
        return request.answer.result()

    def _analyse(self, thumbnails: Sequence[np.ndarray]) -> list[Analysis]:
        return analyse_thumbnails(self.cropper, thumbnails, self.device, self._batch_size)

    def _serve(self) -> None:
        for requests in _gather(self._queue, self._batch_size, self._wait):
            try:
                analyses = self._analyse([each.thumbnail for each in requests])
            except Exception as error:  # raised again in the threads that asked
                for each in requests:
                    each.answer.set_exception(error)
            else:
                for each, analysis in zip(requests, analyses, strict=True):
                    each.answer.set_result(analysis)


class _Request(NamedTuple):
    thumbnail: np.ndarray
    answer: Future[Analysis]


def _gather(queue: SimpleQueue[_Request | None], batch_size: int, wait: float) -> Iterator[list[_Request]]:
    """Groups of at most `batch_size` requests with thumbnails of one size, until the queue ends with None."""
    waiting: dict[tuple[int, ...], list[_Request]] = {}
    while True:
        try:
            request = queue.get(timeout=wait if waiting else None)
        except Empty:
            yield waiting.pop(max(waiting, key=lambda shape: len(waiting[shape])))
            continue
        if request is None:
            yield from waiting.values()
            return
        group = waiting.setdefault(request.thumbnail.shape, [])
        group.append(request)
        if len(group) == batch_size:
            yield waiting.pop(request.thumbnail.shape)
