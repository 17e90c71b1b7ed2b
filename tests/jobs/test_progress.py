"""Steps of a job over its stages."""

from salient_crop.datasets.manifest import OK, PictureRecord
from salient_crop.jobs.progress import CROPPING, MEASURING, Step, StepCounter

RECORD = PictureRecord("a.jpg", None, OK)


def test_steps_are_counted_over_all_stages_from_what_was_done_before():
    steps = []
    counter = StepCounter(steps.append, total=5, done=2)
    counter.step(MEASURING, RECORD)
    counter.step(CROPPING, RECORD)
    assert steps == [Step("measuring", 3, 5, RECORD), Step("cropping", 4, 5, RECORD)]
    assert (counter.done, counter.total) == (4, 5)
    assert StepCounter(steps.append, 9).done == 0
