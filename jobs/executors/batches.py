"""A network for many threads: one picture at a time on a CPU, full batches of equal thumbnails on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Generic, TypeVar

import numpy as np
import torch

from ...models.analysis import Analysis
from ...models.base import Cropper
from ..analyse import analyse_thumbnails, batch_size_on

T = TypeVar("T")
WAIT = 0.005  # seconds that a batch waits for more thumbnails once its first one has come


class Batcher(Generic[T]):
    """Thumbnails → what a network makes of them; its methods may be called from many threads.

    As a context it starts a thread that gathers the thumbnails of all threads into full batches, where there are any.
    Outside a context, and in batches of one, every call computes in the thread that makes it.

    Args:
        compute: makes something of each of several thumbnails, uint8 `[h, w, 3]`, in order.
        batch_size: thumbnails at once.
        name: of the thread.
    """

    def __init__(
        self,
        compute: Callable[[Sequence[np.ndarray]], Sequence[T]],
        batch_size: int,
        name: str = "salient-crop-batches",
    ) -> None:
        self._compute, self._batch_size, self._name = compute, batch_size, name
        self._queue: SimpleQueue[_Request[T] | None] = SimpleQueue()
        self._wait = WAIT
        self._server: Thread | None = None

    def __enter__(self) -> Batcher[T]:
        if self._batch_size > 1:
            self._server = Thread(target=self._serve, name=self._name)
            self._server.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server is not None:
            self._queue.put(None)
            self._server.join()
            self._server = None

    def __call__(self, thumbnail: np.ndarray) -> T:
        """What is made of one thumbnail. An error reaches every caller of a batch."""
        if self._server is None:
            return self._compute([thumbnail])[0]
        request: _Request[T] = _Request(thumbnail, Future())
        self._queue.put(request)
        return request.answer.result()

    def _serve(self) -> None:
        for requests in _gather(self._queue, self._batch_size, self._wait):
            try:
                answers = self._compute([each.thumbnail for each in requests])
            except Exception as error:  # raised again in the threads that asked
                for each in requests:
                    each.answer.set_exception(error)
            else:
                for each, answer in zip(requests, answers, strict=True):
                    each.answer.set_result(answer)


class Analyser:
    """Thumbnails → analyses, by one cropper on one device; see `Batcher`, which gathers them for a GPU.

    The analyses are the same in any batch, see `analyse_thumbnails`.

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
        self._batcher: Batcher[Analysis] = Batcher(self._analyse, self._batch_size, "salient-crop-analyser")

    def __enter__(self) -> Analyser:
        self._batcher.__enter__()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._batcher.__exit__(kind, error, trace)

    def analyse(self, thumbnail: np.ndarray) -> Analysis:
        """The analysis of one thumbnail, uint8 `[h, w, 3]`. An error of the cropper reaches every caller of a batch."""
        return self._batcher(thumbnail)

    def _analyse(self, thumbnails: Sequence[np.ndarray]) -> list[Analysis]:
        return analyse_thumbnails(self.cropper, thumbnails, self.device, self._batch_size)


class _Request(Generic[T]):
    def __init__(self, thumbnail: np.ndarray, answer: Future[T]) -> None:
        self.thumbnail, self.answer = thumbnail, answer


def _gather(queue: SimpleQueue[_Request[T] | None], batch_size: int, wait: float) -> Iterator[list[_Request[T]]]:
    """Groups of at most `batch_size` requests with thumbnails of one size, until the queue ends with None."""
    waiting: dict[tuple[int, ...], list[_Request[T]]] = {}
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
