"""Files appear whole or not at all, and what a killed run left is removed."""

import os

import pytest

from salient_crop.datasets.atomic import open_atomic, remove_leftovers, write_atomic
from salient_crop.datasets.part_names import new_part_name


def test_a_file_takes_its_name_only_when_all_is_written(tmp_path):
    target = tmp_path / "new" / "deep" / "a.bin"
    with open_atomic(target) as file:
        file.write(b"half")
        assert not target.exists()
    assert target.read_bytes() == b"half"
    assert [path.name for path in target.parent.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "a.bin"
    write_atomic(target, b"old")
    with pytest.raises(error), open_atomic(target) as file:
        file.write(b"half of the ne")
        raise error
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_an_existing_file_is_replaced(tmp_path):
    for content in (b"longer than the next", b"next"):
        write_atomic(str(tmp_path / "a.bin"), content)
    assert (tmp_path / "a.bin").read_bytes() == b"next"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_is_replaced_and_never_followed(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"precious")
    (tmp_path / "a.txt").symlink_to(outside)
    write_atomic(tmp_path / "a.txt", b"new")
    assert outside.read_bytes() == b"precious"
    assert not (tmp_path / "a.txt").is_symlink() and (tmp_path / "a.txt").read_bytes() == b"new"


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    with open_atomic(tmp_path / "a") as first, open_atomic(tmp_path / "a") as second:
        first.write(b"first")
        second.write(b"second")
    assert (tmp_path / "a").read_bytes() == b"first"


def test_leftovers_of_a_killed_run_are_removed_and_nothing_else(tmp_path):
    (tmp_path / "sub").mkdir()
    kept = [
        tmp_path / "sub" / ".salient-crop-notes.part",
        tmp_path / "download.part",
        tmp_path / ".salient-crop-1.part",
    ]
    leftovers = [tmp_path / "sub" / ".salient-crop-0123456789abcdef.part", tmp_path / f".salient-crop-{'f' * 16}.part"]
    for path in (*kept, *leftovers):
        path.touch()
    remove_leftovers(tmp_path)
    assert [path.exists() for path in (*kept, *leftovers)] == [True] * 3 + [False] * 2
    remove_leftovers(tmp_path / "gone")


def test_what_a_kill_leaves_is_a_leftover(tmp_path):
    with pytest.raises(RuntimeError), open_atomic(tmp_path / "a"):
        (part,) = tmp_path.iterdir()
        assert part.name != "a"
        part.with_name(new_part_name()).touch()  # the same, of a process that could not clean up
        raise RuntimeError
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []
