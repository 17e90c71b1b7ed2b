"""LoRA Dataset (Save): the lists as a folder in a trainer's layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path

import folder_paths
import numpy as np
from comfy_api.latest import io
from einops import repeat
from torch import Tensor

from ..bucketing.sizes import format_size, sort_sizes
from ..cropping.checks import show
from ..datasets.captions import caption_paths
from ..datasets.find import find_pictures
from ..datasets.formats import FORMATS as DATASET_FORMATS
from ..datasets.formats import DatasetFormat, Entry, get_format
from ..datasets.ledger import LEDGER
from ..datasets.names import PathPlan, name_crops
from ..datasets.output_folder import NotOursError, OutputFolder
from ..images.encode import FORMATS, encode
from .bucketing import step_input
from .folders import inside
from .host import track_progress
from .panel import Bar, Panel, count_of, tile_of
from .sockets.lists import pair_with_pictures, require_single, single_or
from .sockets.masks import read_masks
from .sockets.pictures import read_batches, size_of

DESTINATIONS = ("output", "input")


class SaveDataset(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_SaveDataset",
            display_name="LoRA Dataset (Save)",
            category="Salient Crop",
            description="Saves pictures with captions and masks as a trainer reads them: kohya (with its TOML),"
            " ai-toolkit, OneTrainer, diffusers (metadata.jsonl), or ComfyUI's own dataset nodes. Pictures of exact"
            " bucket size, as Bucket Sort makes them, are then not cropped again.",
            search_aliases=["save images with captions", "export dataset", "kohya", "ai-toolkit", "lora training"],
            is_input_list=True,
            is_output_node=True,
            inputs=[
                io.Image.Input("image", tooltip="The pictures, saved as they are."),
                io.String.Input("caption", optional=True, force_input=True, tooltip="One for each picture."),
                io.Mask.Input("mask", optional=True, tooltip="One for each picture; saved where the trainer looks."),
                io.String.Input("name", optional=True, force_input=True, tooltip="One for each picture."),
                io.String.Input("folder", default="dataset", tooltip="A folder below the destination."),
                io.Combo.Input(
                    "destination",
                    options=list(DESTINATIONS),
                    default="output",
                    tooltip="ComfyUI's output folder, or its input folder, where its own dataset nodes read.",
                ),
                io.Combo.Input(
                    "layout", options=list(DATASET_FORMATS), default="kohya", tooltip="The trainer whose layout it is."
                ),
                io.String.Input("concept", default="picture", tooltip="For the folder N_concept of kohya and ComfyUI."),
                io.Int.Input("repeats", default=1, min=1, max=10_000, tooltip="The N of that folder."),
                io.Int.Input("batch_size", default=1, min=1, max=1024, tooltip="Noted in kohya's TOML."),
                io.Combo.Input("format", options=list(FORMATS), default="png", tooltip="png keeps every bit."),
                step_input(),
            ],
            outputs=[
                io.String.Output("folder", tooltip="Where the data set is."),
                io.String.Output("report", tooltip="What was written, and what a trainer would still crop."),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: list[Tensor],
        folder: list[str],
        destination: list[str],
        layout: list[str],
        concept: list[str],
        repeats: list[int],
        batch_size: list[int],
        format: list[str],
        caption: list[str] | None = None,
        mask: list[Tensor] | None = None,
        name: list[str] | None = None,
        step: list[int] | None = None,
    ) -> io.NodeOutput:
        batches = read_batches(image)
        pictures = [picture for batch in batches for picture in batch]
        count = len(pictures)
        dataset = get_format(require_single(layout, "layout"))(
            require_single(concept, "concept"),
            require_single(repeats, "repeats"),
            require_single(batch_size, "batch_size"),
            single_or(step, "step", 0) or None,
        )
        extension = require_choice(require_single(format, "format"), FORMATS, "format")
        captions = [
            require_text(each or "", index) for index, each in enumerate(pair_with_pictures(caption, count, "caption"))
        ]
        masks = read_masks(mask, batches, "mask")
        names = choose_names(pair_with_pictures(name, count, "name"), dataset, extension)
        files = [dataset.crop_path(each, extension) for each in names]
        input_wanted = (
            require_choice(require_single(destination, "destination"), DESTINATIONS, "destination") == "input"
        )
        root = Path(folder_paths.get_input_directory() if input_wanted else folder_paths.get_output_directory())
        root = root.resolve()  # as `inside` does
        out = inside(root, require_single(folder, "folder"), "folder")
        require_no_other_pictures(out, {*files, *map(dataset.mask_path, files)})
        mask_files = [dataset.mask_path(each) for each, found in zip(files, masks, strict=True) if found is not None]
        with writing_into(out) as written:
            written.refuse_obstacles([*files, *mask_files, *dataset.index_files])
            written.make()
            entries = []
            for index, picture in enumerate(track_progress(pictures, count)):
                entries.append(write_entry(dataset, written, files[index], picture, masks[index], captions[index]))
            index_files = dataset.write_index(written, entries)
        panel = Panel(count)
        for picture, entry in zip(pictures, entries, strict=True):
            panel.add(tile_of(picture, name=entry.file, words=entry.caption))
        words = summarise_dataset(dataset, entries, Path(root.name, out.relative_to(root)).as_posix())
        given = [each for each in masks if each is not None]
        black = [ALL_BLACK] if given and not any(bool(each.any()) for each in given) else []
        shown = panel.show(words, [*black, *list_problems(dataset, entries)], count_bars(entries))
        return io.NodeOutput(str(out), write_report(dataset, entries, index_files), ui=shown)


ALL_BLACK = "mask: all are black, so that a trainer that weighs its loss by them learns nothing"


def require_choice(value: str, choices: Sequence[str], name: str) -> str:
    """The value of a combo that a wire may have set.

    Raises:
        ValueError: when it is none of the choices.
    """
    if value not in choices:
        raise ValueError(f"{name}: must be one of {', '.join(choices)}, got {show(value)}")
    return value


def require_text(caption: str, index: int) -> str:
    """The caption of picture `index`.

    Raises:
        ValueError: when it is no text that can be written.
    """
    try:
        caption.encode()
    except (AttributeError, UnicodeEncodeError):
        raise ValueError(f"caption {index}: {show(caption)} is no text that can be written; mend it") from None
    return caption


def write_entry(
    dataset: DatasetFormat, out: OutputFolder, file: str, picture: Tensor, mask: Tensor | None, caption: str
) -> Entry:
    """Writes a picture `[H, W, 3]` with its caption and its mask `[h, w]`, where it has one.

    Raises:
        OSError: when a file cannot be written, or somebody else's lies in its place.
    """
    dataset.write_caption(out, file, caption)
    mask_file = dataset.mask_path(file)
    if mask is None:
        out.remove(mask_file)
    else:
        out.write(mask_file, encode(to_uint8(repeat(mask, "h w -> h w c", c=3)), mask_file))
    out.write(file, encode(to_uint8(picture), file))
    return Entry(file, size_of(picture), caption, None if mask is None else mask_file)


def choose_names(names: list[str | None], dataset: DatasetFormat, extension: str) -> list[str]:
    """A name without extension for every picture, no two alike; numbers where no names are connected.

    None gives a picture a file where the mask or caption of another one, or a file of the data set, belongs.
    """
    given = [f"{index:05}" if each is None else require_name(each) for index, each in enumerate(names)]
    apart = name_crops([dataset.flatten_path(each if "." in each else f"{each}.{extension}") for each in given])

    def crops(name: str) -> list[str]:
        return [dataset.crop_path(name, extension)]

    def beside(name: str) -> list[str]:
        return [dataset.mask_path(*crops(name)), *caption_paths(*crops(name))]

    return PathPlan(apart, crops, beside, [LEDGER, *dataset.index_files]).names


def require_name(name: str) -> str:
    """A name as a path below a folder.

    Raises:
        ValueError: when it leads out of the folder.
    """
    parts = name.replace("\\", "/").split("/")
    if not name.strip() or any(part in ("", ".", "..") for part in parts) or ":" in name or "\0" in name:
        raise ValueError(f"name: {show(name)} is no name for a file below a folder")
    return "/".join(parts)


def require_no_other_pictures(folder: Path, files: Set[str]) -> None:
    """Checks that a folder holds no pictures but `files`: others would change the counts that were planned.

    Raises:
        ValueError: when there are other pictures.
    """
    if not folder.is_dir():
        return
    others = [each for each in find_pictures(folder) if each.relative_to(folder).as_posix() not in files]
    if others:
        first = others[0].relative_to(folder).as_posix()
        raise ValueError(
            f"folder: {folder} already holds {count_of(len(others), 'picture')} under other names ({first}); name a new"
            " folder, or empty this one"
        )


@contextmanager
def writing_into(folder: Path) -> Iterator[OutputFolder]:
    """The folder, to save into what no one else has saved there.

    Raises:
        ValueError: naming what is in the way.
    """
    try:
        with OutputFolder(folder) as out:
            yield out
    except NotOursError as error:
        raise ValueError(f"folder: in {folder}, {error.strerror}; name a new folder") from error
    except OSError as error:
        where = show(str(error.filename or folder))
        raise ValueError(f"folder: {where}: {error.strerror or error}; name a new folder, or free the disk") from error


def to_uint8(picture: Tensor) -> np.ndarray:
    """A picture `[H, W, 3]` in 0..1 as uint8."""
    return (picture.cpu().clamp(0, 1) * 255).round().byte().numpy()


def summarise_dataset(dataset: DatasetFormat, entries: Sequence[Entry], folder: str) -> str:
    """What was written, in one line."""
    captions, masks = sum(bool(each.caption) for each in entries), sum(bool(each.mask) for each in entries)
    beside = [count_of(captions, "caption")] if captions else []
    beside += [count_of(masks, "mask")] if masks else []
    written = " and ".join([count_of(len(entries), "picture"), *beside]).replace(" and ", ", ", len(beside) - 1)
    return f"Wrote {written} for {dataset.name} into {folder}."


def list_problems(dataset: DatasetFormat, entries: Sequence[Entry]) -> list[str]:
    """What a person should know before training, in words."""
    counts = Counter(entry.size for entry in entries)
    dataset = dataset.fitted_to(counts)
    resolution = dataset.resolution_for(counts)
    cropped = dataset.recropped_sizes(counts, resolution)
    problems = [
        f"{dataset.name} at {resolution} would crop {format_size(size)} to {format_size(to)}"
        for size, to in cropped.items()
    ]
    bare = sum(not entry.caption for entry in entries)
    if 0 < bare < len(entries):
        problems.append(f"{count_of(bare, 'picture')} of {len(entries)} without a caption")
    return problems


def count_bars(entries: Sequence[Entry]) -> list[Bar]:
    """How many pictures of each size there are, where there are several sizes."""
    counts = Counter(entry.size for entry in entries)
    return [Bar(format_size(size), counts[size]) for size in sort_sizes(counts)] if len(counts) > 1 else []


def write_report(dataset: DatasetFormat, entries: Sequence[Entry], index_files: Sequence[str]) -> str:
    """The number of pictures of each size, the sizes that the trainer would crop again, and what it must be told."""
    counts = Counter(entry.size for entry in entries)
    dataset = dataset.fitted_to(counts)
    resolution = dataset.resolution_for(counts)
    cropped = dataset.recropped_sizes(counts, resolution)
    lines = [f"{len(entries)} pictures", *index_files]
    for size in sort_sizes(counts):
        to = cropped.get(size)
        note = f", which {dataset.name} at {resolution} would crop to {format_size(to)}" if to else ""
        lines.append(f"{format_size(size)}: {counts[size]}{note}")
    return "\n".join([*lines, *(f"tell the trainer: {each}" for each in dataset.trainer_settings(counts, resolution))])
