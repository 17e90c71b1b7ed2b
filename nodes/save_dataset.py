"""Save Dataset: the lists as a folder in a trainer's layout."""

from __future__ import annotations

import folder_paths
import numpy as np
from comfy_api.latest import io
from torch import Tensor

from ..bucketing.sizes import format_size
from ..datasets.atomic import write_picture
from ..datasets.find import find_pictures
from ..datasets.formats import FORMATS as DATASET_FORMATS
from ..datasets.formats import DatasetFormat, Entry, get_format
from ..datasets.names import crop_names
from ..images.encode import FORMATS
from . import sockets
from .folders import inside
from .host import in_turn

DESTINATIONS = ("output", "input")


class SaveDataset(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_SaveDataset",
            display_name="Save Dataset",
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
    ) -> io.NodeOutput:
        batches = sockets.as_batches(image)
        pictures = [picture for batch in batches for picture in batch]
        count = len(pictures)
        dataset = get_format(sockets.only(layout, "layout"))(
            sockets.only(concept, "concept"), sockets.only(repeats, "repeats"), sockets.only(batch_size, "batch_size")
        )
        extension = sockets.only(format, "format")
        captions = sockets.in_step(caption, count, "caption")
        masks = sockets.masks_of(mask, batches, "mask")
        names = names_for(sockets.in_step(name, count, "name"), dataset, extension)
        files = [dataset.crop_path(each, extension) for each in names]
        root = folder_paths.get_output_directory()
        if sockets.only(destination, "destination") == "input":
            root = folder_paths.get_input_directory()
        out = inside(root, sockets.only(folder, "folder"))
        refuse_to_mix(out, files, [dataset.mask_path(file) for file in files])
        entries = []
        for index, picture in enumerate(in_turn(pictures, count)):
            write_picture(out / files[index], levels(picture))
            dataset.write_caption(out, files[index], captions[index] or "")
            covering = masks[index]
            beside = None if covering is None else dataset.mask_path(files[index])
            if covering is not None and beside is not None:
                write_picture(out / beside, levels(covering[..., None].expand(-1, -1, 3)))
            entries.append(Entry(files[index], sockets.size_of(picture), captions[index] or "", beside))
        written = dataset.write_index(out, entries)
        return io.NodeOutput(str(out), report(dataset, entries, written))


def names_for(names: list[str | None], dataset: DatasetFormat, extension: str) -> list[str]:
    """A name without extension for every picture, no two alike; numbers where no names are connected."""
    given = [f"{index:05}" if each is None else safe(each) for index, each in enumerate(names)]
    return crop_names([dataset.flatten_path(each if "." in each else f"{each}.{extension}") for each in given])


def safe(name: str) -> str:
    """A name as a path below a folder.

    Raises:
        ValueError: when it leads out of the folder.
    """
    parts = name.replace("\\", "/").split("/")
    if not name.strip() or any(part in ("", ".", "..") for part in parts) or ":" in name:
        raise ValueError(f"name: {name!r} is no name for a file below a folder")
    return "/".join(parts)


def refuse_to_mix(out: object, files: list[str], masks: list[str]) -> None:
    """A data set among other pictures would have other counts than were planned.

    Raises:
        ValueError: when there are pictures in the folder that are not about to be written again.
    """
    from pathlib import Path

    folder = Path(str(out))
    if not folder.is_dir():
        return
    ours = {*files, *masks}
    others = [each for each in find_pictures(folder) if each.relative_to(folder).as_posix() not in ours]
    if others:
        first = others[0].relative_to(folder).as_posix()
        raise ValueError(f"folder: {folder} already holds {len(others)} other pictures ({first}, …); name a new folder")


def levels(picture: Tensor) -> np.ndarray:
    """A picture `[H, W, 3]` in 0..1 as uint8."""
    return (picture.cpu().clamp(0, 1) * 255).round().byte().numpy()


def report(dataset: DatasetFormat, entries: list[Entry], written: list[str]) -> str:
    """Counts for each size, and what the trainer would do to them."""
    sizes = sorted({entry.size for entry in entries}, key=lambda size: size[0] / size[1])
    lines = [f"{len(entries)} pictures", *written]
    for size in sizes:
        number = sum(entry.size == size for entry in entries)
        # The square that holds the largest of them is what a trainer would be set to.
        side = max(1, round(max(each[0] * each[1] for each in sizes) ** 0.5 / 64 + 0.49)) * 64
        made = dataset.recropped_size(size, side)
        note = f", which {dataset.name} at {side} would crop to {format_size(made)}" if made else ""
        lines.append(f"{format_size(size)}: {number}{note}")
    return "\n".join(lines)
