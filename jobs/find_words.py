"""Finds what words name in the pictures of a run, once for each picture and question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Lock

import numpy as np
import torch

from ..datasets.annotations.boxes import LabelledRegion, lay_on_picture
from ..images.decode import Picture
from ..models.detectors.words.base import WordBox, WordDetector
from ..models.detectors.words.registry import load_word_detector
from .analyse import batch_size_on, equal_batches
from .executors.batches import Batcher
from .run import RunError
from .word_cache import WordCache
from .words import WordSettings

DETECTION_SIDE = 800
"""Short side in pixels of the pictures that detectors see: what they look for may be small."""

PROMPT = "prompt"  # the kind of subjects that were found by word


class WordFinder:
    """Finds what the settings look for. May be used by several threads.

    The model is loaded when the first picture is looked at that nobody has looked at before.

    Args:
        settings: what is looked for.
        cache: the file in which it is noted, see `WordCache`; None where it is not.
        device: kind of the device to find on.
        detector: one that is loaded, of the settings; None for the one in their folder.
    """

    def __init__(
        self, settings: WordSettings, cache: Path | None, device: str, detector: WordDetector | None = None
    ) -> None:
        self._settings, self._file, self._device = settings, cache, device
        self._batcher: Batcher[tuple[WordBox, ...]] = Batcher(self._detect, batch_size_on(device))
        self._cache: WordCache | None = None
        self._detector = detector
        self._loading, self._working = Lock(), Lock()

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Notes what is found, and gathers batches, until the context ends: of a run that has its folder for itself.

        Raises:
            ValueError: when a file is in the way.
        """
        assert self._file is not None
        self._cache = WordCache(self._file, self._question(), writes=True)
        try:
            with self._batcher:
                yield
        finally:
            self._cache.close()
            self._cache = None

    def find(self, picture: Picture, digest: str) -> tuple[LabelledRegion, ...]:
        """What the words name in a picture, as far as it lies on it.

        Args:
            picture: to be looked at, unless that was done before.
            digest: of its file.

        Raises:
            PictureError: when the picture cannot be read.
            RunError: when the model cannot be loaded, or is another one than the settings say.
        """
        if self._file is None:
            return self.look(picture)
        cache = self._cache or WordCache(self._file, self._question(), writes=False)
        found = cache.get(digest)
        if found is None:
            found = self._batcher(picture.small(DETECTION_SIDE))
            cache.add(digest, found)
        if cache is not self._cache:
            cache.close()
        return _lay_on_picture(found)

    def look(self, picture: Picture) -> tuple[LabelledRegion, ...]:
        """The same, whatever was noted of it.

        Raises:
            PictureError, RunError: see `find`.
        """
        return _lay_on_picture(self._batcher(picture.small(DETECTION_SIDE)))

    def load(self) -> WordDetector:
        """The detector.

        Raises:
            RunError: when it cannot be loaded, or is another one than the settings say.
        """
        with self._loading:
            if self._detector is None:
                assert self._settings.model is not None  # only a loaded detector has none
                try:
                    detector = load_word_detector(self._settings.model, self._device)
                except (ImportError, OSError, ValueError) as error:  # of which every other picture would say the same
                    raise RunError(f"--subject-model: {error}") from error
                if detector.digest != self._settings.weights:
                    raise RunError(f"--subject-model: {self._settings.model} holds another model than it did")
                self._detector = detector
            return self._detector

    def _detect(self, thumbnails: Sequence[np.ndarray]) -> list[tuple[WordBox, ...]]:
        """What is found in each of uint8 `[h, w, 3]`; batches are filled up with copies, as `analyse_thumbnails` does.

        One batch at a time: a detector takes gigabytes, and all cores as it is.
        """
        detector, settings, size = self.load(), self._settings, batch_size_on(self._device)
        found: dict[int, tuple[WordBox, ...]] = {}
        for indices in equal_batches(thumbnails, size):
            batch = [thumbnails[index] for index in indices]
            batch += batch[-1:] * (size - len(batch))
            images = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2)
            with self._working:
                boxes = detector.detect(images, settings.words, settings.threshold)
            found.update(zip(indices, boxes, strict=False))
        return [found[index] for index in range(len(thumbnails))]

    def _question(self) -> str:
        settings = self._settings
        text = repr((settings.weights, settings.words, settings.threshold, DETECTION_SIDE))
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _lay_on_picture(found: Sequence[WordBox]) -> tuple[LabelledRegion, ...]:
    placed = ((lay_on_picture(each.region), each) for each in found)
    return tuple(
        LabelledRegion(region, each.word, confidence=each.confidence, kind=PROMPT)
        for region, each in placed
        if region is not None
    )
