"""What a crop costs, in words for a person.

A new warning is one function that yields `CropWarning`, listed in `FINDERS`; manifest, contact sheet, bucket report,
run summary, nodes and Python then show it. Its code stays the same for ever, since manifests hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..cropping.calm import CALM_LOAD, measure_load_in
from ..cropping.canvas import added_share, added_sides
from ..cropping.constraint import Constraint, Region
from ..cropping.crop import Crop, CropWarning
from ..cropping.heads import SURE_CONFIDENCE, TOUCHED, WHOLE, cut_heads, protected_subjects, share_of_head
from ..cropping.inputs import SearchInputs
from ..cropping.regions import area_of, clip, region_in_picture, share_inside, share_outside
from ..cropping.subject import Subject
from ..models.analysis import Analysis
from ..models.selection import build_search_inputs

HEAD_CUT, HEAD_SLICED, SUBJECT_LEFT_OUT = "head-cut", "head-sliced", "subject-left-out"
KEEP_GIVEN_UP, MIN_SIZE_GIVEN_UP = "keep-given-up", "min-size-given-up"
CANVAS_ADDED = "canvas-added"
TEXT_OVER_SUBJECT, TEXT_NOT_CALM = "text-over-subject", "text-not-calm"

UNDER_TEXT = 0.1
"""A text region that covers more than this share of a subject, or is covered by it so far, is no room for text."""

NOTICED = 0.06
"""A sliced head of somebody else is worth a word where it is at least so high, as a share of the crop's height."""

LEFT_OUT = 0.5
"""A subject of which more than this share is outside the crop may be missed: its caption may describe it."""

_TOLERANCE = 1e-5  # regions are rounded to whole pixels, and may overshoot an edge by a millionth of one
_KINDS = {
    "face": "a head",
    "person": "a person",
    "animal": "an animal",
    "object": "an object",
    "prompt": "a subject that was asked for",
}
_HEADS = {"face": "a head", "person": "a person's head", "animal": "an animal's head"}


@dataclass(frozen=True)
class CroppedScene:
    """All that a warning may look at.

    Attributes:
        analysis: of the picture.
        crop: that was chosen.
        size: (width, height) of the picture in pixels.
        constraint: that the crop was chosen under.
    """

    analysis: Analysis
    crop: Crop
    size: tuple[int, int]
    constraint: Constraint

    @property
    def region(self) -> Region:
        """The crop, relative x1, y1, x2, y2."""
        return self.crop.box.relative(self.size)

    def load_of(self, text_region: Region) -> float:
        """How much lies under a text region of the crop, see `measure_load`."""
        return measure_load_in(self._inputs, self.region, text_region)

    @cached_property
    def _inputs(self) -> SearchInputs:
        return build_search_inputs([self.analysis])


def find_warnings(
    analysis: Analysis, crop: Crop, size: tuple[int, int], constraint: Constraint
) -> tuple[CropWarning, ...]:
    """The warnings of a crop, in the order of `FINDERS`.

    Args:
        analysis: of the picture.
        crop: that was chosen.
        size: (width, height) of the picture in pixels.
        constraint: that the crop was chosen under.
    """
    scene = CroppedScene(analysis, crop, size, constraint)
    return tuple(warning for find in FINDERS for warning in find(scene))


def find_cut_heads(scene: CroppedScene) -> Iterator[CropWarning]:
    """Heads that are cut off, of those whom the picture is about; the largest first."""
    cut = cut_heads(scene.analysis.subjects, scene.region)
    for subject in sorted(cut, key=lambda each: -area_of(each.essence)):
        words = f"{_name_head(subject)} {describe_place(subject.essence)} is cut off"
        outside = 1 - share_of_head(subject, scene.region)
        yield CropWarning(HEAD_CUT, f"{words}: {percent(outside)} of it is outside the crop", subject.essence)


def find_sliced_heads(scene: CroppedScene) -> Iterator[CropWarning]:
    """Heads of others that the crop's edge goes through, where they are large enough to be noticed."""
    protected = protected_subjects(scene.analysis.subjects)
    yield from _sliced_heads((each for each in scene.analysis.subjects if each not in protected), scene.region)


def find_sliced_neighbours(neighbours: Sequence[Subject], crop: Crop, size: tuple[int, int]) -> Iterator[CropWarning]:
    """Heads that the edge of a crop of somebody else goes through, where they are large enough to be noticed."""
    return _sliced_heads(neighbours, crop.box.relative(size))


def _sliced_heads(subjects: Iterable[Subject], region: Region) -> Iterator[CropWarning]:
    for subject in subjects:
        head = subject.head_region
        if head is None or subject.confidence < SURE_CONFIDENCE:
            continue
        outside = 1 - share_of_head(subject, region)
        high = (head[3] - head[1]) / (region[3] - region[1])
        if 1 - WHOLE < outside < 1 - TOUCHED and high >= NOTICED:
            words = f"{percent(outside)} of {_name_head(subject)} {describe_place(head)} is outside the crop"
            yield CropWarning(HEAD_SLICED, words, head)


def find_left_out_subjects(scene: CroppedScene) -> Iterator[CropWarning]:
    """Subjects of which more than half is outside the crop, those with the largest weight first.

    A subject of which only the head is known is not told of twice, where that is cut off.
    """
    told = {each.region for find in (find_cut_heads, find_sliced_heads) for each in find(scene)}
    for subject in sorted(scene.analysis.subjects, key=lambda each: -each.weight):
        outside = share_outside(subject.region, scene.region)
        if outside > LEFT_OUT and subject.region not in told:
            yield _outside_warning(SUBJECT_LEFT_OUT, _KINDS[subject.kind], subject.region, outside)


def find_given_up_regions(scene: CroppedScene) -> Iterator[CropWarning]:
    """Keep regions and hard text regions that the policy `shrink` gave up, wholly or in part."""
    for region in scene.constraint.keep:
        outside = share_outside(region, scene.region)
        if outside > _TOLERANCE:
            yield _outside_warning(KEEP_GIVEN_UP, "the region to keep", region, outside)
    for text_region in scene.constraint.text_regions:
        if not text_region.hard:
            continue
        if text_region.frame == "source":
            outside = share_outside(text_region.region, scene.region)
            if outside > _TOLERANCE:
                yield _outside_warning(KEEP_GIVEN_UP, "the text region", text_region.region, outside)
        elif scene.load_of(text_region.region) > CALM_LOAD:
            yield CropWarning(
                KEEP_GIVEN_UP,
                f"no crop is calm in its text region {describe_place(text_region.region)}",
                region_in_picture(text_region.region, scene.region),
            )


def find_subjects_under_text(scene: CroppedScene) -> Iterator[CropWarning]:
    """Heads and subjects of those whom the picture is about that lie under a text region of the crop."""
    protected = protected_subjects(scene.analysis.subjects)
    for text_region in scene.constraint.crop_text_regions:
        region = region_in_picture(text_region.region, scene.region)
        where = f"under the text region {describe_place(text_region.region)}"
        for subject in scene.analysis.subjects:
            head, body = share_inside(subject.essence, region), clip(subject.body_region)
            if subject.confidence < SURE_CONFIDENCE or not area_of(body):
                continue
            if subject in protected and head > UNDER_TEXT:
                yield CropWarning(TEXT_OVER_SUBJECT, f"{percent(head)} of {_name_head(subject)} is {where}", region)
            elif share_inside(body, region) > UNDER_TEXT and share_inside(region, body) > UNDER_TEXT:
                share = share_inside(body, region)
                words = f"{percent(share)} of {_KINDS[subject.kind]} is {where}"
                yield CropWarning(TEXT_OVER_SUBJECT, words, region)


def find_restless_text(scene: CroppedScene) -> Iterator[CropWarning]:
    """Soft text regions of the crop that are not calm."""
    for text_region in scene.constraint.crop_text_regions:
        if not text_region.hard and scene.load_of(text_region.region) > CALM_LOAD:
            words = f"the text region {describe_place(text_region.region)} is not calm"
            yield CropWarning(TEXT_NOT_CALM, words, region_in_picture(text_region.region, scene.region))


def find_given_up_size(scene: CroppedScene) -> Iterator[CropWarning]:
    """A crop that is smaller than the smallest size asked for."""
    box, least = scene.crop.box, scene.constraint.min_size
    if least is not None and (box.width < least[0] or box.height < least[1]):
        words = f"the crop has {box.width}×{box.height} pixels, but at least {least[0]}×{least[1]} were asked for"
        yield CropWarning(MIN_SIZE_GIVEN_UP, words)


def find_added_canvas(scene: CroppedScene) -> Iterator[CropWarning]:
    """Canvas beside the picture: how much of the crop it is, and on which sides."""
    sides = added_sides(scene.crop.box, scene.size)
    if sides:
        share = percent(added_share(scene.crop.box, scene.size))
        yield CropWarning(CANVAS_ADDED, f"{share} of the crop is canvas added at the {' and '.join(sides)}")


FINDERS: tuple[Callable[[CroppedScene], Iterator[CropWarning]], ...] = (
    find_cut_heads,
    find_sliced_heads,
    find_left_out_subjects,
    find_given_up_regions,
    find_subjects_under_text,
    find_restless_text,
    find_given_up_size,
    find_added_canvas,
)
"""All warnings. Each function looks at one kind of cost."""


def summarise_warnings(warnings: Sequence[CropWarning]) -> str:
    """The first warning in words, and how many more there are; empty where there is none."""
    if not warnings:
        return ""
    return warnings[0].words + (f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else "")


def _name_head(subject: Subject) -> str:
    return _HEADS.get(subject.kind, f"the head of {_KINDS[subject.kind]}")


def _outside_warning(code: str, what: str, region: Region, outside: float) -> CropWarning:
    return CropWarning(code, f"{percent(outside)} of {what} {describe_place(region)} is outside the crop", region)


def percent(share: float) -> str:
    """A share that is neither nothing nor all never reads as if it were."""
    if share < 0.005:
        return "less than 1 %"
    return "more than 99 %" if 0.995 < share < 1 else f"{100 * share:.0f} %"


def describe_place(region: Region) -> str:
    """Where the centre of a region lies, in thirds: `at the top left`, `at the left`, `in the middle`."""
    across, down = (region[0] + region[2]) / 2, (region[1] + region[3]) / 2
    words = [_third(down, "top", "bottom"), _third(across, "left", "right")]
    place = " ".join(word for word in words if word)
    return f"at the {place}" if place else "in the middle"


def _third(value: float, low: str, high: str) -> str:
    return low if value < 1 / 3 else high if value > 2 / 3 else ""
