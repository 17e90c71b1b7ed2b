"""What the training commands share."""

from __future__ import annotations

from salient_crop.training.command import build_parser, open_progress_bar, read_settings
from salient_crop.training.resumable import Progress, TrainingSettings

GIVEN = ["--data", "data", "--out", "out"]


def test_settings_have_their_defaults_unless_the_command_or_the_user_has_others():
    assert read_settings(build_parser(None).parse_args(GIVEN)) == TrainingSettings()
    parser = build_parser(None, crops=24, rate=0.5)
    assert read_settings(parser.parse_args(GIVEN)) == TrainingSettings(crops=24, rate=0.5)
    given = parser.parse_args([*GIVEN, "--crops", "3", "--warm-up", "2", "--decay", "0.25"])
    assert read_settings(given) == TrainingSettings(crops=3, rate=0.5, warm_up=2, decay=0.25)


def test_the_bar_counts_the_steps_of_all_epochs():
    bar, report = open_progress_bar()
    with bar:
        report(Progress(epoch=2, epochs=3, step=4, steps=10, loss=0.5))
        assert (bar.n, bar.total) == (14, 30)
        assert "epoch 2/3, loss 0.5000" in bar.postfix
