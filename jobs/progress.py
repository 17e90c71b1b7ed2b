"""Progress through the stages of a job, one step a picture."""

from __future__ import annotations

from collections import Counter
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
        place: pictures that have passed this stage so far, in this run or in an earlier one.
        pictures: that will pass this stage, which is what a person counts.
    """

    stage: str
    done: int
    total: int
    record: PictureRecord
    place: int
    pictures: int


Progress = Callable[[Step], None]
"""Called after every step, always in the thread that started the job. It may raise, to stop the job."""


class StepCounter:
    """Counts the steps of a job over its stages, and calls `progress` after each.

    Args:
        progress: to be called.
        total: steps of the whole job.
        pictures: that pass each stage; None where there is one stage, whose steps they are.
    """

    def __init__(self, progress: Progress, total: int, pictures: int | None = None) -> None:
        self._progress = progress
        self._places: Counter[str] = Counter()
        self.total = total
        self.pictures = total if pictures is None else pictures
        self.done = 0

    def step(self, stage: str, record: PictureRecord) -> None:
        self.pass_over(stage)
        self._progress(Step(stage, self.done, self.total, record, self._places[stage], self.pictures))

    def pass_over(self, stage: str, count: int = 1) -> None:
        """Counts pictures that have nothing more to do in a stage."""
        self.done += count
        self._places[stage] += count
