"""Which pictures of a folder repeat another one."""

import pytest
from PIL import Image

from salient_crop.datasets.deduplicate import Duplicate
from salient_crop.jobs.duplicates import describe_duplicate, find_folder_duplicates
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.picture_tasks import on_threads
from salient_crop.jobs.progress import StepCounter
from salient_crop.jobs.run import list_sources
from salient_crop.models.registry import load_cropper


@pytest.fixture
def found(folder):
    """The duplicates of the folder, and the steps of finding them."""

    def find():
        steps, run = [], folder.run(workers=2)
        sources = list_sources(run)
        engine, counter = on_threads(Analyser(load_cropper("centre"))), StepCounter(steps.append, len(sources))
        duplicates = find_folder_duplicates(run, engine, sources, counter)
        assert [(step.stage, step.record.source) for step in steps] == [("comparing", each) for each in sources]
        return duplicates

    return find


def test_different_pictures_repeat_nothing(found):
    assert found() == []


def test_the_picture_with_the_most_pixels_is_kept(folder, found):
    with Image.open(folder.photos / "a.png") as image:
        image.resize((24, 16)).save(folder.photos / "0.png")
        image.resize((96, 64)).save(folder.photos / "z.png")
    assert found() == [Duplicate("0.png", "z.png", False), Duplicate("a.png", "z.png", False)]


def test_of_equal_pictures_the_first_is_kept(folder, found):
    for name in ("b2.png", "b1.png"):
        (folder.photos / name).write_bytes((folder.photos / "b.png").read_bytes())
    assert found() == [Duplicate("b1.png", "b.png", True), Duplicate("b2.png", "b.png", True)]


def test_what_cannot_be_read_repeats_nothing(folder, found, tmp_path):
    (folder.photos / "bad.png").write_text("no picture")
    (folder.photos / "worse.png").write_text("no picture")
    (tmp_path / "b.png").write_bytes((folder.photos / "b.png").read_bytes())
    (folder.photos / "link.png").symlink_to(tmp_path / "b.png")
    assert found() == []


def test_how_a_picture_repeats_another():
    assert describe_duplicate(Duplicate("a", "b", True)) == "the same file as b"
    assert describe_duplicate(Duplicate("a", "b", False)) == "nearly the same picture as b"
