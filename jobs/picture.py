"""One picture from Python: analysed, cropped and cut as the command does it, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PIL import Image

from ..cropping.box import Box
from ..cropping.canvas import AUTO, CROP
from ..cropping.checks import check_kind
from ..cropping.constraint import Constraint, UnsatisfiableError
from ..cropping.crop import Crop, CropWarning
from ..cropping.margin import Margin
from ..cropping.model_sizes import Shape, parse_shapes
from ..cropping.objective import DEFAULT_OBJECTIVE, Objective
from ..cropping.ratio import Ratio
from ..images.colour import RGB, parse_colour
from ..images.decode import Picture
from ..images.errors import PictureError
from ..images.fill import parse_fill
from ..images.machine import memory_limit
from ..images.reader import PictureReader
from ..images.source import PictureSource, open_picture
from ..models.analysis import Analysis
from ..models.base import Cropper
from ..models.registry import check_loaded, load_cropper
from ..models.runtime.choice import AUTO as AUTO_RUNTIME
from ..models.runtime.choice import FLOAT32
from .analyse import analyse_thumbnails
from .defaults import KEEP_MOST
from .device import find_device
from .framing import apply_framing
from .given_guides import Guide, read_given
from .guides import AVOID, FOCUS, Guides, parse_labels
from .guides import KEEP as KEEP_ROLE
from .on_cut import KEEP, HeadCutError, is_dropped
from .settings import CropSettings
from .stages import choose_crops
from .steer import NO_GUIDANCE, STRENGTH, Guidance
from .thumbnails import thumbnail_for
from .warnings import summarise_warnings
from .words import ERROR, SKIP, WordSettings, make_word_settings, parse_words

if TYPE_CHECKING:
    from ..models.detectors.words.base import WordDetector


@dataclass(frozen=True, repr=False)
class CroppedPicture:
    """A crop of one picture, with its pixels.

    Attributes:
        image: the pixels of the crop, RGB in sRGB, or RGBA where something is transparent and no background was asked
            for.
        crop: the box, and why it won.
        source_size: (width, height) of the whole picture, as it is seen, in pixels.
    """

    image: Image.Image
    crop: Crop
    source_size: tuple[int, int]

    @property
    def box(self) -> Box:
        """Where the crop lies in the whole picture as it is seen, in pixels."""
        return self.crop.box

    @property
    def ratio(self) -> Ratio:
        """The ratio that was asked for; the best of them, where there were several."""
        return self.crop.ratio

    @property
    def score(self) -> float:
        """How good the crop is; comparable between crops of the same picture and settings."""
        return self.crop.score

    @property
    def terms(self) -> Mapping[str, float]:
        """The terms of the score by name, in 0..1."""
        return self.crop.terms

    @property
    def kept(self) -> float:
        """The share of the picture's heat inside the box, 0..1."""
        return self.crop.kept

    @property
    def confidence(self) -> float | None:
        """How far the crop is ahead of the centred one and of its rivals, 0..1."""
        return self.crop.confidence

    @property
    def warnings(self) -> tuple[CropWarning, ...]:
        """What the crop costs, for a person to look at."""
        return self.crop.warnings

    def __str__(self) -> str:
        """One line, and one for each warning."""
        return "\n".join([self._describe(), *(f"  warning: {each.words}" for each in self.warnings)])

    def __repr__(self) -> str:
        codes = ", ".join(dict.fromkeys(each.code for each in self.warnings))
        return f"<{type(self).__name__} {self._describe()}{codes and f'; warnings: {codes}'}>"

    def _describe(self) -> str:
        (width, height), box = self.image.size, self.box
        source_width, source_height = self.source_size
        return (
            f"{width}×{height} at {self.ratio}: box x={box.x} y={box.y} width={box.width} height={box.height}"
            f" of {source_width}×{source_height}, score {self.score:.2f}, keeps {self.kept:.0%} of the heat"
        )


def crop(
    picture: PictureSource,
    ratio: str | Shape | Sequence[str | Shape] | None = None,
    *,
    cropper: str | PathLike[str] | Cropper = "focus",
    constraint: Constraint | None = None,
    objective: Objective = DEFAULT_OBJECTIVE,
    framing: str = KEEP_MOST,
    on_cut: str = KEEP,
    resolution: int | None = None,
    background: str | RGB | None = "white",
    fit: str = CROP,
    fit_side: str = AUTO,
    fill: str | RGB | None = None,
    focus: Guide = None,
    avoid: Guide = None,
    keep: Guide = None,
    labels: str = "",
    margin: str = "",
    focus_strength: float = STRENGTH,
    subject: str = "",
    subject_model: str | PathLike[str] | WordDetector | None = None,
    subject_threshold: float | None = None,
    subject_nothing: str | None = None,
    device: str = "auto",
    runtime: str = AUTO_RUNTIME,
    precision: str = FLOAT32,
) -> CroppedPicture:
    """The best crop of one picture.

    >>> import salient_crop
    >>> found = salient_crop.crop("samples/astronaut.jpg", "2:3")
    >>> found.image.size
    (341, 512)
    >>> found = salient_crop.crop("samples/astronaut.jpg", ["3:2", "16:9"], resolution=256)
    >>> found.ratio, found.image.size
    (Ratio(width=3, height=2), (312, 208))

    Args:
        picture: a path, the bytes of a file, a PIL image, or an array or tensor `[H, W, C]` or `[C, H, W]`, uint8 or
            float in 0..1; see `open_picture`.
        ratio: width : height such as `"2:3"` or `"832x1216"`, or several, of which the best-scoring one wins. The name
            of a model such as `"sdxl"` stands for its size that is nearest to the picture, and gives exactly its
            pixels; see `MODEL_SIZES`. None takes those of the constraint; where it has none either, the crop keeps the
            picture's own ratio.
        cropper: the name of a bundled cropper, the path of a checkpoint, or one that is loaded. A name is
            loaded anew by every call; for many pictures load it once with `load_cropper`, or use `crop_folder`.
        constraint: all else that the crop must obey; see `Constraint` for its defaults.
        objective: how crops that obey are compared: weights of the terms, and learned models of size and composition.
        framing: `keep the most`: the larger the better; `as people crop`: as close as people go, where they would place
            the crop. The latter replaces the objective's models of size and composition, and leaves the size open where
            there is no constraint, or its `min_share` is left at its default.
        on_cut: where the best crop cuts off the head of somebody whom the picture is about: `pad` extends the canvas so
            that the head fits, `drop` raises `HeadCutError`, `keep` leaves the crop and its warning.
        resolution: the crop is resized to about resolution² pixels, sides multiples of 8; None leaves its pixels.
        background: a colour for transparent pixels and for padding: a name, `#rrggbb` or (r, g, b). None keeps them
            transparent.
        fit: `whole`: the whole picture, extended to the ratio; `subject`: a crop as long as all subjects and regions to
            keep stay whole, else extended; `crop`: neither.
        fit_side: where canvas is added: `auto` (where the text is, or else where the subjects are not), `even`, `left`,
            `right`, `top` or `bottom`.
        fill: of canvas that is added: a colour, `edge`, `blur` or `mirror`; None for the background.
        focus: what matters: a mask (white counts) as the picture itself may be given, a list of boxes (left, top,
            right, bottom in 0..1), or the path of a folder or file as `crop_folder` takes it. Heat is raised there, and
            boxes are subjects.
        avoid: the same, of what the crop should leave out.
        keep: the same, of what the crop must hold.
        labels, margin, focus_strength: see `crop_folder`.
        subject: what to look for, such as `"necklace, red shoe"`: what is found is focused on, and is a subject.
        subject_model: folder of the detector that looks for it, see `crop_folder`; or one that is loaded with
            `load_word_detector`, as each call loads a folder anew.
        subject_threshold: least confidence of what it finds, 0..1; None for what is usual for the model.
        subject_nothing: where nothing is found: `as without` (also None), or `error`.
        device: `auto`, `cpu` or `cuda`. A cropper that is loaded stays where it is.
        runtime, precision: of the network on a CPU, see `load_cropper`; not of a cropper that is loaded.

    Raises:
        TypeError: when the picture, the ratio or the cropper is of a wrong type.
        ValueError: when an argument cannot be used; the message names it.
        PictureError: when the picture cannot be read; or nothing of `subject` is found in it, and that is an error.
        RunError: when the model of `subject_model` cannot be loaded.
        FileNotFoundError: when the cropper is neither a bundled name nor a file.
        UnsatisfiableError: when no crop obeys the constraint and its policy is `error`.
        HeadCutError: when the crop cuts off a head and `on_cut` is `drop`.
    """
    # One picture alone may take all the memory that there is.
    with PictureReader(memory_limit()) as reader, ExitStack() as files:

        def open_file(*file: Any, **more: Any) -> Picture:
            return files.enter_context(reader.open(*file, **more))

        opened = open_picture(picture, open_file)
        wanted = Constraint() if constraint is None else check_kind("constraint", constraint, Constraint)
        if ratio is not None:
            wanted = replace(wanted, ratios=parse_shapes(ratio))
        loaded = open_cropper(cropper, find_device(device), runtime, precision)
        sized = wanted.min_share != Constraint.min_share
        wanted, objective = apply_framing(framing, wanted, objective, sized)
        settings = CropSettings.for_cropper(
            loaded,
            wanted,
            device=loaded.device or find_device(device),
            objective=objective,
            on_cut=on_cut,
            resolution=resolution,
            format="png",
            background=parse_colour(background),
            fit=fit,
            fit_side=fit_side,
            fill=parse_fill(fill),
        )
        given = {FOCUS: focus, AVOID: avoid, KEEP_ROLE: keep}
        guides = Guides(labels=parse_labels(labels), margin=Margin.parse(margin), strength=focus_strength)
        words = read_words(subject, subject_model, subject_threshold, subject_nothing)
        guides.refuse_idle([role for role, value in given.items() if value is not None], by_word=words is not None)
        path = Path(picture) if isinstance(picture, str | PathLike) else None
        guidance = read_given(given, opened, path, guides, open_file)
        if words is not None:
            loaded_detector = None if words.model else cast("WordDetector", subject_model)
            guidance = look_for_words(opened, guidance, words, settings.device, focus_strength, loaded_detector)
        (analysis,) = analyse_thumbnails(loaded, [thumbnail_for(opened, settings)], settings.device)
        return crop_opened(opened, analysis, settings, guidance)


def read_words(
    subject: str, model: str | PathLike[str] | WordDetector | None, threshold: float | None, nothing: str | None
) -> WordSettings | None:
    """What is looked for in one picture; None for nothing.

    Raises:
        TypeError, ValueError: naming the argument that cannot be used.
    """
    if nothing == SKIP:
        raise ValueError(f"subject_nothing: {SKIP} leaves pictures out of a run; of one picture, use error")
    where = Path(fspath(model)) if isinstance(model, str | PathLike) else model
    return make_word_settings(parse_words(subject) if subject else (), where, threshold, nothing)


def look_for_words(
    picture: Picture,
    guidance: Guidance,
    words: WordSettings,
    device: str,
    strength: float,
    detector: WordDetector | None = None,
) -> Guidance:
    """The guidance of a picture with what words name in it.

    Args:
        detector: of the words, where it is loaded.

    Raises:
        PictureError: when nothing is found and that is an error, or the picture cannot be read.
        RunError: when the detector cannot be loaded.
    """
    from .find_words import WordFinder  # it reads files of models, which most crops need not

    found = WordFinder(words, None, device, detector).look(picture)
    if not found and words.nothing == ERROR:
        raise PictureError(picture.path, words.describe_nothing())
    return guidance.also_focus(found, strength)


def crop_opened(
    picture: Picture, analysis: Analysis, settings: CropSettings, guidance: Guidance = NO_GUIDANCE
) -> CroppedPicture:
    """The best crop of a picture that is open, with its pixels.

    Args:
        picture: to be cropped.
        analysis: of it.
        settings: without buckets, and not for each ratio.
        guidance: what the user says matters in it.

    Raises:
        PictureError, UnsatisfiableError, HeadCutError: see `crop`.
    """
    size = picture.info.size
    try:
        (found,) = choose_crops(
            guidance.steer(analysis),
            size,
            [guidance.constrain(each) for each in settings.constraints()],
            settings.objective,
            settings.on_cut,
            canvas=settings.canvas,
        )
    except UnsatisfiableError as error:
        raise UnsatisfiableError(str(error).removeprefix("picture 0: ")) from None
    if is_dropped(found, settings.on_cut):
        raise HeadCutError(summarise_warnings(found.warnings))
    box, shape = found.box, settings.shape_of(found.ratio, size)
    target = settings.size_of(box.size, shape, size)
    if isinstance(shape, Ratio):
        found = replace(found, ratio=shape)
    pixels = picture.crop((box.x, box.y, box.width, box.height), target, settings.background, settings.fill)
    return CroppedPicture(Image.fromarray(pixels), found, size)


def open_cropper(
    cropper: str | PathLike[str] | Cropper, device: str, runtime: str = AUTO_RUNTIME, precision: str = FLOAT32
) -> Cropper:
    """A cropper by its name or path, or as it is where it is loaded; see `load_cropper`.

    Raises:
        TypeError: when it is none of these.
        FileNotFoundError, ValueError: see `load_cropper` and `check_loaded`.
    """
    if isinstance(cropper, Cropper):
        check_loaded(cropper, runtime, precision)
        return cropper
    if not isinstance(cropper, str | PathLike):
        raise TypeError(f"cropper: expected a name, a path or a Cropper, got {type(cropper).__name__}")
    return load_cropper(fspath(cropper), device, runtime, precision)
