"""Steps of a job over its stages."""

from salient_crop.datasets.manifest import OK, PictureRecord
from salient_crop.jobs.progress import CROPPING, MEASURING, Step, StepCounter

RECORD = PictureRecord("a.jpg", None, OK)


def test_steps_are_counted_over_all_stages_and_pictures_in_each():
    steps = []
    counter = StepCounter(steps.append, total=10, pictures=5)
    counter.pass_over(MEASURING, 2)
    counter.step(MEASURING, RECORD)
    counter.step(CROPPING, RECORD)
    assert steps == [Step("measuring", 3, 10, RECORD, 3, 5), Step("cropping", 4, 10, RECORD, 1, 5)]
    assert (counter.done, counter.total) == (4, 10)


def test_a_job_of_one_stage_has_as_many_pictures_as_steps():
    steps = []
    StepCounter(steps.append, 9).step(CROPPING, RECORD)
    assert steps == [Step("cropping", 1, 9, RECORD, 1, 9)]
