"""All that the outcome of a run depends on, in one frozen dataclass, and its identity.

The command, the node Crop Folder and Python build the same `CropSettings`. Its identity is computed from its fields, so
a field that is added later belongs to it without further work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

from ..bucketing.grids import MAX_SIDE, BucketGrid
from ..bucketing.loss import LossWeights
from ..bucketing.solver.policy import BucketPolicy
from ..cropping.canvas import AUTO, CROP, Canvas
from ..cropping.checks import Size, check_count, check_kind, check_number, show
from ..cropping.constraint import Constraint
from ..cropping.crop import Crop
from ..cropping.model_sizes import ModelSizes, Shape
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.ratio import Ratio
from ..cropping.sequence import EACH, FRAMES
from ..datasets.formats import DatasetFormat
from ..datasets.formats.plain import Plain
from ..datasets.name_pattern import OF_CROP, NamePattern
from ..images.colour import RGB
from ..images.encode import FORMATS, LOSSY, WITH_ALPHA
from ..images.fill import BLUR, EDGE, MIRROR, Fill, parse_fill
from ..models.base import Cropper
from ..models.runtime.choice import TORCH
from .defaults import BACKGROUND
from .face_settings import FaceSettings
from .guides import NO_GUIDES, Guides
from .on_cut import KEEP, ON_CUT
from .output_size import SIDE_STEP, shrink_to_multiple, target_size
from .per_subject import PerSubject
from .words import SKIP, WordSettings

FORMAT_VERSION = 3
"""Raise it when the same settings would give other bytes than before: other numbers of a search, another encoder."""

DUPLICATES = ("use", "report", "skip")
MAX_QUALITY = 100
LEAST_ENLARGED = 0.01  # of `most_enlarged`: with less, a crop would need more pixels than any picture has


@runtime_checkable
class Digested(Protocol):
    """A model that is known by the SHA-256 of its weights."""

    @property
    def digest(self) -> str: ...


@dataclass(frozen=True)
class BucketSettings:
    """How pictures are sorted into buckets.

    Attributes:
        grid: the buckets to sort into, or to choose from.
        resolution: of kohya's default grid, which the report compares with, and of the trainer.
        batch_size, smallest, remainder: see `BucketPolicy`.
        most_enlarged: no picture goes into a bucket for which it would be enlarged more times; None for no limit.
        loss_weights: of the parts of a loss.
        duplicates: what becomes of pictures that repeat another one: `use` does not look for them, `report` names them,
            `skip` leaves all but the largest out.

    Raises:
        TypeError: naming the field that is of another type.
        ValueError: naming the field that is out of range.
    """

    grid: BucketGrid
    resolution: int = 1024
    batch_size: int = 1
    smallest: int = 2
    remainder: str = "keep"
    most_enlarged: float | None = None
    loss_weights: LossWeights = field(default_factory=LossWeights)
    duplicates: str = "use"

    def __post_init__(self) -> None:
        check_kind("grid", self.grid, BucketGrid)
        check_count("resolution", self.resolution, MAX_SIDE)
        check_kind("loss_weights", self.loss_weights, LossWeights)
        self.policy()
        if self.most_enlarged is not None:
            if not check_number("most_enlarged", self.most_enlarged) > 0:
                raise ValueError(f"most_enlarged must be above 0, got {self.most_enlarged}")
            if self.most_enlarged < LEAST_ENLARGED:
                raise ValueError(f"most_enlarged must be at least {LEAST_ENLARGED}, got {self.most_enlarged}")
        if self.duplicates not in DUPLICATES:
            raise ValueError(f"duplicates must be one of {', '.join(DUPLICATES)}, got {show(self.duplicates)}")

    def policy(self) -> BucketPolicy:
        """The counts that a plan must meet."""
        return BucketPolicy(self.grid.max_buckets, False, self.batch_size, self.smallest, self.remainder)


@dataclass(frozen=True)
class CropSettings:
    """All that the outcome of a run over a folder depends on, beside the pictures themselves.

    The number of workers and of pictures in a batch are no settings: they change no byte.

    Attributes:
        cropper: name of the cropper.
        weights: SHA-256 of its weights; empty for a cropper without weights.
        checkpoint: the name or file that `load_cropper` found it by, for a preview to load it again.
        device: kind of the device that analyses, such as `cpu` or `cuda`; devices differ in last digits.
        runtime: what runs the network there, and in which precision, see `Cropper.runtime_on`.
        constraint: what is asked of every crop.
        objective: how crops that obey are compared.
        each: one crop for every ratio of the constraint, instead of the best of them.
        resolution: crops are resized to about resolution² pixels, see `target_size`; None leaves their size. Without
            effect on a bucket run, where the bucket is the size, and on the sizes of models, which are exact.
        per_subject: a crop of each subject of a picture, instead of one of the picture; None for that of the picture.
        on_cut: where the best crop cuts off a head: `keep` it with its warning, `drop` the crop, or `pad` the canvas so
            that the head fits.
        frames: how the pictures of a folder belong together: `each` by itself; as the frames of a clip, `still` in one
            box or followed by a box that moves, `follow`.
        enlarge: whether a crop with fewer pixels than that is enlarged, or keeps its size.
        format: jpg, png or webp.
        quality: of a jpg or webp, 1 to 100; None for the usual one, see `encode`.
        name: pattern of the crops' names, see `NamePattern`; None for the names of their pictures. It stands in the
            place of the file's name; the folders of the pictures stay.
        background: under transparent pixels and padding; None keeps them transparent.
        fit: whether a crop holds the whole picture, or all its subjects, extended where the ratio needs it; see
            `Canvas`.
        fit_side: where canvas is added, see `Canvas`.
        fill: of canvas that is added: a colour, or one of `FILLS`; None for the background.
        masks: folder of masks in the same tree as the pictures; None for masks beside their pictures only.
        caption_framing: put into each crop's caption how much of its main person the crop shows, see `label_framing`.
        guides: files that say what matters in each picture.
        words: what is looked for in each picture, and by which model; None for nothing.
        save_heatmaps: also write the heat that each crop was searched on, as a grey picture of the same name in the
            folder `heatmaps` of the output.
        follow_links: also read what links in the folder lead to, outside it.
        dry_run: write the manifest, and no pixels.
        buckets: how pictures are sorted into buckets; None: no buckets, each crop has its own size.
        dataset: the format of the output folder; one for a trainer needs buckets.
        faces: squares around faces instead of crops; None: crops.

    Raises:
        ValueError: naming what cannot be.
    """

    cropper: str
    weights: str
    constraint: Constraint
    # The same weights give the same crops, whatever file they were loaded from.
    checkpoint: str | None = field(default=None, metadata={"identity": False})
    device: str = "cpu"
    runtime: str = TORCH
    objective: Objective = DEFAULT_OBJECTIVE
    each: bool = False
    resolution: int | None = None
    per_subject: PerSubject | None = None
    on_cut: str = KEEP
    frames: str = EACH
    enlarge: bool = True
    format: str = "jpg"
    quality: int | None = None
    name: str | None = None
    background: RGB | None = BACKGROUND
    fit: str = CROP
    fit_side: str = AUTO
    fill: Fill = None
    masks: Path | None = None
    caption_framing: bool = False
    guides: Guides = NO_GUIDES
    save_heatmaps: bool = False
    words: WordSettings | None = None
    follow_links: bool = False
    dry_run: bool = False
    buckets: BucketSettings | None = None
    dataset: DatasetFormat = field(default_factory=Plain)
    faces: FaceSettings | None = None

    def __post_init__(self) -> None:
        check_kind("constraint", self.constraint, Constraint)
        check_kind("objective", self.objective, Objective)
        check_kind("runtime", self.runtime, str)
        if not isinstance(self.dataset, DatasetFormat):
            raise TypeError(f"dataset must be a DatasetFormat, got {show(self.dataset)}")
        if self.buckets is not None:
            check_kind("buckets", self.buckets, BucketSettings)
        check_kind("guides", self.guides, Guides)
        if self.words is not None:
            check_kind("words", self.words, WordSettings)
            if self.words.nothing == SKIP and self.frames != EACH:
                raise ValueError("subject_nothing: skip is for pictures on their own; a clip keeps its frames")
        for name in ("each", "enlarge", "caption_framing", "save_heatmaps", "follow_links", "dry_run"):
            check_kind(name, getattr(self, name), bool)
        if self.format not in FORMATS:
            raise ValueError(f"{show(self.format)} is no format for crops; use one of {', '.join(FORMATS)}")
        if self.background is None and self.format not in WITH_ALPHA:
            raise ValueError(
                f"a {self.format} cannot keep transparency; use {' or '.join(WITH_ALPHA)}, or a background"
            )
        object.__setattr__(self, "fill", parse_fill(self.fill))
        refuse_mirrored_text(self.constraint, self.fill, self.fit)
        _ = self.canvas  # raises where it cannot be
        if self.quality is not None:
            check_count("quality", self.quality, MAX_QUALITY)
            if self.format not in LOSSY:
                raise ValueError(f"quality: does nothing for a {self.format}; use {' or '.join(LOSSY)}")
        if self.resolution is not None:
            check_count("resolution", self.resolution, MAX_SIDE, least=SIDE_STEP)
        if self.on_cut not in ON_CUT:
            raise ValueError(f"on_cut must be one of {', '.join(ON_CUT)}, got {show(self.on_cut)}")
        if self.frames not in FRAMES:
            raise ValueError(f"frames must be one of {', '.join(FRAMES)}, got {show(self.frames)}")
        if self.frames != EACH and self.buckets is not None:
            raise ValueError("frames: a clip has one size; it cannot be sorted into buckets")
        if self.frames != EACH and self.fit != CROP:
            raise ValueError(f"fit: {self.fit} is for pictures on their own; the frames of a clip are cropped")
        if self.frames != EACH and self.on_cut != KEEP:
            raise ValueError(f"on_cut: {self.on_cut} is for pictures on their own; the frames of a clip are kept")
        if self.each and not self.constraint.ratios:
            raise ValueError("each needs the ratios of the constraint, and there are none")
        if self.buckets is not None and self.each:
            raise ValueError("each makes one crop for every ratio, buckets one for each picture; choose one of them")
        if self.buckets is None and not isinstance(self.dataset, Plain):
            raise ValueError(f"the dataset format {self.dataset.name} needs buckets")
        if self.buckets is not None and self.constraint.multiple_of != 1:
            raise ValueError("multiple_of: does nothing with buckets, whose sizes are exact")
        if self.save_heatmaps and self.dry_run:
            raise ValueError("save_heatmaps: a dry run writes no pixels")
        if self.save_heatmaps and self.dataset.reads_all_pictures:
            raise ValueError(
                f"save_heatmaps: {self.dataset.name} reads every picture in its folder; save them in a run without its"
                " layout"
            )
        if self.per_subject is not None:
            check_kind("per_subject", self.per_subject, PerSubject)
            self._check_per_subject()
        if self.name is not None:
            check_kind("name", self.name, str)
            self._check_name_fields()
        if self.faces is not None:
            check_kind("faces", self.faces, FaceSettings)
            if self.buckets is not None or self.frames != EACH or self.name is not None or self.background is None:
                raise ValueError("faces: squares go without buckets, clips, names of their own and transparency")

    @classmethod
    def for_cropper(
        cls,
        cropper: Cropper,
        constraint: Constraint,
        *,
        device: str | torch.device = "cpu",
        checkpoint: str | None = None,
        **more: Any,
    ) -> CropSettings:
        """Settings with the name and digest of a cropper whose weights are loaded; `more` are the other fields.

        >>> from salient_crop.models.registry import load_cropper
        >>> settings = CropSettings.for_cropper(load_cropper("centre"), Constraint((Ratio(2, 3),)), format="png")
        >>> settings.identity()["constraint"]["ratios"]
        ['2:3']

        Raises:
            ValueError: when the cropper was loaded for less precision than there is on the device; or naming what
                cannot be.
        """
        if cropper.network_pass is not None:
            cropper.check_precision(device, cropper.network_pass.runtime.precision)
        return cls(
            cropper=cropper.name,
            weights=cropper.digest,
            constraint=constraint,
            checkpoint=checkpoint,
            device=torch.device(device).type,
            runtime=cropper.runtime_on(device),
            **more,
        )

    def identity(self) -> dict[str, Any]:
        """All that an outcome depends on, as JSON values: two settings of one identity give the same bytes.

        Computed from the fields, nested ones too, the digests of models, and `FORMAT_VERSION`. A field is left out only
        where its metadata say `identity: False`.
        """
        return {"format_version": FORMAT_VERSION, **_identity_of(self)}

    def constraints(self) -> list[Constraint]:
        """One constraint for every crop that a picture will have, as its box is searched for.

        A crop that is resized has the ratio of the result, which may be rounded to a multiple of pixels; its box needs
        no such multiple.
        """
        ratios = tuple(map(self._searched_shape, self.constraint.ratios))
        multiple = self.constraint.multiple_of if self.resolution is None else 1
        constraint = replace(self.constraint, ratios=ratios, multiple_of=multiple)
        return [replace(constraint, ratios=(each,)) for each in ratios] if self.each else [constraint]

    def shape_of(self, ratio: Ratio, size: Size, place: int = 0) -> Shape:
        """What was asked for of a crop whose box was searched at a ratio.

        Args:
            ratio: of the box.
            size: (width, height) of the picture in pixels.
            place: which of `constraints` it was searched under.
        """
        shapes = self.constraint.ratios
        if self.each:
            return shapes[place]
        searched = (Constraint((self._searched_shape(each),)).ratios_for(size) for each in shapes)
        return next((each for each, found in zip(shapes, searched, strict=True) if found == (ratio,)), ratio)

    def size_of(self, box_size: Size, shape: Shape, size: Size) -> Size:
        """Width and height that a crop of `box_size` source pixels, of a picture of `size`, is written at."""
        multiple = self.constraint.multiple_of
        target = self._target_of(shape, size)
        if target is None:  # a box that a person has drawn may have any sides
            return shrink_to_multiple(box_size, multiple)
        too_small = box_size[0] < target[0] or box_size[1] < target[1]
        return shrink_to_multiple(box_size, multiple) if too_small and not self.enlarge else target

    def files(self, name: str) -> list[str]:
        """All places where crops of the picture of that name may go, relative to the output; with `each`, one for every
        ratio. Which one a crop goes to may depend on its ratio, its size or its bucket.

        Args:
            name: see `OutputNames`.
        """
        if self.faces is not None and self.faces.feather is None:
            return [self.face_file(name, 0)]  # no other name can lead to one that ends in the number of a face
        numbers = [None] if self.per_subject is None else range(1, self.per_subject.most + 1)
        outcomes = ((*each, number) for each in self._outcomes for number in numbers)
        return list(dict.fromkeys(self.file_of(name, *each) for each in outcomes))

    def face_file(self, name: str, index: int, place: int | None = None) -> str:
        """Where a face square goes, relative to the output.

        Args:
            name: of the picture's crops, see `OutputNames`.
            index: of the face in its picture, from 0.
            place: of the face among all, from 1, where they are sorted; None where they are not.
        """
        numbered = f"{name}_{index}"
        if place is not None:
            numbered = f"{place:06}_{numbered.replace('/', '_')}"
        return self.dataset.crop_path(numbered, self.format)

    def file_of(
        self, name: str, shape: Shape | None = None, size: Size | None = None, number: int | None = None
    ) -> str:
        """Where a crop goes, relative to the output.

        Args:
            name: see `OutputNames`.
            shape: that was asked for.
            size: of the crop, and of its bucket where there are buckets.
            number: of its subject, from 1, where each has its own crop.
        """
        folder, ratio = "", _shape_text(shape)
        if self.name_pattern is not None:
            values: dict[str, str | int] = {"ratio": ratio}
            if number is not None:
                values["subject"] = number
            if size is not None:
                values |= {"width": size[0], "height": size[1], "bucket": f"{size[0]}x{size[1]}"}
            name = NamePattern.parse_filled(name).fill(values).text
        elif number is not None:
            name = f"{name}_{number}"
        if self.each and not (self.name_pattern and "ratio" in self.name_pattern.fields):
            folder = f"{ratio}/"
        return folder + self.dataset.crop_path(name, self.format)

    @property
    def has_two_passes(self) -> bool:
        """Whether all pictures are measured before any is written."""
        return self.buckets is not None or (self.faces is not None and self.faces.is_ordered)

    @cached_property
    def canvas(self) -> Canvas:
        """When canvas is added, and where."""
        return Canvas(self.fit, self.fit_side)

    @cached_property
    def name_pattern(self) -> NamePattern | None:
        """How crops are named; None where they are named as their pictures."""
        return None if self.name is None else NamePattern.parse(self.name)

    @cached_property
    def _outcomes(self) -> list[tuple[Shape | None, Size | None]]:
        """The shapes and sizes that crops may have, as far as their names depend on them."""
        depends = bool(self.name_pattern and self.name_pattern.fields & {*OF_CROP} - {"subject"})
        if self.buckets is not None and depends:
            return [(Ratio.of(each), each) for each in self.buckets.grid.sizes]
        if self.buckets is not None or not (self.each or depends):
            return [(None, None)]
        return [(shape, size) for shape in self.constraint.ratios for size in self._sizes_of(shape)]

    def _sizes_of(self, shape: Shape) -> Iterator[Size | None]:
        """The sizes that crops of a shape may be written at; None where only the picture decides."""
        if isinstance(shape, ModelSizes):
            yield from shape.sizes if self.enlarge else (None,)
        else:
            yield self._target_of(shape) if self.enlarge else None

    def _target_of(self, shape: Shape, size: Size = (1, 1)) -> Size | None:
        """The size that a crop of a picture of `size` is resized to; None where it keeps its own."""
        if isinstance(shape, ModelSizes):
            return shape.nearest(size)
        multiple = self.constraint.multiple_of
        step = SIDE_STEP if multiple == 1 else multiple
        return None if self.resolution is None else target_size(shape, self.resolution, step)

    def _searched_shape(self, shape: Shape) -> Shape:
        target = None if self.constraint.multiple_of == 1 else self._target_of(shape)
        return shape if target is None or isinstance(shape, ModelSizes) else Ratio.of(target)

    def enlargement(self, crop: Crop, size: Size, place: int = 0) -> float:
        """How many times a crop of a picture of `size`, found under that one of `constraints`, is enlarged when it is
        written; less than 1 where it is reduced."""
        width, height = self.size_of(crop.box.size, self.shape_of(crop.ratio, size, place), size)
        return max(width / crop.box.width, height / crop.box.height)

    def _check_per_subject(self) -> None:
        """Refuses what a crop of each subject cannot be combined with."""
        if self.buckets is not None:
            raise ValueError(
                "per_subject: makes several crops of a picture, buckets one; crop the subjects first, then sort these"
                " crops into buckets"
            )
        if self.frames != EACH:
            raise ValueError("per_subject: is for pictures on their own; the frames of a clip have one crop each")
        if self.fit != CROP:
            raise ValueError(f"per_subject: makes crops of single subjects, fit {self.fit} of the whole picture")
        if self.objective.rater is not None or self.objective.size_model is not None:
            raise ValueError("per_subject: the size of a crop follows from its subject, not from a model of it")

    def _check_name_fields(self) -> None:
        """Refuses a name of which a field is not known, or not before the run."""
        assert self.name_pattern is not None
        fields = self.name_pattern.fields
        if ("subject" in fields) != (self.per_subject is not None):
            raise ValueError(
                "name: {subject} needs per_subject, and with it every name needs {subject}, the number of the subject"
            )
        if "bucket" in fields and self.buckets is None:
            raise ValueError("name: {bucket} needs buckets")
        if "ratio" in fields and self.buckets is None and not self.constraint.ratios:
            raise ValueError("name: {ratio} needs ratios that are named, not each picture's own")
        if fields & {"width", "height"} and (
            not self.constraint.ratios and self.buckets is None or any(size is None for _, size in self._outcomes)
        ):
            raise ValueError(
                "name: {width} and {height} are known before the run with a resolution, the sizes of a model or"
                " buckets only, and where crops may be enlarged; name them so, or leave these fields out"
            )


def _shape_text(shape: Shape | None) -> str:
    """A shape as a part of a path."""
    return f"{shape.width}x{shape.height}" if isinstance(shape, Ratio) else str(shape)


def refuse_mirrored_text(constraint: Constraint, fill: Fill, fit: str) -> None:
    """Refuses to mirror the picture where text goes: the heads that were kept out from under it would be drawn there.

    Raises:
        ValueError: when canvas may be added for text, and is a mirror.
    """
    if fill == MIRROR and constraint.crop_text_regions and (constraint.policy == "pad" or fit != CROP):
        raise ValueError(
            f"fill: {MIRROR} would draw the picture once more where the text goes; use a colour, {EDGE} or {BLUR}"
        )


def describe_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Each setting that differs between two identities, as `name: old → new`.

    >>> describe_differences({"format": "jpg", "weights": "3f2a" * 16}, {"format": "png", "weights": "91bc" * 16})
    ['format: jpg → png', 'weights: 3f2a3f2a… → 91bc91bc…']
    """
    old, new = (dict(_leaves(each)) for each in (before, now))
    return [
        f"{_words(name.removeprefix('constraint.'))}: {_words(old.get(name))} → {_words(new.get(name))}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _identity_of(value: Any) -> Any:
    """A setting as JSON values.

    Raises:
        TypeError: when it is of a kind that has no identity yet.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Shape):
        return str(value)
    if isinstance(value, Path):
        return value.resolve().as_posix()
    if isinstance(value, tuple | list):
        return [_identity_of(each) for each in value]
    if isinstance(value, Digested):
        return value.digest
    if is_dataclass(value):
        kept = [each.name for each in fields(value) if each.metadata.get("identity", True)]
        kind = {"format": value.name} if isinstance(value, DatasetFormat) else {}
        return {**kind, **{name: _identity_of(getattr(value, name)) for name in kept}}
    raise TypeError(f"a setting of the type {type(value).__name__} has no identity; give it a digest or make it fields")


_SHOWN_CHARACTERS = 60
_DEEPEST = 8  # mappings or lists in each other; a record of somebody else's may hold any number


def _leaves(value: Mapping[str, Any], prefix: str = "", depth: int = _DEEPEST) -> list[tuple[str, Any]]:
    """Every value that is no mapping, by its path: `buckets.grid.name`."""
    found: list[tuple[str, Any]] = []
    for name, each in value.items():
        path = f"{prefix}{name}"
        is_mapping = isinstance(each, Mapping) and depth > 0
        found += _leaves(each, f"{path}.", depth - 1) if is_mapping else [(path, each)]
    return found


def _words(value: Any, depth: int = _DEEPEST) -> str:
    """A value for a line of text."""
    if value is None:
        return "none"
    if isinstance(value, Mapping) or not depth:
        return "…"
    if isinstance(value, list):
        shown = ", ".join(_words(each, depth - 1) for each in value[:_SHOWN_CHARACTERS]) or "none"
    elif isinstance(value, str) and len(value) == 64:  # a SHA-256
        shown = f"{value[:8]}…"
    else:
        shown = str(value).lower() if isinstance(value, bool) else str(value)
    return shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[: _SHOWN_CHARACTERS - 1]}…"
