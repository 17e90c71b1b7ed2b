"""A training loop that can be stopped at any point and goes on as if it had not been.

All that is random (the order of pictures, the choice of crops, the augmentation) follows from the seed, the epoch and
the picture, so the state of the random numbers is saved by saving where in the epoch the training is. No global seed
is touched. On a CPU the weights come out equal to the bit; on a GPU, whose sums have no fixed order, as close as two
runs ever are.
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
class Settings:
    """How to train. The defaults are those of "Image Cropping under Design Constraints" where it states them.

    Attributes:
        epochs: passes over the pictures.
        rate: Adam's learning rate, after `warm_up` epochs of linear growth and before its fall to 0 along a cosine.
        decay: Adam's weight decay.
        batch: pictures a step.
        crops: of each picture a step, drawn anew every time.
        seed: of all that is random.
        warm_up: the paper's "every 5 epochs" is taken to be the five epochs of warm-up of the code it adapts, HCIC's.
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
    """One step done. Epochs and steps count from 1; `loss` is the step's."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float


BucketReport = Callable[[Progress], None]


@dataclass
class Trainer(Generic[Sample]):
    """Trains a network on numbered pictures.

    Attributes:
        network: trained in place, in whatever mode it is in.
        count: of pictures.
        load: picture number and generator -> sample. The generator is the only source of randomness; runs in threads.
        loss: samples of one step -> scalar.
        settings: must be the same when training goes on.
        checkpoint: written after every epoch and every `save_every` steps, and picked up where it exists.
    """

    network: nn.Module
    count: int
    load: Callable[[int, torch.Generator], Sample]
    loss: Callable[[Sequence[Sample]], Tensor]
    settings: Settings
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

    def run(self, report: BucketReport = lambda _: None) -> list[float]:
        """Trains to the end and returns the mean loss of every epoch; what `report` raises stops the training.

        Raises:
            ValueError: when the checkpoint was made with other settings or other data.
        """
        if self.checkpoint.is_file():
            self._resume()
        while self.epoch < self.settings.epochs:
            for samples in self._rest_of_epoch():
                self._learn(samples)
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

    def _learn(self, samples: Sequence[Sample]) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.settings, self.epoch + self.step / self.steps)
        loss = self.loss(samples)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.step += 1
        self.losses.append(loss.item())

    def _rest_of_epoch(self) -> Iterator[list[Sample]]:
        """Batches of samples in this epoch's order, from the current step on."""
        generator = torch.Generator().manual_seed(self.settings.seed + (self.epoch << 20))
        order = torch.randperm(self.count, generator=generator).tolist()
        seeds = torch.randint(2**62, (self.count,), generator=generator).tolist()
        done = self.step * self.settings.batch
        tasks = [(number, seeds[number]) for number in order[done:]]
        with ThreadPoolExecutor(self.workers) as pool:
            yield from _batches(
                _ahead(pool, self._load, tasks, self.settings.batch + self.workers), self.settings.batch
            )

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
        return {**asdict(self.settings), "pictures": self.count}


def learning_rate(settings: Settings, epoch: float) -> float:
    """The rate after so many epochs (and parts of one): growing to `settings.rate`, then falling to 0."""
    warm_up = min(settings.warm_up, settings.epochs / 2)
    if epoch < warm_up:
        return settings.rate * (epoch + 1) / (warm_up + 1)
    return settings.rate * (1 + math.cos(math.pi * (epoch - warm_up) / (settings.epochs - warm_up))) / 2


def _ahead(
    pool: ThreadPoolExecutor, load: Callable[[Task], Sample], tasks: Iterable[Task], ahead: int
) -> Iterator[Sample]:
    """The tasks' results in order, with no more than `ahead` of them waiting."""
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


def _batches(items: Iterable[Sample], size: int) -> Iterator[list[Sample]]:
    batch: list[Sample] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
