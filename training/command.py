"""What the training commands share: options, the progress bar, and the file of weights."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from tqdm import tqdm

from ..datasets.atomic import open_atomic
from .resumable import Progress, Report, TrainingSettings

CHECKPOINT = "last.pt"


def build_parser(description: str | None, **defaults: Any) -> argparse.ArgumentParser:
    """A parser for the commands that train on rated crops.

    Args:
        description: of the command, kept line by line.
        defaults: of `TrainingSettings`, where a command has others.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder shaped like GAICD or CPC")
    parser.add_argument("--part", help="part of the data to train on, e.g. train (default: all)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to, and to continue from")
    parser.add_argument("--imagenet", type=Path, help="torchvision's ImageNet weights of the backbone")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=4, help="threads that decode pictures")
    parser.add_argument("--side", type=int, default=256, help="side in pixels that pictures are resized to")
    for each in fields(TrainingSettings):
        default = defaults.get(each.name, each.default)
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=type(default), default=default)
    return parser


def read_settings(given: argparse.Namespace) -> TrainingSettings:
    """The settings among the parsed arguments."""
    return TrainingSettings(**{each.name: getattr(given, each.name) for each in fields(TrainingSettings)})


def open_progress_bar() -> tuple[tqdm, Report]:
    """A progress bar over the steps of all epochs, and the function that updates it after each step."""
    bar = tqdm(unit="step", dynamic_ncols=True)

    def report(progress: Progress) -> None:
        bar.total = progress.epochs * progress.steps
        bar.n = (progress.epoch - 1) * progress.steps + progress.step
        bar.set_postfix_str(f"epoch {progress.epoch}/{progress.epochs}, loss {progress.loss:.4f}")

    return bar, report


def export(network: nn.Module, path: Path) -> None:
    """Writes the weights of a network, and nothing else. ComfyUI finds those of a cropper in `models/croppers`."""
    write_weights(network.state_dict(), path)


def write_weights(state: Mapping[str, Tensor], path: Path) -> None:
    """Writes tensors by name as safetensors. A file of that name is replaced as a whole."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    with open_atomic(path) as file:
        file.write(save(tensors))
