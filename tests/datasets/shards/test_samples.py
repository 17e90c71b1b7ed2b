"""Members of a tar as samples."""

import io

import pytest

from salient_crop.datasets.shards.samples import LostMember, Sample, read_samples
from salient_crop.datasets.shards.tar import TarWriter

ROOM = 1 << 20


def stream_of(*members, end=None):
    written = io.BytesIO()
    with TarWriter(written) as tar:
        for name, content in members:
            tar.add(name, content)
    return io.BytesIO(written.getvalue()[:end])


def read(*members, limit=ROOM, end=None):
    return list(read_samples(stream_of(*members, end=end), limit))


def test_members_of_one_key_are_a_sample():
    first, second = read(("a.jpg", b"1"), ("a.txt", b"2"), ("a.cls.txt", b"3"), ("b.jpg", b"4"))
    assert (first.key, first.members) == ("a", {"jpg": b"1", "txt": b"2", "cls.txt": b"3"})
    assert (second.key, second.members, second.notes) == ("b", {"jpg": b"4"}, [])


def test_the_key_has_its_folders_and_ends_at_the_first_dot_of_the_name():
    (sample,) = read(("./v1.0/a.b.jpg", b"1"))
    assert (sample.key, list(sample.members)) == ("v1.0/a", ["b.jpg"])


def test_a_key_that_comes_again_is_another_sample_and_says_so():
    names = [(each.key, each.name) for each in read(("a.jpg", b"1"), ("a.jpg", b"2"), ("b.jpg", b"3"), ("a.jpg", b"4"))]
    assert names == [("a", "a"), ("a", "a~2"), ("b", "b"), ("a", "a~3")]
    assert "was there before" in read(("a.jpg", b"1"), ("a.jpg", b"2"))[1].notes[0]


def test_a_name_with_a_number_belongs_to_the_first_that_has_it():
    names = [each.name for each in read(("a.jpg", b"1"), ("a.jpg", b"2"), ("a~2.jpg", b"3"))]
    assert len(set(names)) == 3


@pytest.mark.parametrize("name", ["readme", ".hidden", "deep/.DS_Store", "a.", "deep/"])
def test_what_has_no_key_is_named(name):
    found = read((name, b"1"), ("b.jpg", b"2"))
    assert found[-1].members == {"jpg": b"2"}
    assert all(isinstance(each, LostMember) and not each.torn for each in found[:-1])


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "deep/../../a.jpg"])
def test_a_name_that_leads_out_is_named_and_left(name):
    lost, sample = read((name, b"1"), ("b.jpg", b"2"))
    assert isinstance(lost, LostMember) and "out of the folder" in lost.reason
    assert sample.key == "b"


def test_a_torn_tar_keeps_its_whole_samples_and_says_so():
    *whole, lost = read(("a.jpg", b"1"), ("b.jpg", b"2"), ("b.txt", b"3" * 600), end=2 * 1024 + 800)
    assert [each.key for each in whole] == ["a", "b"]
    assert "torn" in whole[1].notes[0] and whole[1].members == {"jpg": b"2"}
    assert lost.torn and "b.txt" in lost.reason


def test_no_sample_takes_more_than_there_is_room_for():
    (sample,) = read(("a.jpg", b"1" * 600), ("a.txt", b"2" * 600), ("a.json", b"{}"), limit=1000)
    assert set(sample.members) == {"jpg", "json"}
    assert "--memory" in sample.notes[0]


@pytest.mark.parametrize(
    ("extensions", "wanted", "found"),
    [
        (["jpg", "txt"], None, "jpg"),
        (["PNG"], None, "PNG"),
        (["mask.png", "webp"], None, "webp"),
        (["a", "jpg"], "A", "a"),
    ],
)
def test_the_picture_of_a_sample(extensions, wanted, found):
    assert Sample("a", "a", dict.fromkeys(extensions, b"1")).picture(wanted) == found


@pytest.mark.parametrize(
    ("extensions", "wanted", "problem"),
    [
        ([], None, "no picture"),
        (["txt"], None, "txt"),
        (["jpg", "png"], None, "several"),
        (["jpg"], "png", "no picture"),
    ],
)
def test_a_sample_without_one_picture(extensions, wanted, problem):
    with pytest.raises(ValueError, match=problem):
        Sample("a", "a", dict.fromkeys(extensions, b"1")).picture(wanted)
