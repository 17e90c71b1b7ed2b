"""Random small pictures with people and animals, and the rule that no head is cut, written out over pixels.

Pictures are small, so that every box can be tried, and heads and bodies lie on whole pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from plain_score import trimmed

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.feasible import NARROWEST
from salient_crop.cropping.heads import protected_subjects, stack_protected
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_region import TextRegion

settings.register_profile(
    "heads", max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
head_settings = settings.get_profile("heads")

LARGEST = 40  # pixels of a picture's side, as a rule
ROUNDING = 1e-9  # of a visible share


@dataclass(frozen=True)
class HeadScene:
    """A picture with subjects, and what is asked of its crop.

    Attributes:
        size: (width, height) in pixels.
        heat: `[h, w]` of any scale.
        subjects: of it.
        constraint: with one ratio.
    """

    size: tuple[int, int]
    heat: torch.Tensor
    subjects: list[Subject]
    constraint: Constraint

    @property
    def ratio(self) -> Ratio:
        return self.constraint.ratios[0]

    @property
    def protected(self) -> list[Subject]:
        return protected_subjects(self.subjects)

    @property
    def importance(self) -> list[float]:
        return stack_protected([self.subjects])[0, :, 8].tolist()

    def all_boxes(self) -> np.ndarray:
        """Every box that obeys the geometry of the constraint: `[N, 4]` x1, y1, x2, y2 in pixels."""
        longest = max(self.ratio.largest_in(self.size))
        required = [Box.from_relative(region, self.size) for region in self.constraint.required_regions]
        found = []
        for long_side in range(1, longest + 1):
            if long_side < longest * self.constraint.min_share**0.5 - 1e-9:
                continue
            width, height = map(min, self.ratio.size_for(long_side), self.size)
            y, x = np.mgrid[: self.size[1] - height + 1, : self.size[0] - width + 1].reshape(2, -1)
            found.append(np.stack([x, y, x + width, y + height], 1))
        boxes = np.concatenate(found)
        for box in required:
            held = (boxes[:, :2] <= [box.x, box.y]).all(1) & (boxes[:, 2:] >= [box.right, box.bottom]).all(1)
            boxes = boxes[held]
        return boxes

    def cut(self, boxes: np.ndarray, rounding: float = 0.0) -> np.ndarray:
        """Which protected subjects boxes `[N, 4]` cut: `[N, K]` booleans.

        Args:
            boxes: x1, y1, x2, y2 in pixels.
            rounding: of the visible shares, in favour of the boxes; against them where it is negative.
        """
        head, body = self.shown(boxes), self._shown_bodies(boxes)
        touched = (head > 0.05 + rounding) | (body > 0.15 + rounding)
        return (head < 0.98 - rounding) & touched

    def broken(self, boxes: np.ndarray, rounding: float = 0.0) -> np.ndarray:
        """How far boxes `[N, 4]` break the rule, `[N]`, as `cut`."""
        shown = self.shown(boxes)
        broken = (self.cut(boxes, rounding) * (1 + np.array(self.importance) + 0.1 * (1 - shown))).sum(1)
        nobody = (shown < 0.98 - rounding).all(1) & (not self.constraint.avoid) & (len(self.protected) > 1)
        return broken + 2 * nobody

    def shown(self, boxes: np.ndarray) -> np.ndarray:
        """The visible share of each protected head in boxes `[N, 4]`, of as much of it as fits: `[N, K]`."""
        largest = self.ratio.largest_in(self.size)
        return _shares_inside([trimmed(self._to_pixels(each.essence), largest) for each in self.protected], boxes)

    def _shown_bodies(self, boxes: np.ndarray) -> np.ndarray:
        return _shares_inside([self._to_pixels(each.body_region) for each in self.protected], boxes)

    def _to_pixels(self, region: tuple[float, ...]) -> tuple[float, ...]:
        """The part of a region inside the picture."""
        edges = (edge * side for edge, side in zip(region, self.size * 2, strict=True))
        return tuple(min(max(round(edge, 6), 0.0), side) for edge, side in zip(edges, self.size * 2, strict=True))


def without_text_in_the_crop(scene: HeadScene) -> HeadScene:
    """Text regions of the crop ask something of heads too, see `test_text_rule_properties.py`."""
    rest = tuple(each for each in scene.constraint.text_regions if each.frame == "source")
    return replace(scene, constraint=replace(scene.constraint, text_regions=rest))


def _shares_inside(regions: list[tuple[float, ...]], boxes: np.ndarray) -> np.ndarray:
    """The share of each of K regions inside each of N boxes: `[N, K]`."""
    x1, y1, x2, y2 = np.array(regions).reshape(-1, 4).T
    left, top, right, bottom = boxes[..., None].transpose(1, 0, 2)
    across = (np.minimum(x2, right) - np.maximum(x1, left)).clip(0)
    return across * (np.minimum(y2, bottom) - np.maximum(y1, top)).clip(0) / ((x2 - x1) * (y2 - y1))


def as_array(box: Box) -> np.ndarray:
    """A box as `[1, 4]` x1, y1, x2, y2 in pixels."""
    return np.array([[box.x, box.y, box.right, box.bottom]])


# --- random ones -----------------------------------------------------------------------------------------------------

ratios = st.builds(Ratio, st.integers(1, 12), st.integers(1, 12))
shares = st.sampled_from([0.1, 0.3, 0.6, 0.9, 1.0])


@st.composite
def spans(draw, first: int, last: int, least: int = 1) -> tuple[int, int]:
    """Start and end of at least so many pixels between two."""
    start = draw(st.integers(first, last - least))
    return start, draw(st.integers(start + least, last))


@st.composite
def regions(draw) -> tuple[float, float, float, float]:
    (x1, x2), (y1, y2) = draw(spans(0, 8)), draw(spans(0, 8))
    return x1 / 8, y1 / 8, x2 / 8, y2 / 8


@st.composite
def beings(draw, size: tuple[int, int]) -> Subject:
    """A person, an animal, or somebody of whom only the head is known."""
    (x1, x2), (y1, y2) = draw(spans(0, size[0], 2)), draw(spans(0, size[1], 2))
    (left, right), (top, bottom) = draw(spans(x1, x2)), draw(spans(y1, y2))
    body, head = (
        (a / size[0], b / size[1], c / size[0], d / size[1])
        for a, b, c, d in ((x1, y1, x2, y2), (left, top, right, bottom))
    )
    kind = draw(st.sampled_from(["person", "animal", "face"]))
    weight = draw(st.sampled_from([0.02, 0.5, 1.0]))
    confidence = draw(st.sampled_from([1.0, 0.7, 0.4]))
    if kind == "face":
        return Subject(*head, weight, kind, confidence=confidence)
    return Subject(*body, weight, kind, head, confidence)


@st.composite
def constraints(draw) -> Constraint:
    """A ratio, a smallest share, and often more; text regions are soft, or of the crop and hard."""
    text_regions = draw(
        st.lists(
            st.one_of(
                st.builds(TextRegion, regions(), st.sampled_from(["source", "crop"])),
                st.builds(TextRegion, regions(), st.just("crop"), st.just(True)),
            ),
            max_size=2,
        )
    )
    return Constraint(
        (draw(ratios),),
        draw(shares),
        keep=tuple(draw(st.lists(regions(), max_size=1))),
        avoid=tuple(draw(st.lists(regions(), max_size=1))),
        text_regions=tuple(text_regions),
    )


@st.composite
def scenes(draw, largest: int = LARGEST) -> HeadScene:
    """One to four beings anywhere."""
    size = draw(st.tuples(st.integers(largest // 4, largest), st.integers(largest // 4, largest)))
    subjects = draw(st.lists(beings(size), min_size=1, max_size=4))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    heat = torch.rand(draw(st.integers(1, 12)), draw(st.integers(1, 12)), generator=generator).double() ** 4
    return HeadScene(size, heat, subjects, draw(constraints()))


@st.composite
def couples(draw, largest: int = LARGEST) -> HeadScene:
    """Two heads of about the same size, whose bodies fill the picture, in a ratio that rarely holds both."""
    scene = draw(scenes(largest))
    width, height = size = draw(st.tuples(st.integers(16, largest), st.integers(16, largest)))
    across, down = draw(st.integers(4, width // 2)), draw(st.integers(4, height // 2))
    people = []
    for right, bottom in ((across, down), (across + draw(st.integers(-1, 1)), down)):
        x, y = draw(st.integers(0, width - right)), draw(st.integers(0, height - bottom))
        head = x / width, y / height, (x + right) / width, (y + bottom) / height
        people.append(Subject(0.0, 0.0, 1.0, 1.0, draw(st.sampled_from([0.02, 0.5])), "person", head))
    narrow = Ratio(draw(st.integers(-(-min(size) // NARROWEST), width // 2)), height)
    constraint = replace(scene.constraint, ratios=(narrow,), keep=(), min_share=draw(shares))
    return HeadScene(size, scene.heat, people, constraint)
