"""What a run does with the crops that an earlier one has left where it writes."""

import shutil

import pytest
from made_pictures import save_picture

import salient_crop
from salient_crop.datasets.manifest import read_manifest
from salient_crop.jobs.run import RunError

ASKED = {"cropper": "centre", "device": "cpu"}
BUCKETS = {"buckets": "64x64,64x96", "batch_size": 1}


@pytest.fixture
def trips(tmp_path):
    """Two folders of a camera: each has a picture of one name, and one of its own."""
    for seed, name in enumerate(("a/one.png", "a/only_a.png", "b/one.png", "b/only_b.png")):
        save_picture(tmp_path / name, seed=seed)
    return tmp_path


def crop(pictures, out, **more):
    ratios = None if "buckets" in more else "1:1"
    return salient_crop.crop_folder(pictures, out, ratios, **ASKED, **more)


def files(out):
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*.[jp][pn]g"))


@pytest.mark.parametrize("more", [{}, BUCKETS])
def test_the_crop_of_a_picture_in_another_folder_is_not_written_over(trips, more):
    crop(trips / "a", trips / "out", **more)
    before = {file: (trips / "out" / file).read_bytes() for file in files(trips / "out")}
    with pytest.raises(RunError, match=r"out: .*one\.jpg in it is the crop of .*a/one\.png, which this run would re"):
        crop(trips / "b", trips / "out", **more)
    assert {file: (trips / "out" / file).read_bytes() for file in files(trips / "out")} == before
    assert [each.source for each in read_manifest(trips / "out" / "manifest.jsonl")] == ["one.png", "only_a.png"]


def test_single_pictures_of_one_name_are_not_written_over_either(trips):
    crop(trips / "a" / "one.png", trips / "out")
    with pytest.raises(RunError, match=r"would replace; choose another folder"):
        crop(trips / "b" / "one.png", trips / "out")
    assert crop(trips / "b" / "only_b.png", trips / "out").notes[-1] == (
        f"{trips / 'out'} still holds 1 crop of other pictures than those of this run; the manifest lists them no more"
    )
    assert files(trips / "out") == ["one.jpg", "only_b.jpg"]


def test_the_same_picture_named_in_another_way_goes_on(trips):
    shutil.copytree(trips / "a", trips / "both" / "a")
    crop(trips / "both" / "a" / "one.png", trips / "out")
    assert not crop([trips / "both" / "a" / "one.png"], trips / "out").notes
    assert crop(trips / "both" / "a", trips / "out").crops == 2


def test_a_folder_that_was_moved_goes_on_under_its_new_name(trips):
    crop(trips / "a", trips / "out")
    (trips / "a").rename(trips / "moved")
    assert crop(trips / "moved", trips / "out").crops == 2
    assert files(trips / "out") == ["one.jpg", "only_a.jpg"]


def test_crops_that_have_other_names_now_are_removed_with_their_captions(trips):
    (trips / "a" / "one.txt").write_text("a caption")
    crop(trips / "a", trips / "out")
    notes = crop(trips / "a", trips / "out", format="png", name="{name}_{ratio}").notes
    assert notes[-1] == "removed: 2 crops of the last run, under names that this one does not use"
    assert files(trips / "out") == ["one_1x1.png", "only_a_1x1.png"]
    assert [each.name for each in (trips / "out").glob("*.txt")] == ["one_1x1.txt"]


def test_what_somebody_has_changed_since_stays(trips):
    crop(trips / "a", trips / "out")
    save_picture(trips / "out" / "one.jpg", seed=9)
    notes = crop(trips / "a", trips / "out", format="png").notes
    assert files(trips / "out") == ["one.jpg", "one.png", "only_a.png"]
    assert notes[-1] == "removed: 1 crop of the last run, under names that this one does not use"


def test_the_crop_of_a_picture_that_can_no_longer_be_read_stays(trips):
    crop(trips / "a", trips / "out")
    (trips / "a" / "one.png").write_bytes(b"no picture")
    assert crop(trips / "a", trips / "out", format="png").failed == 1
    assert files(trips / "out") == ["one.jpg", "only_a.png"]


def test_crops_of_pictures_that_are_gone_or_not_named_stay_and_are_counted(trips):
    crop(trips / "a", trips / "out")
    outcome = crop(trips / "a" / "only_*.png", trips / "out")
    assert outcome.resumed == 1
    assert outcome.notes == (
        f"{trips / 'out'} still holds 1 crop of other pictures than those of this run; the manifest lists them no more",
    )
    (trips / "a" / "only_a.png").unlink()
    assert "still holds 1 crop" in crop(trips / "a", trips / "out").notes[-1]
    assert files(trips / "out") == ["one.jpg", "only_a.jpg"]
