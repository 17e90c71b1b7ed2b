"""Load Picture Folder: every picture of a folder with its caption and its name, in step."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

import folder_paths
import torch
from comfy_api.latest import io
from torch import Tensor

from ..cropping.checks import LIMIT, check_count
from ..datasets.find import find_pictures, leads_outside
from ..datasets.ledger import LEDGER, Ledger
from ..datasets.sidecars import Sidecars
from ..images.colour import RGB, WHITE
from ..images.decode import Picture
from ..images.errors import PictureError
from ..images.machine import memory_limit
from ..images.reader import PictureReader
from ..jobs.stages import BLACK
from .folders import check_folder, existing_folder, fingerprint, subfolders
from .host import to_host, track_progress
from .panel import Panel, count_of, tile_of

logger = logging.getLogger(__name__)

MASKS = "masks"
"""The folder of masks in data sets."""


class LoadFolder(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_LoadFolder",
            display_name="Load Picture Folder",
            category="Salient Crop",
            description="Loads every picture of a folder below input/, sorted by name, turned upright and in sRGB, with"
            " its caption (photo.txt, or one file for all such as metadata.jsonl) and mask. A picture that cannot be"
            " read is named in `problems`; the others are loaded.",
            has_intermediate_output=True,
            search_aliases=["load images from folder", "load directory", "dataset", "batch load", "captions"],
            inputs=[
                io.Combo.Input(
                    "folder",
                    options=subfolders(folder_paths.get_input_directory()),
                    tooltip="A folder below ComfyUI's input folder; '.' is the input folder itself.",
                ),
                io.Boolean.Input("subfolders", default=True, tooltip="Also load what lies in folders below it."),
                io.Int.Input("start", default=0, min=0, max=1_000_000, tooltip="How many pictures to pass over first."),
                io.Int.Input(
                    "limit",
                    default=0,
                    min=0,
                    max=1_000_000,
                    tooltip="The most pictures to load; 0 loads all. They are all held in memory: use Crop Folder for"
                    " thousands.",
                ),
            ],
            outputs=[
                io.Image.Output("image", is_output_list=True, tooltip="One picture each, of its own size."),
                io.String.Output("caption", is_output_list=True, tooltip="Empty where a picture has none."),
                io.String.Output("name", is_output_list=True, tooltip="The path below the folder."),
                io.String.Output("problems", tooltip="One line for each picture that could not be read."),
                io.Mask.Output(
                    "mask", is_output_list=True, tooltip="From photo-masklabel.png beside photo.jpg; white without one."
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, folder: str | None = None) -> bool | str:
        return check_folder(folder_paths.get_input_directory(), folder)

    @classmethod
    def fingerprint_inputs(cls, folder: str, subfolders: bool, start: int, limit: int) -> str:
        try:
            root = existing_folder(folder_paths.get_input_directory(), folder)
            own = list_own_masks(root)
            return fingerprint(list_pictures(root, subfolders, start, limit, own), sidecars_of(root, own))
        except (TypeError, ValueError) as error:  # `execute` raises it again, where the user sees it
            return str(error)

    @classmethod
    def execute(cls, folder: str, subfolders: bool, start: int, limit: int) -> io.NodeOutput:
        root = existing_folder(folder_paths.get_input_directory(), folder)
        images, captions, names, problems, masks = [], [], [], [], []
        own = list_own_masks(root)
        sidecars = sidecars_of(root, own)
        paths = list_pictures(root, subfolders, start, limit, own)
        panel, masked = Panel(len(paths)), 0
        with PictureReader(memory_limit()) as reader:
            for path in track_progress(paths, len(paths)):
                try:
                    caption = sidecars.read_caption(path)
                    with open_inside(reader, path, root) as picture:
                        image = load_image(picture)
                        found = sidecars.open_mask(picture)
                        mask = load_mask(found, image)
                except PictureError as error:
                    logger.warning("Load Picture Folder: %s", error)
                    problems.append(f"{path.relative_to(root).as_posix()}: {error.reason_for(path)}")
                    continue
                masked += found is not None
                panel.add(tile_of(image[0], name=path.relative_to(root).as_posix(), words=caption))
                images.append(to_host(image))
                captions.append(caption)
                masks.append(to_host(mask))
                names.append(path.relative_to(root).as_posix())
        if not images:
            raise ValueError("\n".join([f"no picture could be loaded from {folder!r}", *problems]))
        words = summarise_folder(root.name, len(images), sum(map(bool, captions)), masked)
        return io.NodeOutput(images, captions, names, "\n".join(problems), masks, ui=panel.show(words, problems))


def summarise_folder(folder: str, pictures: int, captions: int, masks: int) -> str:
    """What was found, in one line."""
    beside = [count_of(captions, "caption")] if captions else ["no captions"]
    beside += [count_of(masks, "mask")] if masks else []
    return f"{count_of(pictures, 'picture')} from {folder!r}, with {' and '.join(beside)}."


def list_pictures(root: Path, below: bool, start: int, limit: int, own: Set[Path]) -> list[Path]:
    """The pictures to load, in order; `own` are masks, see `list_own_masks`.

    Raises:
        TypeError, ValueError: when the folder is gone, or nothing is left to load.
    """
    for name, number in (("start", start), ("limit", limit)):
        check_count(name, number, LIMIT, 0)
    try:
        found = [path for path in find_pictures(root) if path not in own]
    except OSError as error:
        raise ValueError(f"folder: {root.name!r} cannot be listed ({error.strerror}); refresh the node") from error
    if not below:
        found = [path for path in found if path.parent == root]
    if not found:
        raise ValueError(f"folder: there is no picture in {root.name!r}")
    part = found[start : start + limit if limit else None]
    if not part:
        raise ValueError(f"start: {start} passes over all {len(found)} pictures of {root.name!r}")
    return part


def sidecars_of(root: Path, own: Set[Path]) -> Sidecars:
    """The captions and masks of a folder's pictures; those of a data set of this pack have their masks in `masks`."""
    return Sidecars(root, root / MASKS if own else None)


def list_own_masks(root: Path) -> set[Path]:
    """The masks in a folder `masks` of a data set that this pack has written, which are no pictures."""
    if not os.path.lexists(root / LEDGER):  # of most folders, which may be large
        return set()
    ledger = Ledger(root)
    try:
        ledger.load()
    except (OSError, ValueError):  # somebody else's file of that name: then the folder is one like others
        return set()
    below = (root / MASKS).rglob("*.png")
    return {path for path in below if ledger.lists(path.relative_to(root).as_posix())}


@contextmanager
def open_inside(reader: PictureReader, path: Path, root: Path) -> Iterator[Picture]:
    """A picture of the folder.

    Raises:
        PictureError: when it cannot be read, or is a link out of the folder.
    """
    if leads_outside(path, root):
        raise PictureError(path, "a link to a file outside the folder; copy the file into it")
    with reader.open(path) as picture:
        yield picture


def load_image(picture: Picture, background: RGB = WHITE) -> Tensor:
    """One picture as `[1, H, W, 3]` in 0..1.

    Raises:
        PictureError: when it cannot be read.
    """
    pixels = picture.crop((0, 0, *picture.info.size), None, background)
    return torch.from_numpy(pixels).float().div_(255)[None]


def load_mask(mask: Picture | None, image: Tensor) -> Tensor:
    """The mask of an image `[1, H, W, 3]` as `[1, H, W]` in 0..1; white, and without memory of its own, where none is.

    Raises:
        PictureError: when it cannot be read.
    """
    if mask is None:
        return torch.ones(1, 1, 1).expand(image.shape[:3])
    return load_image(mask, BLACK).mean(dim=3)
