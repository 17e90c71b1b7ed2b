"""What a node shows of its run on the panel below its widgets: a line in words, warnings, and small pictures.

The panel is drawn by `web/js/panel.js` in both renderers of the canvas. A node hands it `ui=panel.show(...)`, with
`has_intermediate_output=True` in its schema, so that the host sends it again where the node's outputs are cached.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import folder_paths
import numpy as np
from PIL import Image
from torch import Tensor

from ..cropping.box import Box
from ..cropping.checks import Region
from ..images.thumbnail import small_pixels
from ..jobs.analyse import sketch_of_tensor
from .drawing import GLOW_OPACITY, HOT, HOTTEST, heatmap_as_mask
from .sockets import Size
from .sockets.pictures import size_of

KEY = "salient_crop"
"""Of the panel's content among what a node shows."""

MOST_TILES = 60
"""More pictures than these are only counted."""

MOST_WARNINGS = 12
"""About a run as a whole; more are only counted."""

LARGE_SIDE, SMALL_SIDE = 512, 192
"""Short side, in pixels, of a picture that is shown alone or with few others, and of one among many."""

FEW = 6
HEAT_SIDE = 128
"""Pixels on the long side of a heatmap: it is smooth, and the browser enlarges it."""

FOLDER = "salient_crop"
"""Below the host's temporary folder, which it empties itself."""

KEPT, AVOID, TEXT, LOST = "keep", "avoid", "text", "lost"
"""Kinds of regions, each drawn in a colour of its own; `lost` is what a warning is about."""


class Marked(NamedTuple):
    """A region that is drawn on a picture: relative to it, and with the name that a person gave it, if any."""

    kind: str
    region: Region
    name: str = ""


@dataclass(frozen=True)
class Tile:
    """One picture on the panel.

    Attributes:
        size: width and height that `box` is measured on; without `draw`, the ratio of the empty frame that is shown.
        draw: makes the picture, uint8 `[h, w, 3]` of any size; called only where it is shown. None for an empty frame.
        box: of the crop, which may reach outside; what lies outside it is dimmed. None where nothing is cropped.
        regions: that are drawn on it.
        heat: `[h, w]` ≥ 0, which the person at the canvas may turn on and off.
        name: of the picture; empty for its number among several.
        words: one line.
        warnings: in words.
    """

    size: Size
    draw: Callable[[], np.ndarray] | None = None
    box: Box | None = None
    regions: Sequence[Marked] = ()
    heat: Tensor | None = None
    name: str = ""
    words: str = ""
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Bar:
    """One bar of a chart.

    Attributes:
        label: before it.
        value: its length, ≥ 0.
        other: the length of the faint bar below it, which it is compared with.
    """

    label: str
    value: int
    other: int = 0


class Panel:
    """The panel of one run of a node; pictures are written as temporary files as they come.

    Args:
        count: how many pictures there will be: fewer are shown larger.
        heat: whether heat is on until somebody turns it off.

    Attributes:
        count: how many there have been.
        warned: how many of them have warnings.
    """

    def __init__(self, count: int = 1, heat: bool = False) -> None:
        self._side = LARGE_SIDE if count <= FEW else SMALL_SIDE
        self._several = count > 1
        self._heat = heat
        self._tiles: list[dict[str, Any]] = []
        self.count = self.warned = 0

    def add(self, tile: Tile) -> None:
        """Adds a picture; beyond `MOST_TILES` it is only counted."""
        if len(self._tiles) < MOST_TILES:
            number = str(self.count) if self._several else ""
            self._tiles.append(_as_json(replace(tile, name=tile.name or number), self._side))
        self.count += 1
        self.warned += bool(tile.warnings)

    def show(self, words: str, warnings: Iterable[str] = (), bars: Sequence[Bar] = ()) -> dict[str, list[Any]]:
        """The panel as the `ui` of a node's output; see `content`."""
        return {KEY: [self.content(words, warnings, bars)]}

    def content(self, words: str, warnings: Iterable[str] = (), bars: Sequence[Bar] = ()) -> dict[str, Any]:
        """What the front end draws.

        Args:
            words: above the pictures; a single picture's own line may go without.
            warnings: about the run as a whole.
            bars: of a chart between words and pictures.
        """
        named = [each for each in warnings if each]
        rest = [f"and {len(named) - MOST_WARNINGS} more"] if len(named) > MOST_WARNINGS else []
        return {
            "words": words,
            "warnings": named[:MOST_WARNINGS] + rest,
            "bars": [asdict(each) for each in bars],
            "tiles": list(self._tiles),
            "more": max(0, self.count - len(self._tiles)),
            "heat": self._heat,
        }


def _as_json(tile: Tile, side: int) -> dict[str, Any]:
    """A tile as the front end reads it; its picture has at most `side` pixels on its short side."""
    width, height = tile.size
    return {
        "width": width,
        "height": height,
        "picture": None if tile.draw is None else save_picture(small_pixels(tile.draw(), side)),
        "heat": None if tile.heat is None else save_heat(tile.heat, tile.size),
        "box": None if tile.box is None else list(tile.box.relative(tile.size)),
        "regions": [{"kind": each.kind, "box": list(each.region), "name": each.name} for each in tile.regions],
        "name": tile.name,
        "words": tile.words,
        "warnings": list(tile.warnings),
    }


def tile_of(picture: Tensor, box: Box | None = None, name: str = "", words: str = "") -> Tile:
    """The tile of a picture `[H, W, 3]`."""
    return Tile(size_of(picture), lambda: sketch_of_tensor(picture), box, name=name, words=words)


def save_picture(pixels: np.ndarray) -> dict[str, str]:
    """Writes uint8 `[h, w, 3]` as a temporary JPEG; returns where, as the host's `/view` wants it."""
    return _save(Image.fromarray(pixels), "JPEG", quality=85)


def save_heat(heat: Tensor, size: Size) -> dict[str, str]:
    """A heatmap as a temporary WebP, clear where it is cold."""
    scale = min(1.0, HEAT_SIDE / max(size))
    small = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    warmth = heatmap_as_mask(heat, small).numpy()
    colours = [hot + (hottest - hot) * warmth for hot, hottest in zip(HOT, HOTTEST, strict=True)]
    pixels = (255 * np.dstack([*colours, GLOW_OPACITY * np.sqrt(warmth)])).round().astype(np.uint8)
    return _save(Image.fromarray(pixels, "RGBA"), "WEBP", quality=80, method=0)


def temporary_folder() -> Path:
    """Where pictures that are only shown go; it is there."""
    folder = Path(folder_paths.get_temp_directory(), FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _save(image: Image.Image, format: str, **options: Any) -> dict[str, str]:
    data = BytesIO()
    image.save(data, format, **options)
    folder = temporary_folder()
    # Named by its content: a picture that is shown again costs nothing, and the browser may keep it.
    name = f"{hashlib.sha256(data.getvalue()).hexdigest()[:24]}.{format.lower()}"
    file = folder / name
    if not file.is_file():
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(data.getvalue())
        os.replace(unfinished, file)
    return {"filename": name, "subfolder": FOLDER, "type": "temp"}


def count_of(number: int, what: str, plural: str = "") -> str:
    """`1 picture`, `2 pictures`."""
    return f"{number} {what if number == 1 else plural or what + 's'}"
