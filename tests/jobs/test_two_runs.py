"""Two runs at once into one folder: the second is refused, and the first ends as if it had been alone."""

import os
import signal
from dataclasses import replace

import pytest

from salient_crop.bucketing.grids import parse_grid
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.folder import crop_folder
from salient_crop.jobs.output_names import refuse_obstacles
from salient_crop.jobs.run import RunError
from salient_crop.jobs.settings import BucketSettings

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def plain(folder, **more):
    return folder.settings(**more)


def with_buckets(folder, **more):
    whole = folder.settings(buckets=BucketSettings(parse_grid("auto:2", 256), 256), **more)
    return replace(whole, constraint=replace(whole.constraint, ratios=(), min_share=1.0))


class OtherRun:
    """A run in another process, which stops after its last picture until it is told to go on.

    Before that, other pictures would still be written beside the one that it stops at.
    """

    def __init__(self, work):
        started, tell_started = os.pipe()
        wait, self._go = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(self._go)

            def pause(step):
                if step.done == step.total:
                    os.write(tell_started, b"x")
                    os.read(wait, 1)

            try:
                work(pause)
                os._exit(0)
            except BaseException:
                os._exit(1)
        os.close(tell_started)
        assert os.read(started, 1) == b"x"

    def finish(self):
        os.close(self._go)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def kill(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


@pytest.mark.parametrize("settings", [plain, with_buckets])
@pytest.mark.parametrize("there", [False, True])
def test_the_second_run_is_refused_by_name_and_touches_nothing(folder, settings, there):
    alone = folder.out.with_name("alone")
    folder.crop(settings(folder), out=alone)
    if there:
        folder.out.mkdir()
    first = OtherRun(lambda pause: folder.crop(settings(folder), progress=pause))
    before = folder.tree()
    for other in (settings(folder), settings(folder, format="png")):
        with pytest.raises(RunError, match=r"out: another run is writing into it; .* choose another --out"):
            folder.crop(other)
    assert folder.tree() == before
    assert first.finish() == 0
    assert folder.tree() == folder.tree(alone)


def test_a_run_that_was_killed_leaves_no_lock(folder):
    first = OtherRun(lambda pause: folder.crop(progress=pause))
    first.kill()
    assert folder.crop().failed == 0
    assert ".salient-crop.lock" not in folder.tree()


def test_a_run_with_its_manifest_in_the_folder_of_another_is_refused(folder, scripted):
    first = OtherRun(lambda pause: folder.crop(progress=pause))
    run = replace(folder.run(out=folder.out.with_name("elsewhere")), manifest=folder.out / "other.jsonl")
    with Analyser(scripted()) as analyser, pytest.raises(RunError, match="choose another --manifest"):
        crop_folder(run, analyser, lambda step: None)
    assert not folder.out.with_name("elsewhere").exists()
    assert first.finish() == 0


def test_a_folder_that_another_run_makes_while_this_one_is_planned_is_refused_too(folder, monkeypatch):
    place = "salient_crop.jobs.output_names.refuse_obstacles"
    others = []

    def be_slow(run, crops):
        refuse_obstacles(run, crops)
        monkeypatch.setattr(place, refuse_obstacles)
        others.append(OtherRun(lambda pause: folder.crop(progress=pause)))

    monkeypatch.setattr(place, be_slow)
    with pytest.raises(RunError, match="another run is writing into it"):
        folder.crop()
    assert others[0].finish() == 0
    assert folder.crop().resumed == 3
