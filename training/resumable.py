"""A training loop that can be stopped at any point and continues as if it had not been stopped.

Everything random (the order of the pictures, the choice of crops, the augmentation) follows from the seed, the epoch
and the number of the picture. So a checkpoint needs no state of a random generator, only the epoch and the step. No
global seed is set. On a CPU, the weights are equal to the bit to those of an uninterrupted training. On a GPU, sums
have no fixed order, and the weights differ as those of any two trainings do.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from ..datasets.atomic import open_atomic

Task = TypeVar("Task")
Sample = TypeVar("Sample")


@dataclass(frozen=True)
class TrainingSettings:
    """How to train. Defaults are those of "Image Cropping under Design Constraints", where the paper states them.

    Attributes:
        epochs: passes over the pictures.
        rate: Adam's learning rate: grows linearly for `warm_up` epochs, then falls to 0 along a cosine.
        decay: Adam's weight decay.
        batch: pictures a step.
        crops: crops of each picture a step, drawn at random every time.
        seed: of everything random.
        warm_up: epochs. The paper says "every 5 epochs", read here as the warm-up of HCIC, whose code it adapts.
    """

    epochs: int = 30
    rate: float = 3.5e-4
    decay: float = 1e-4
    batch: int = 8
    crops: int = 64
    seed: int = 0
    warm_up: int = 5


@dataclass(frozen=True)
class Progress:
    """What a finished step reports.

    Attributes:
        epoch, epochs: number of the epoch, from 1, and of how many.
        step, steps: number of the step in its epoch, from 1, and of how many.
        loss: of this step.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float


Report = Callable[[Progress], None]


@dataclass
class Trainer(Generic[Sample]):
    """Trains a network on numbered pictures with Adam.

    Attributes:
        network: trained in place, in the mode (`train` or `eval`) that it is in.
        count: number of pictures.
        load: (number of the picture, generator) → sample. The generator is its only source of randomness. Runs in
            threads.
        loss: samples of one step → scalar.
        settings: a checkpoint made with other settings is refused.
        checkpoint: file. Written after every epoch and every `save_every` steps; read first where it exists.
        save_every: steps.
        workers: threads that load samples.
        epoch, step: finished epochs, and finished steps of the next one.
        losses: of the finished steps of the current epoch.
        history: mean loss of every finished epoch.
    """

    network: nn.Module
    count: int
    load: Callable[[int, torch.Generator], Sample]
    loss: Callable[[Sequence[Sample]], Tensor]
    settings: TrainingSettings
    checkpoint: Path
    save_every: int = 500
    workers: int = 2
    epoch: int = field(default=0, init=False)
    step: int = field(default=0, init=False)
    losses: list[float] = field(default_factory=list, init=False)
    history: list[float] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.optimiser = torch.optim.Adam(
            self.network.parameters(), lr=self.settings.rate, weight_decay=self.settings.decay
        )

    def run(self, report: Report = lambda _: None) -> list[float]:
        """Trains to the end and returns the mean loss of every epoch.

        Args:
            report: called after every step. An exception in it stops the training; a later run continues.

        Raises:
            ValueError: when the checkpoint was made with other settings or another number of pictures.
        """
        if self.checkpoint.is_file():
            self._resume()
        while self.epoch < self.settings.epochs:
            for samples in self._remaining_batches():
                self._train_step(samples)
                if self.step < self.steps and self.step % self.save_every == 0:
                    self._save()
                report(Progress(self.epoch + 1, self.settings.epochs, self.step, self.steps, self.losses[-1]))
            self.history.append(math.fsum(self.losses) / len(self.losses))
            self.epoch, self.step, self.losses = self.epoch + 1, 0, []
            self._save()
        return self.history

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return math.ceil(self.count / self.settings.batch)

    def _train_step(self, samples: Sequence[Sample]) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.settings, self.epoch + self.step / self.steps)
        loss = self.loss(samples)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.step += 1
        self.losses.append(loss.item())

    def _remaining_batches(self) -> Iterator[list[Sample]]:
        """The batches of this epoch from the current step on."""
        generator = torch.Generator().manual_seed(self.settings.seed + (self.epoch << 20))
        order = torch.randperm(self.count, generator=generator).tolist()
        seeds = torch.randint(2**62, (self.count,), generator=generator).tolist()
        done = self.step * self.settings.batch
        tasks = [(number, seeds[number]) for number in order[done:]]
        with ThreadPoolExecutor(self.workers) as pool:
            samples = _prefetch(pool, self._load, tasks, self.settings.batch + self.workers)
            yield from _split_into_batches(samples, self.settings.batch)

    def _load(self, task: tuple[int, int]) -> Sample:
        number, seed = task
        return self.load(number, torch.Generator().manual_seed(seed))

    def _save(self) -> None:
        state = {
            "model": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "epoch": self.epoch,
            "step": self.step,
            "losses": self.losses,
            "history": self.history,
            "settings": self._identity(),
        }
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        with open_atomic(self.checkpoint) as file:
            torch.save(state, file)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, "cpu", weights_only=True)
        for name, value in self._identity().items():
            if state["settings"].get(name) != value:
                raise ValueError(
                    f"{self.checkpoint} was made with {name} {state['settings'].get(name)}, not {value}; "
                    "train with the same settings or into another folder"
                )
        self.network.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.step = state["epoch"], state["step"]
        self.losses, self.history = state["losses"], state["history"]

    def _identity(self) -> dict[str, float]:
        """What must be the same when a training is continued."""
        return {**asdict(self.settings), "pictures": self.count}


def learning_rate(settings: TrainingSettings, epoch: float) -> float:
    """The learning rate after `epoch` epochs, a fraction within an epoch.

    It grows linearly to `settings.rate` during the warm-up, which lasts half of all epochs at most, and then falls to 0
    along a cosine.
    """
    warm_up = min(settings.warm_up, settings.epochs / 2)
    if epoch < warm_up:
        return settings.rate * (epoch + 1) / (warm_up + 1)
    return settings.rate * (1 + math.cos(math.pi * (epoch - warm_up) / (settings.epochs - warm_up))) / 2


def _prefetch(
    pool: ThreadPoolExecutor, load: Callable[[Task], Sample], tasks: Iterable[Task], ahead: int
) -> Iterator[Sample]:
    """The results of the tasks in order. Up to `ahead` tasks are loaded before their results are used."""
    waiting: deque[Future[Sample]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(load, task))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for each in waiting:
            each.cancel()


def _split_into_batches(items: Iterable[Sample], size: int) -> Iterator[list[Sample]]:
    batch: list[Sample] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
