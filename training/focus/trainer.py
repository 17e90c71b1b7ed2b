"""One training of the `focus` network: losses, optimiser, average of the weights, and the state to continue from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

from ...datasets.atomic import open_atomic
from ...models.focus.network import FocusNetwork, Outputs
from ..weights import write_weights
from .losses import animal_loss, attention_loss, centre_loss, divergence_loss, reach_loss, subject_loss
from .samples import Sample

FROZEN = 3  # first blocks of the backbone that keep their weights: training them costs most and gains least
ANIMAL_WEIGHT = 0.3  # of telling animals from people
# Of the teacher's word where nobody else has one: on attention, and on the subject's mask.
TEACHER_ATTENTION, TEACHER_SUBJECT = 0.5, 0.4
AVERAGE_DECAY = 0.998  # of the exponential moving average of the weights, a step
DECODER_RATE = 5.0  # learning rate of the decoder, relative to that of the backbone
WEIGHT_DECAY, WARM_UP, MAX_GRADIENT_NORM = 0.01, 0.15, 5.0  # the warm-up is a share of all steps
CHECKPOINT, WEIGHTS = "last.pt", "focus.safetensors"


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        epochs: passes in all.
        steps: of an epoch.
        rate: largest learning rate of the backbone.
        frozen: first blocks of the backbone that keep their weights.
    """

    epochs: int
    steps: int
    rate: float
    frozen: int = FROZEN


class FocusTrainer:
    """Trains a network in place, alone or as one of several processes that average their gradients.

    Args:
        network: to train.
        schedule: how long and how fast.
        teacher: says what it sees where a picture has no fixations or no mask, so that what the network knew at the
            start is not forgotten.

    Attributes:
        network: the network.
        average: exponential moving average of its weights, by name.
        epochs_done, steps_done: finished so far.
    """

    def __init__(self, network: FocusNetwork, schedule: Schedule, teacher: FocusNetwork | None = None) -> None:
        for layer in (network.backbone.stem, *network.backbone.layers[: schedule.frozen]):
            layer.requires_grad_(False)
        self.network, self.epochs_done, self.steps_done = network, 0, 0
        self._teacher = teacher and teacher.eval().requires_grad_(False)
        self.average = {name: value.clone() for name, value in network.state_dict().items()}
        backbone = [each for each in network.backbone.parameters() if each.requires_grad]
        decoder = [each for name, each in network.named_parameters() if not name.startswith("backbone.")]
        self._trained = [*backbone, *decoder]
        for each in self._trained:  # AdamW leaves out what has no gradient yet, such as all after a stop
            each.grad = torch.zeros_like(each)
        rates = [schedule.rate, schedule.rate * DECODER_RATE]
        groups = [{"params": each, "lr": rate} for each, rate in zip((backbone, decoder), rates, strict=True)]
        self._optimiser = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
        self._scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, rates, total_steps=schedule.steps * schedule.epochs + 1, pct_start=WARM_UP
        )

    def step(self, samples: Sample, whole: bool) -> dict[str, float]:
        """One step of the optimiser.

        Args:
            samples: stacked.
            whole: whether they show whole pictures; only then attention is learned.

        Returns:
            The losses by name.
        """
        device = self._trained[0].device
        samples = Sample(*(each.to(device) for each in samples))
        losses = self._losses(samples, whole)
        self._optimiser.zero_grad(set_to_none=False)
        torch.stack(list(losses.values())).sum().backward()
        _average_gradients(self._trained)
        torch.nn.utils.clip_grad_norm_(self._trained, MAX_GRADIENT_NORM)
        self._optimiser.step()
        self._scheduler.step()
        self.steps_done += 1
        self._update_average()
        return {name: value.item() for name, value in losses.items()}

    def _losses(self, samples: Sample, whole: bool) -> dict[str, Tensor]:
        images = samples.image.contiguous(memory_format=torch.channels_last)
        attention, subject, centres, reach, animal, _ = _run(self.network, images)
        losses = {}
        has_fixations = samples.fixations.sum((1, 2)) > 0
        if whole and has_fixations.any():
            losses["attention"] = attention_loss(
                attention[has_fixations], samples.density[has_fixations], samples.fixations[has_fixations]
            )
        losses["subject"] = subject_loss(subject, samples.mask, samples.mask_weight)
        losses["centres"] = centre_loss(centres, samples.centres, samples.centre_weight)
        losses["reach"] = reach_loss(reach, samples.reach, samples.reach_weight)
        losses["animal"] = ANIMAL_WEIGHT * animal_loss(animal, samples.animal, samples.reach_weight)
        unwatched, unmasked = ~has_fixations & whole, samples.mask_weight == 0
        if self._teacher is not None and (unwatched | unmasked).any():
            with torch.no_grad():
                taught = _run(self._teacher, images)
            weight = TEACHER_SUBJECT * unmasked
            losses["taught subject"] = subject_loss(subject, taught.subject.sigmoid(), weight)
            if unwatched.any():
                divergence = divergence_loss(attention[unwatched], taught.attention[unwatched])
                losses["taught attention"] = TEACHER_ATTENTION * divergence
        return losses

    def _update_average(self) -> None:
        decay = min(AVERAGE_DECAY, (1 + self.steps_done) / (10 + self.steps_done))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)

    def save(self, folder: Path) -> None:
        """Writes the state to continue from, and the averaged weights in half precision. Files are replaced whole."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._scheduler.state_dict(),
            "epochs_done": self.epochs_done,
            "steps_done": self.steps_done,
        }
        with open_atomic(folder / CHECKPOINT) as file:
            torch.save(state, file)
        weights = {name: value.half() for name, value in self.average.items()}
        for name in (f"focus-{self.epochs_done}.safetensors", WEIGHTS):
            write_weights(weights, folder / name)

    def resume(self, folder: Path) -> None:
        """Continues from the state in a folder, if there is one."""
        if not (folder / CHECKPOINT).is_file():
            return
        state = torch.load(folder / CHECKPOINT, "cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        for name, value in state["average"].items():
            self.average[name].copy_(value)
        self._optimiser.load_state_dict(state["optimiser"])
        self._scheduler.load_state_dict(state["schedule"])
        self.epochs_done, self.steps_done = state["epochs_done"], state["steps_done"]


def _run(network: FocusNetwork, images: Tensor) -> Outputs:
    """The outputs in single precision; bfloat16 makes the convolutions faster where the processor supports it."""
    with torch.autocast(images.device.type, torch.bfloat16) if _has_bfloat16(images.device) else nullcontext():
        outputs = network(images)
    return outputs.in_single_precision()


def _average_gradients(parameters: Sequence[torch.nn.Parameter]) -> None:
    """Replaces each gradient by its mean over all processes; does nothing in a single process."""
    if not dist.is_initialized():
        return
    gradients = [each.grad if each.grad is not None else torch.zeros_like(each) for each in parameters]
    flat = torch.cat([each.flatten() for each in gradients])
    dist.all_reduce(flat)
    for each, part in zip(parameters, flat.split([each.numel() for each in gradients]), strict=True):
        each.grad = (part / dist.get_world_size()).view_as(each)


def _has_bfloat16(device: torch.device) -> bool:
    return device.type == "cuda" or (device.type == "cpu" and torch.cpu._is_avx512_bf16_supported())
