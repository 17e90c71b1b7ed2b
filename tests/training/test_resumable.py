"""A training that is stopped continues as if it had not been stopped."""

from __future__ import annotations

import pytest
import torch

from salient_crop.training.resumable import Progress, Trainer, TrainingSettings, learning_rate


class Stopped(Exception):
    pass


def fit_noisy_line(folder, settings=None, report=lambda _: None):
    """A line fitted to noisy points: its weights and the loss of every epoch."""
    network = torch.nn.Linear(3, 1)
    torch.nn.init.ones_(network.weight)
    torch.nn.init.zeros_(network.bias)

    def load(number, generator):
        return torch.rand(3, generator=generator) + number / 10

    def loss(samples):
        points = torch.stack(samples)
        return (network(points)[:, 0] - points.sum(1) * 2).square().mean()

    settings = settings or TrainingSettings(epochs=3, batch=2, warm_up=1, rate=0.1)
    trainer = Trainer(network, 5, load, loss, settings, folder / "last.pt", save_every=1)
    return [*network.parameters()], trainer.run(report)


@pytest.mark.parametrize("stop_at", [(1, 1), (1, 3), (2, 2), (3, 3)])
def test_a_stopped_training_goes_on_as_if_it_had_not_been(tmp_path, stop_at):
    whole, history = fit_noisy_line(tmp_path / "whole")

    def stop(progress: Progress) -> None:
        if (progress.epoch, progress.step) == stop_at:
            raise Stopped

    with pytest.raises(Stopped):
        fit_noisy_line(tmp_path / "stopped", report=stop)
    seen: list[Progress] = []
    resumed, resumed_history = fit_noisy_line(tmp_path / "stopped", report=seen.append)
    again = min(stop_at[1] + 1, 3)  # an epoch's last step is saved with the epoch, which had not ended yet
    assert (seen[0].epoch, seen[0].step, seen[0].steps) == (stop_at[0], again, 3)
    assert resumed_history == history and len(history) == 3
    assert all(torch.equal(one, other) for one, other in zip(resumed, whole, strict=True))
    assert not torch.equal(whole[0], torch.ones(1, 3)), "it has learnt something"


def test_finished_training_does_nothing_more(tmp_path):
    _, history = fit_noisy_line(tmp_path)
    seen: list[Progress] = []
    assert fit_noisy_line(tmp_path, report=seen.append)[1] == history
    assert seen == []


def test_other_settings_are_refused(tmp_path):
    fit_noisy_line(tmp_path, TrainingSettings(epochs=1, batch=5))
    with pytest.raises(ValueError, match="made with crops 64, not 5"):
        fit_noisy_line(tmp_path, TrainingSettings(epochs=1, batch=5, crops=5))


def test_seed_changes_what_is_drawn(tmp_path):
    one, other = (
        fit_noisy_line(tmp_path / str(seed), TrainingSettings(epochs=1, batch=2, seed=seed))[0] for seed in (1, 2)
    )
    assert not torch.equal(one[0], other[0])


def test_samples_are_loaded_ahead_but_not_all_at_once(tmp_path):
    """A data set need not fit into memory."""
    loaded: list[int] = []
    ahead: list[int] = []

    def load(number, generator):
        loaded.append(number)
        return torch.zeros(1)

    network = torch.nn.Linear(1, 1)

    def loss(samples):
        ahead.append(len(loaded))
        return network(torch.stack(samples)).square().mean()

    settings = TrainingSettings(epochs=1, batch=2)
    Trainer(network, 40, load, loss, settings, tmp_path / "last.pt", workers=1).run()
    assert sorted(loaded) == list(range(40))
    assert all(number <= 2 * (step + 1) + 2 + 1 for step, number in enumerate(ahead)), "a batch and the workers ahead"


def test_learning_rate_grows_for_the_warm_up_then_falls_to_nothing():
    settings = TrainingSettings(epochs=30, rate=1.0, warm_up=5)
    rates = [learning_rate(settings, epoch / 2) for epoch in range(61)]
    assert rates[:11] == sorted(rates[:11]) and rates[10:] == sorted(rates[10:], reverse=True)
    assert max(rates) == rates[10] == pytest.approx(1) and rates[0] > 0 and rates[-1] == pytest.approx(0)
    assert learning_rate(TrainingSettings(epochs=1, rate=1.0), 0.9) > 0, (
        "an epoch shorter than the warm-up still learns"
    )
