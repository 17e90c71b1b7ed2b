"""Progress through the stages of a job, one step a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..datasets.manifest import PictureRecord

COMPARING, MEASURING, CROPPING, WRITING, DRAWING = "comparing", "measuring", "cropping", "writing", "drawing"


@dataclass(frozen=True, slots=True)
class Step:
    """One picture has passed one stage.

    Attributes:
        stage: `comparing` (for duplicates), `measuring` (in every bucket), `cropping`, `writing` (planned crops) or
            `drawing` (a contact sheet).
        done: steps so far, over all stages of the job.
        total: steps of the whole job.
        record: of the picture, as far as the stage knows it.
    """

    stage: str
    done: int
    total: int
    record: PictureRecord


Progress = Callable[[Step], None]
"""Called after every step, always in the thread that started the job. It may raise, to stop the job."""


class StepCounter:
    """Counts the steps of a job over its stages, and calls `progress` after each.

    Args:
        progress: to be called.
        total: steps of the whole job.
        done: steps that an earlier run has done.
    """

    def __init__(self, progress: Progress, total: int, done: int = 0) -> None:
        self._progress = progress
        self.total = total
        self.done = done

    def step(self, stage: str, record: PictureRecord) -> None:
        self.done += 1
        self._progress(Step(stage, self.done, self.total, record))
