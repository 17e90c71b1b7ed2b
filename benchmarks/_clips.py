"""Three clips made of the sample photographs, for which it is known where the subject is in every frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import pi, sin
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SAMPLES = Path(__file__).parent.parent / "samples"
SIZE = (640, 360)
NOISE = 4.0  # standard deviation of a camera's noise, in levels
FloatBox = tuple[float, float, float, float]


@dataclass(frozen=True)
class Clip:
    """Frames, uint8 `[T, H, W, 3]`; the subject's box in each (x1, y1, x2, y2 in pixels), and where scenes begin."""

    frames: np.ndarray
    subjects: list[FloatBox]
    scenes: tuple[int, ...] = (0,)


def make_pan(count: int = 96) -> Clip:
    """A camera that starts to pan, pans and stops, over a photograph of a moose."""
    photo = Image.open(SAMPLES / "moose.jpg").convert("RGB").resize((960, 640), Image.Resampling.LANCZOS)
    subject = (240, 110, 780, 560)  # in the photograph
    frames, subjects = [], []
    for index in range(count):
        share = _ease(index / (count - 1))
        left, top = 300 * (1 - share), 200 - 60 * share
        frames.append(photo.resize(SIZE, Image.Resampling.BICUBIC, box=(left, top, left + 640, top + 360)))
        subjects.append(tuple(edge - (left, top)[place % 2] for place, edge in enumerate(subject)))
    return Clip(_with_noise(frames), subjects)


def make_walk(count: int = 120) -> Clip:
    """Somebody who walks through a meadow, bobbing at each step."""
    background = Image.open(SAMPLES / "dandelions.jpg").convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
    background = background.transpose(Image.Transpose.FLIP_LEFT_RIGHT).filter(ImageFilter.GaussianBlur(3))
    photo = Image.open(SAMPLES / "engineer.jpg").convert("RGB").crop((400, 110, 810, 1540)).resize((92, 320))
    outline = Image.new("L", photo.size)
    ImageDraw.Draw(outline).polygon(
        [
            (22, 8),
            (40, 4),
            (54, 22),
            (60, 60),
            (84, 62),
            (88, 74),
            (66, 100),
            (66, 180),
            (60, 230),
            (66, 312),
            (12, 312),
        ]
        + [(16, 240), (6, 170), (6, 90), (14, 40)],
        fill=255,
    )
    outline = outline.filter(ImageFilter.GaussianBlur(1.5))
    frames, subjects = [], []
    for index in range(count):
        left, top = 20 + 500 * index / (count - 1), 34 + 4 * sin(2 * pi * index / 12)
        frame = background.copy()
        frame.paste(photo, (round(left), round(top)), outline)
        frames.append(frame)
        subjects.append((left + 6, top + 4, left + 88, top + 312))
    return Clip(_with_noise(frames), subjects)


def make_cut(count: int = 96) -> Clip:
    """Two shots with a camera that is held by hand: of a sheep on the left, then of a raccoon on the right."""
    shots = [("sheep.jpg", (110, 110), (230, 90, 730, 700)), ("raccoon.jpg", (60, 20), (470, 30, 940, 500))]
    half = count // 2
    frames, subjects = [], []
    for name, start, subject in shots:
        photo = Image.open(SAMPLES / name).convert("RGB")
        for index in range(half):
            left, top = start[0] + 8 * sin(index / 9), start[1] + 5 * sin(index / 5)
            frames.append(photo.resize(SIZE, Image.Resampling.BICUBIC, box=(left, top, left + 896, top + 504)))
            shifted = [(edge - (left, top)[place % 2]) * SIZE[0] / 896 for place, edge in enumerate(subject)]
            subjects.append((shifted[0], shifted[1], shifted[2], min(shifted[3], SIZE[1])))
    return Clip(_with_noise(frames), subjects, (0, half))


CLIPS: Mapping[str, Callable[[], Clip]] = MappingProxyType({"pan": make_pan, "walk": make_walk, "cut": make_cut})


def _ease(share: float) -> float:
    """0 to 1, standing still for a fifth at either end, and smooth between."""
    moved = min(max((share - 0.2) / 0.6, 0.0), 1.0)
    return moved * moved * (3 - 2 * moved)


def _with_noise(frames: list[Image.Image]) -> np.ndarray:
    generator = np.random.default_rng(0)
    pixels = np.stack([np.asarray(each, np.float32) for each in frames])
    return (pixels + generator.normal(0, NOISE, pixels.shape)).round().clip(0, 255).astype(np.uint8)
