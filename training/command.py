"""What the commands that train on rated crops have in common: options, the line of progress, and the files."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn
from tqdm import tqdm

from ..datasets.atomic import open_atomic
from .resumable import BucketReport, Progress, Settings

LAST = "last.pt"


def options(description: str | None, **defaults: Any) -> argparse.ArgumentParser:
    """A parser with the options for data, output and `Settings`; `defaults` override those of `Settings`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder shaped like GAICD or CPC")
    parser.add_argument("--part", help="part of the data to train on, e.g. train (default: all)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to, and to go on from")
    parser.add_argument("--imagenet", type=Path, help="torchvision's ImageNet weights of the backbone")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=4, help="threads that decode pictures")
    parser.add_argument("--side", type=int, default=256, help="side in pixels that pictures are brought to")
    for each in fields(Settings):
        default = defaults.get(each.name, each.default)
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=type(default), default=default)
    return parser


def settings_from(given: argparse.Namespace) -> Settings:
    return Settings(**{each.name: getattr(given, each.name) for each in fields(Settings)})


def progress_bar() -> tuple[tqdm, BucketReport]:
    """A bar over the steps of all epochs, and what to call after each step."""
    bar = tqdm(unit="step", dynamic_ncols=True)

    def report(progress: Progress) -> None:
        bar.total = progress.epochs * progress.steps
        bar.n = (progress.epoch - 1) * progress.steps + progress.step
        bar.set_postfix_str(f"epoch {progress.epoch}/{progress.epochs}, loss {progress.loss:.4f}")

    return bar, report


def export(network: nn.Module, path: Path) -> None:
    """The weights alone, for `models/croppers`."""
    state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    with open_atomic(path) as file:
        file.write(save(state))
