"""Thumbnails, large pictures and heat for the page: made when they are asked for, and kept in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from io import BytesIO
from threading import BoundedSemaphore, Lock
from typing import Any

import numpy as np
from PIL import Image

from ..images.encode import encode
from ..images.errors import PictureError
from ..jobs.stages import PICTURE_ERRORS, Seen, describe_error, look_at, open_source
from ..jobs.suggest import describe_choice
from ..models.analysis import Analysis
from .items import Item
from .session import ReviewSession

THUMBNAIL, LARGE = 320, 1600
"""Long sides in pixels."""

KEPT = 256 << 20
"""Bytes of encoded pictures that are kept for being asked for again."""


class Pictures:
    """What the page shows of the pictures of a session. May be used by several threads.

    Args:
        session: whose pictures they are.
        kept: bytes that are kept.
    """

    def __init__(self, session: ReviewSession, kept: int = KEPT) -> None:
        self._session = session
        self._cache = BoundedCache(kept)
        self._details: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._working = BoundedSemaphore(max(1, session.run.workers))
        self._lock = Lock()

    def thumbnail(self, index: int) -> bytes:
        """A JPEG of the whole picture, for a tile.

        Raises:
            ValueError: when there is no such picture.
            PictureError: when it cannot be read.
        """
        return self._drawn(index, THUMBNAIL)

    def large(self, index: int) -> bytes:
        """A JPEG of the whole picture, for the editor; see `thumbnail`."""
        return self._drawn(index, LARGE)

    def heat(self, index: int) -> bytes:
        """A PNG of the heat, transparent where there is none; see `thumbnail`."""
        item = self._session.item(index)
        return self._cache.get(f"heat {item.record.source}", lambda: draw_heat(self._look(item).analysis))

    def details(self, index: int) -> dict[str, Any]:
        """Subjects, regions and other crops of a picture as JSON; see `thumbnail`."""
        item = self._session.item(index)
        key = f"{item.record.source} {item.place}"
        with self._lock:
            if key in self._details:
                return self._details[key]
        found = self._describe(item)
        with self._lock:
            self._details[key] = found
            while len(self._details) > 1000:
                self._details.popitem(last=False)
        return found

    def _drawn(self, index: int, side: int) -> bytes:
        record = self._session.item(index).record

        def draw() -> bytes:
            with self._working, open_source(self._session.run, record.source) as picture:
                width, height = picture.info.size
                scale = min(1.0, side / max(width, height))
                size = max(1, round(width * scale)), max(1, round(height * scale))
                return encode(picture.crop((0, 0, width, height), size), "jpg")

        return self._cache.get(f"{side} {record.source}", draw)

    def _look(self, item: Item) -> Seen:
        run, source = self._session.run, item.record.source
        with self._working, open_source(run, source) as picture:
            return look_at(run, picture, source, self._session.analyser)

    def _describe(self, item: Item) -> dict[str, Any]:
        seen = self._look(item)
        self._cache.get(f"heat {item.record.source}", lambda: draw_heat(seen.analysis))
        size = item.record.size or (1, 1)
        try:
            return describe_choice(seen, size, item.crop, self._session.run.settings)
        except PICTURE_ERRORS as error:
            raise PictureError(self._session.run.folder / item.record.source, describe_error(error)) from error


class BoundedCache:
    """Bytes by name, up to a total; what was not asked for longest goes first.

    Args:
        limit: bytes; one that is larger alone is not kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit, self.size = limit, 0
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The bytes of a name, made where they are not kept. Two that ask at once may both make them."""
        with self._lock:
            if name in self._entries:
                self._entries.move_to_end(name)
                return self._entries[name]
        made = make()
        with self._lock:
            if name not in self._entries:
                self._entries[name] = made
                self.size += len(made)
            while self.size > self._limit and self._entries:
                self.size -= len(self._entries.popitem(last=False)[1])
        return made


def draw_heat(analysis: Analysis) -> bytes:
    """The heat of a picture as a PNG of the heatmap's own size: orange, opaque where it is hottest."""
    heat = analysis.heatmap.float().cpu().numpy()
    share = np.sqrt(heat / max(float(heat.max()), 1e-12))
    pixels = np.zeros((*heat.shape, 4), np.uint8)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = 255, (60 + 170 * share).astype(np.uint8), 20
    pixels[..., 3] = (200 * share).astype(np.uint8)
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()
