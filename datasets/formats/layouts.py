"""Folders as trainers read them: where crops go, and what has to lie beside them.

plain       crops and captions, nothing else
kohya       sd-scripts: `10_name/` folders, and a `dataset.toml` under which no crop is cut again
ai-toolkit  crops with one-line captions in `pictures/`, masks in `masks/`
onetrainer  a flat folder; masks as `name-masklabel.png`
diffusers   Hugging Face ImageFolder: `metadata.jsonl` with the captions
comfyui     what ComfyUI's own dataset nodes read: `N_name/` folders below a folder of input/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import gcd, isqrt
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ...images.encode import encode
from ..atomic import whole_file

LAYOUTS = ("plain", "kohya", "ai-toolkit", "onetrainer", "diffusers", "comfyui")
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One crop of a data set.

    Attributes:
        file: POSIX path below the data set's folder, as `place` names it.
        size: width and height.
        caption: empty where there is none.
        mask: POSIX path of its mask, or None.
        details: what else is known of it (bucket, SDXL's conditioning), as JSON values; diffusers' metadata tells it.
    """

    file: str
    size: Size
    caption: str = ""
    mask: str | None = None
    details: tuple[tuple[str, Any], ...] = ()


def flat(layout: str, source: str) -> str:
    """A source's POSIX path as crops are named after it: without folders where the trainer reads none."""
    return source if layout in ("plain", "diffusers") else source.replace("/", "_")


def place(layout: str, name: str, extension: str, concept: str = "picture", repeats: int = 1) -> str:
    """Where a crop goes below the data set's folder, as a POSIX path.

    Args:
        name: POSIX path without extension. Where the trainer reads one flat folder, it becomes part of the name.

    Raises:
        ValueError: when the layout is not known, or the concept cannot be a folder's name.
    """
    _check(layout)
    file = f"{flat(layout, name)}.{extension}"
    if layout in ("kohya", "comfyui"):
        return f"{_folder(concept, repeats)}/{file}"
    # ai-toolkit also reads what lies in folders below, so the masks must have a folder beside it.
    return f"pictures/{file}" if layout == "ai-toolkit" else file


def mask_place(layout: str, file: str) -> str:
    """Where the mask of a crop goes: OneTrainer wants it beside the crop, the others in a folder of its own; for
    ComfyUI one level deeper, since its loader takes every picture in a folder below the data set's."""
    path = PurePosixPath(file)
    if layout == "comfyui":
        return str(path.parent / "masks" / path.with_suffix(".png").name)
    if layout == "onetrainer":
        return str(path.with_name(f"{path.stem}-masklabel.png"))
    if layout == "ai-toolkit":
        path = PurePosixPath(path.name)
    return str(PurePosixPath("masks", path.with_suffix(".png")))


def caption_for(layout: str, caption: str) -> str:
    """The caption as the trainer will read it: kohya and ai-toolkit take one line."""
    if layout in ("kohya", "ai-toolkit"):
        return " ".join(caption.split())
    return caption.strip()


def write_caption(layout: str, out: Path, file: str, caption: str) -> None:
    """The caption file of one crop. None is written for an empty caption: kohya stops at an empty file.

    Raises:
        OSError: when it cannot be written.
    """
    text = caption_for(layout, caption)
    path = (out / file).with_suffix(".txt")
    if not text or layout == "diffusers":
        path.unlink(missing_ok=True)
        return
    with whole_file(path) as target:
        target.write(text.encode() + b"\n")


def write_mask(out: Path, file: str, mask: np.ndarray) -> None:
    """A mask, float [H, W] in 0..1, as an 8-bit picture."""
    levels = np.clip(np.round(mask * 255), 0, 255).astype(np.uint8)
    encode(np.repeat(levels[..., None], 3, axis=2), out / file)


def finish(layout: str, out: Path, entries: Iterable[Entry], batch_size: int = 1) -> list[str]:
    """Writes what a trainer reads beside the crops; returns the names of the files written.

    Args:
        entries: all crops of the data set, in order. Read once.

    Raises:
        ValueError: when the layout is not known.
        OSError: when something cannot be written.
    """
    _check(layout)
    if layout == "kohya":
        return [_write_toml(out, list(entries), batch_size)]
    if layout == "diffusers":
        return [_write_metadata(out, entries)]
    return []


def _write_metadata(out: Path, entries: Iterable[Entry]) -> str:
    name = "metadata.jsonl"
    with whole_file(out / name) as file:
        for entry in entries:
            line = {"file_name": entry.file, "text": caption_for("diffusers", entry.caption), **dict(entry.details)}
            if entry.mask is not None:
                line["mask_file_name"] = entry.mask
            file.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
    return name


def _write_toml(out: Path, entries: Sequence[Entry], batch_size: int) -> str:
    """Under `bucket_no_upscale`, kohya makes a picture's bucket from its own size. A size whose sides are multiples of
    the step and whose area is within the resolution is then kept as it is, whether or not kohya's grid lists it."""
    sizes = sorted({entry.size for entry in entries}) or [(64, 64)]
    step, side = toml_numbers(sizes)
    folders = sorted({str(PurePosixPath(entry.file).parent) for entry in entries})
    # sd-scripts takes masks for all pictures, under --masked_loss, or for none.
    masked = bool(entries) and all(entry.mask is not None for entry in entries)
    lines = [
        "# Every crop already has its bucket's size; with these settings sd-scripts cuts none of them again.",
        "# Paths are relative to this folder: start sd-scripts here.",
        *(["# The masks are used: start it with --masked_loss."] if masked else []),
        "[general]",
        "enable_bucket = true",
        "bucket_no_upscale = true",
        f"bucket_reso_steps = {step}",
        f"min_bucket_reso = {min(min(size) for size in sizes)}",
        f"max_bucket_reso = {max(side, *(max(size) for size in sizes))}",
        'caption_extension = ".txt"',
        "",
        "[[datasets]]",
        f"resolution = {side}",
        f"batch_size = {batch_size}",
    ]
    for folder in folders:
        repeats, _, concept = folder.partition("_")
        lines += [
            "",
            "  [[datasets.subsets]]",
            f"  image_dir = {json.dumps(folder, ensure_ascii=False)}",
            f"  num_repeats = {repeats}",
        ]
        # A subset with masks may name no class tokens; sd-scripts refuses the file otherwise.
        name, value = ("conditioning_data_dir", f"masks/{folder}") if masked else ("class_tokens", concept)
        lines.append(f"  {name} = {json.dumps(value, ensure_ascii=False)}")
    with whole_file(out / "dataset.toml") as file:
        file.write("\n".join(lines).encode() + b"\n")
    return "dataset.toml"


def toml_numbers(sizes: Sequence[Size]) -> tuple[int, int]:
    """The step that divides every side, at most 64, and the side of the smallest square in steps that no size exceeds
    in area."""
    step = gcd(64, *(side for size in sizes for side in size))
    area = max(width * height for width, height in sizes)
    side = -(-(isqrt(area - 1) + 1) // step) * step
    return step, side


def _folder(concept: str, repeats: int) -> str:
    if not concept.strip() or concept != PurePosixPath(concept).name or concept.startswith(".") or "\\" in concept:
        raise ValueError(f"{concept!r} cannot be part of a folder's name; use letters, digits, spaces and _")
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats}")
    return f"{repeats}_{concept.strip()}"


def _check(layout: str) -> None:
    if layout not in LAYOUTS:
        raise ValueError(f"{layout!r} is no layout of a data set; use one of {', '.join(LAYOUTS)}")
