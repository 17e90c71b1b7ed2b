"""What the commands share that train on rated crops: options, progress bar, and the order of the steps."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from ..models.checkpoint import load_state
from ..models.design_heatmap.network import HeatmapNetwork
from ..models.gaic.network import GaicNetwork
from .imagenet import load_imagenet
from .rated_crops import read_rated_pictures
from .resumable import Progress, Report, TrainingSettings
from .weights import export

CHECKPOINT = "last.pt"

RatedNetwork = GaicNetwork | HeatmapNetwork


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


def run_training(
    given: argparse.Namespace, network: RatedNetwork, train: Callable[..., list[float]], file_name: str
) -> None:
    """Trains a network as the parsed arguments say, and exports its weights.

    Args:
        given: from a parser of `build_parser`.
        network: with its first weights.
        train: (network, pictures, settings, checkpoint, report=, side=, workers=) → mean loss of every epoch.
        file_name: of the weights, in the folder `--out`.
    """
    if given.imagenet:
        load_imagenet(network.backbone, load_state(given.imagenet))
    pictures = read_rated_pictures(given.data, given.part)
    bar, report = open_progress_bar()
    with bar:
        train(
            network.to(given.device),
            pictures,
            read_settings(given),
            given.out / CHECKPOINT,
            report=report,
            side=given.side,
            workers=given.workers,
        )
    export(network, given.out / file_name)
