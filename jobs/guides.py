"""Files that say what matters in the pictures of a run: folders of masks and boxes to focus on, avoid, and keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..cropping.checks import Region, check_kind, check_share, check_tuple, check_weight, show
from ..cropping.margin import Margin
from ..cropping.mask_regions import find_region
from ..datasets.annotations.boxes import MAX_WEIGHT, LabelledRegion, has_shape
from ..datasets.annotations.folder import AnnotationFolder
from ..images.decode import Picture
from ..images.errors import PictureError
from ..images.orientation import TURNS, swap_sides
from .analyse import ANALYSIS_SIDE
from .steer import STRENGTH, Guidance

FOCUS, AVOID, KEEP = ROLES = ("focus", "avoid", "keep")
BLACK = (0, 0, 0)  # under what is transparent in a mask
DARKEST = 16  # levels of 255: a mask whose brightest pixel is darker holds numbers of classes
MAX_LABELS = 100


@dataclass(frozen=True, slots=True)
class LabelRule:
    """Which boxes count, and how much.

    Attributes:
        label: of the boxes, whatever its case.
        weight: times their own.
        role: `focus`, `avoid` or `keep`, where the rule is for these boxes only; empty for all.
    """

    label: str
    weight: float = 1.0
    role: str = ""

    def __post_init__(self) -> None:
        if not check_kind("label", self.label, str).strip():
            raise ValueError("labels: a label is empty")
        check_weight("labels: a weight", self.weight, MAX_WEIGHT)
        if self.role not in ("", *ROLES):
            raise ValueError(f"labels: {show(self.role)} is none of {', '.join(ROLES)}")


def parse_labels(text: str) -> tuple[LabelRule, ...]:
    """`necklace, shoe=0.5, avoid:logo` as rules: a label, a weight after it, and before it for what it is.

    >>> parse_labels("necklace, avoid:logo=2")  # doctest: +NORMALIZE_WHITESPACE
    (LabelRule(label='necklace', weight=1.0, role=''), LabelRule(label='logo', weight=2.0, role='avoid'))

    Raises:
        TypeError: when it is no text.
        ValueError: when a label is empty, or a weight out of range.
    """
    if not isinstance(text, str):
        raise TypeError(f"labels must be text, got {show(text)}")
    if not text.strip():
        return ()
    return tuple(_parse_label(part) for part in text.split(","))


def _parse_label(text: str) -> LabelRule:
    role, _, rest = text.partition(":")
    if role.strip().lower() not in ROLES:
        role, rest = "", text
    label, equals, weight = rest.rpartition("=")
    try:
        number = float(weight) if equals else 1.0
    except ValueError:
        raise ValueError(
            f"labels: {show(weight.strip())} in {show(text.strip())} is no weight; write shoe=0.5"
        ) from None
    return LabelRule((label if equals else rest).strip(), number, role.strip().lower())


@dataclass(frozen=True)
class Guides:
    """Where masks and boxes for the pictures of a run lie, and how they count.

    Attributes:
        focus: folder of masks and boxes that heat is raised under, see `AnnotationFolder`; or one file of boxes.
        avoid: of what crops should leave out.
        keep: of what crops must hold.
        labels: only boxes with one of these labels count; masks have none. Empty: all count.
        margin: around what crops must hold.
        strength: see `Guidance`.

    Raises:
        TypeError, ValueError: naming the field that cannot be.
    """

    focus: Path | None = None
    avoid: Path | None = None
    keep: Path | None = None
    labels: tuple[LabelRule, ...] = ()
    margin: Margin = field(default_factory=Margin)
    strength: float = STRENGTH

    def __post_init__(self) -> None:
        for role in ROLES:
            if self.path(role) is not None:
                check_kind(role, self.path(role), Path)
        object.__setattr__(self, "labels", check_tuple("labels", self.labels, LabelRule))
        if len(self.labels) > MAX_LABELS:
            raise ValueError(f"labels: at most {MAX_LABELS}, got {len(self.labels)}")
        check_kind("margin", self.margin, Margin)
        object.__setattr__(self, "strength", check_share("focus_strength", self.strength))

    def refuse_idle(self, named: Sequence[str], by_word: bool = False) -> None:
        """Refuses what does nothing where only these of focus, avoid and keep are named.

        Args:
            by_word: whether something to focus on is also looked for by word.

        Raises:
            ValueError: naming it.
        """
        if self.labels and not named:
            raise ValueError("labels: does nothing without focus, avoid or keep")
        for rule in self.labels:
            if rule.role and rule.role not in named:
                raise ValueError(f"labels: {rule.role}:{rule.label} does nothing without {rule.role}")
        if self.margin != Margin() and KEEP not in named:
            raise ValueError("margin: does nothing without keep")
        if self.strength != STRENGTH and FOCUS not in named and not by_word:
            raise ValueError("focus_strength: does nothing without focus or subject")

    def path(self, role: str) -> Path | None:
        """Where the masks and boxes of a role lie."""
        path: Path | None = getattr(self, role)
        return path

    @property
    def paths(self) -> list[Path]:
        """All that are named."""
        return [path for role in ROLES if (path := self.path(role)) is not None]

    def choose(self, boxes: Iterable[LabelledRegion], role: str) -> tuple[LabelledRegion, ...]:
        """The boxes of a role that count, with the weights that they then have."""
        rules = {each.label.casefold(): each.weight for each in self.labels if each.role in ("", role)}
        if not rules:
            return tuple(boxes)
        named = ((each, rules.get(each.label.casefold())) for each in boxes)
        return tuple(replace(each, weight=each.weight * weight) for each, weight in named if weight)


NO_GUIDES = Guides()


class GuideReader:
    """The guidance of the pictures of a run. May be used by several threads.

    Args:
        guides: where it lies.
        pictures: the folder of the pictures.
        follow_links: also read what links lead to outside these folders.
    """

    def __init__(self, guides: Guides, pictures: Path, follow_links: bool = False) -> None:
        self._guides = guides
        self._folders: Mapping[str, AnnotationFolder] = {
            role: AnnotationFolder(path, pictures, follow_links)
            for role in ROLES
            if (path := guides.path(role)) is not None
        }

    def read(self, picture: Picture, source: str) -> Guidance:
        """The guidance of one picture.

        Args:
            picture: is open.
            source: its POSIX path relative to the folder of the pictures.

        Raises:
            PictureError: when a mask or a file of boxes cannot be read; its path is that file's.
        """
        masks: dict[str, Tensor | None] = {}
        boxes: dict[str, tuple[LabelledRegion, ...]] = {}
        for role, folder in self._folders.items():
            found = folder.read(picture, source)
            boxes[role] = self._guides.choose(found.boxes, role)
            mask = None if found.mask is None else folder.open_mask(picture, found.mask)
            masks[role] = None if mask is None else read_mask(mask, picture, whole=role == KEEP)
        return make_guidance(masks, boxes, picture, self._guides)

    def state(self, source: str) -> str:
        """Changes whenever what there is for a picture does."""
        return " ".join(f"{role}:{folder.state(source)}" for role, folder in self._folders.items())

    def describe(self, sources: Sequence[str]) -> list[str]:
        """What a person should know before a run over these pictures: what is there for none of them, in words.

        Raises:
            PictureError: when a file about many pictures cannot be read.
            ValueError: when there is nothing for any of several pictures.
        """
        notes = []
        for role, folder in self._folders.items():
            notes += [f"{role}: {fault}" for fault in folder.faults]
            without = [each for each in sources if not folder.has(each)]
            if len(without) == len(sources) > 1:
                raise ValueError(
                    f"{role}: {folder.path} has no mask and no boxes for any of the {len(sources)} pictures; they have"
                    f" the pictures' names, such as {Path(sources[0]).with_suffix('.png').as_posix()}"
                )
            if without:
                named = ", ".join(without[:3]) + (", …" if len(without) > 3 else "")
                notes.append(f"{role}: no mask and no boxes for {len(without)} of {len(sources)} pictures: {named}")
        return notes


def make_guidance(
    masks: Mapping[str, Tensor | None],
    boxes: Mapping[str, tuple[LabelledRegion, ...]],
    picture: Picture,
    guides: Guides,
) -> Guidance:
    """Guidance from the masks and boxes of each role; what is to be kept gets its margin."""
    kept: list[Region] = [each.region for each in boxes.get(KEEP, ()) if each.weight > 0]
    mask = masks.get(KEEP)
    region = None if mask is None else find_region(mask)
    if region is not None:
        kept.append(region)
    return Guidance(
        focus=masks.get(FOCUS),
        focus_boxes=boxes.get(FOCUS, ()),
        avoid=masks.get(AVOID),
        avoid_boxes=tuple(each for each in boxes.get(AVOID, ()) if each.weight > 0),
        keep=tuple(guides.margin.around(each, picture.info.size) for each in kept),
        strength=guides.strength,
    )


def read_mask(mask: Picture, picture: Picture, whole: bool) -> Tensor:
    """A mask `[h, w]` in 0..1, turned as its picture is displayed. Of a coloured one, the brightest channel counts.

    Args:
        mask: is open; of its picture's shape at any scale, as displayed or as stored.
        picture: that it belongs to.
        whole: at its own size, for exact bounds; or reduced to a thumbnail.

    Raises:
        PictureError: when it cannot be read, has another shape, or holds numbers of classes and not levels.
    """
    size = mask.info.size
    is_stored = not has_shape(size, picture.info.size)
    if is_stored and not has_shape(size, swap_sides(picture.info.size, picture.info.orientation)):
        sizes = ("{}×{}".format(*each) for each in (size, picture.info.size))
        raise PictureError(mask.path, "a mask of {}, but its picture has {}".format(*sizes))
    grey = _grey(mask, whole)
    if 0 < grey.max() < DARKEST and (brightest := int(_grey(mask, whole=True).max())) < DARKEST:
        raise PictureError(
            mask.path,
            f"its brightest pixel is {brightest} of 255, as in a map of classes; in a mask, white (255) counts",
        )
    if is_stored:
        grey = np.array(Image.fromarray(grey).transpose(TURNS[picture.info.orientation]))
    return torch.from_numpy(grey.copy()).float() / 255


def _grey(mask: Picture, whole: bool) -> np.ndarray:
    """The brightest channel of a mask, uint8 `[h, w]`."""
    levels = mask.crop((0, 0, *mask.info.size), None, BLACK) if whole else mask.small(ANALYSIS_SIDE, BLACK)
    return levels[..., :3].max(-1)
