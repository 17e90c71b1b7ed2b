"""The analyser that many threads share: what a GPU run does, on the CPU."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from salient_crop.jobs.executors.batches import Analyser
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper


class Bright(Cropper):
    """Heat by brightness; refuses wide pictures and tall ones, each in its own words, and notes the batches."""

    name = "bright"

    def __init__(self, fails=False):
        self.fails, self.batches, self.threads = fails, [], set()

    def analyse(self, images):
        self.batches.append(len(images))
        self.threads.add(threading.current_thread().name)
        if self.fails:
            raise RuntimeError("out of memory") if images.shape[-1] > images.shape[-2] else ValueError("too tall")
        return [Analysis(image.mean(0) + 0.01) for image in images]


def thumbnail(index, width):
    pixels = np.zeros((10, width, 3), np.uint8)
    pixels[index % 10, index // 10] = 255
    return pixels


def place(analysis):
    row, column = divmod(int(analysis.heatmap.argmax()), analysis.heatmap.shape[1])
    return column * 10 + row


def test_one_picture_at_a_time_in_the_callers_own_thread_on_a_cpu():
    cropper = Bright()
    with Analyser(cropper) as analyser:
        assert place(analyser.analyse(thumbnail(37, 12))) == 37
    assert cropper.batches == [1]
    assert cropper.threads == {threading.current_thread().name}


@pytest.mark.parametrize("threads", [1, 5])
def test_every_thread_gets_its_own_answer_from_full_batches(threads):
    cropper = Bright()
    thumbnails = [thumbnail(index, 12 + index % 3) for index in range(40)]
    with Analyser(cropper, "cpu", batch_size=3) as analyser, ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(analyser.analyse, thumbnails))
    assert [place(answer) for answer in answers] == list(range(40))
    assert set(cropper.batches) == {3}
    assert len(cropper.batches) <= 40
    assert cropper.threads == {"salient-crop-analyser"}


def test_threads_that_ask_at_once_share_a_batch():
    cropper, together = Bright(), threading.Barrier(3)

    def ask(index):
        together.wait()
        return analyser.analyse(thumbnail(index, 12))

    with Analyser(cropper, "cpu", batch_size=3) as analyser, ThreadPoolExecutor(3) as pool:
        analyser._batcher._wait = 5.0  # until the batch is full, however slow the machine
        assert [place(answer) for answer in pool.map(ask, range(3))] == [0, 1, 2]
    assert cropper.batches == [3]


def test_an_error_reaches_only_those_whose_batch_it_was():
    with Analyser(Bright(fails=True), "cpu", batch_size=2) as analyser, ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(analyser.analyse, thumbnail(0, width)) for width in (12, 12, 8, 12)]
        errors = [str(answer.exception()) for answer in answers]
    assert errors == ["out of memory", "out of memory", "too tall", "out of memory"]


def test_without_a_context_batches_are_full_too():
    cropper = Bright()
    analyser = Analyser(cropper, "cpu", batch_size=4)
    assert place(analyser.analyse(thumbnail(5, 12))) == 5
    assert cropper.batches == [4]
    with analyser:
        assert place(analyser.analyse(thumbnail(6, 12))) == 6
    assert place(analyser.analyse(thumbnail(7, 12))) == 7  # the thread has ended, and nothing hangs
